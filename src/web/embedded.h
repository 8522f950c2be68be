/* SPDX-License-Identifier: MIT */
/* Files of src/web/assets, made into arrays by scripts/embed. */
#ifndef SPY_WEB_EMBEDDED_H
#define SPY_WEB_EMBEDDED_H

#define ASSET(path, name, type) extern const char name[];
#include "web/assets.def"
#undef ASSET

#endif

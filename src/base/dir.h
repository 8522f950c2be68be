/* SPDX-License-Identifier: MIT */
/* The direction of bytes, as the traced program moves them; same as enum spy_dir of
 * probes/event.h. */
#ifndef SPY_BASE_DIR_H
#define SPY_BASE_DIR_H

enum dir { DIR_WRITE, DIR_READ };

#endif

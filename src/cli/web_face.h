/* SPDX-License-Identifier: MIT */
/* --web: a live run in a browser. */
#ifndef SPY_CLI_WEB_FACE_H
#define SPY_CLI_WEB_FACE_H

#include "run/faces.h"

const struct face *web_face(void);

#endif

/* SPDX-License-Identifier: MIT */
/* `llm-spy top` that traces: a face of a live run. */
#ifndef SPY_TOP_LIVE_H
#define SPY_TOP_LIVE_H

#include "run/faces.h"

/* Whether it is to trace: with a command or outputs, or where no daemon does so already. */
bool top_is_live(const struct options *o);
/* A screen; or lines where none can be drawn. */
const struct face *top_face(void);

#endif

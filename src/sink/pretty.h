/* SPDX-License-Identifier: MIT */
#ifndef SPY_SINK_PRETTY_H
#define SPY_SINK_PRETTY_H

#include "base/span.h"

/* JSON with indentation, to be freed; NULL: it is none, or so long or deep that this would be dear.
 */
char *pretty_json(struct span s);

#endif

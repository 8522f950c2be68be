/* SPDX-License-Identifier: MIT */
/* The C text before event.h: what the probe is compiled for, as the switches that the files of
 * probes/ describe. */
#ifndef SPY_PROBE_PREAMBLE_H
#define SPY_PROBE_PREAMBLE_H

#include "base/buf.h"
#include "probe/compile.h"

void preamble_add(const struct probe_config *c, enum probe_group g, struct buf *out);

#endif

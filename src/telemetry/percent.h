/* SPDX-License-Identifier: MIT */
/* Values of OpenTelemetry's variables: "%2C" is a comma. */
#ifndef SPY_TELEMETRY_PERCENT_H
#define SPY_TELEMETRY_PERCENT_H

#include "base/buf.h"

/* Appends; what is no escape stays. */
void percent_decode(struct span s, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Percent-encoding, as URLs and OpenTelemetry's variables have it: "%2C" is a comma (RFC 3986
 * section 2.1). */
#ifndef SPY_BASE_PERCENT_H
#define SPY_BASE_PERCENT_H

#include "base/buf.h"

/* The byte that an escape at the beginning of `s` stands for; -1: there is none. */
int percent_byte(struct span s);
/* Appends; what is no escape stays. */
void percent_decode(struct span s, struct buf *out);

#endif

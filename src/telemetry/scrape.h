/* SPDX-License-Identifier: MIT */
/* What a request for metrics asks for, and whether it may. */
#ifndef SPY_TELEMETRY_SCRAPE_H
#define SPY_TELEMETRY_SCRAPE_H

#include "telemetry/exposition.h"

/* Whether the Host of a request is an address, "localhost", or the name `own` (NULL: none), with or
 * without a port. A page in a browser whose own name was made to lead here has another (DNS
 * rebinding), and could read what we answer. */
bool scrape_host_is_ours(struct span host, const char *own);

/* The format that an Accept field prefers; text where it says nothing of OpenMetrics, or refuses
 * it. */
enum exposition_format scrape_format(struct span accept);

#endif

/* SPDX-License-Identifier: MIT */
/* Whether what a connection begins with can be the plaintext of a program that speaks TLS. For
 * implementations that were found by a guess (struct finder). Pure. */
#ifndef SPY_HTTP_TRAFFIC_CLASS_H
#define SPY_HTTP_TRAFFIC_CLASS_H

#include "base/dir.h"
#include "base/span.h"

enum traffic_class {
	TRAFFIC_TOO_LITTLE,	/* too few bytes to decide */
	TRAFFIC_UNCLEAR,	/* a protocol in binary, perhaps */
	TRAFFIC_TEXT,		/* HTTP, WebSocket or text */
	TRAFFIC_UNINTELLIGIBLE, /* as if by chance; or a program's memory, full of addresses */
};

/* `s` is what one direction begins with. */
enum traffic_class traffic_class_of(struct span s);

#define TRAFFIC_SAMPLE 256

/* What is kept of a connection until it is judged. Zeroed at first. */
struct traffic_sample {
	uint8_t bytes[2][TRAFFIC_SAMPLE]; /* by enum dir */
	size_t len[2];
};

void traffic_sample_add(struct traffic_sample *s, enum dir d, struct span bytes);
bool traffic_sample_full(const struct traffic_sample *s); /* both ways */
/* from_start: the sample is what the connection begins with. ios: reads and writes seen;
 * implausible: those with unreadable memory or a length that no TLS library would accept. */
enum traffic_class traffic_classify(const struct traffic_sample *s, bool from_start, uint64_t ios,
				    uint64_t implausible);

#endif

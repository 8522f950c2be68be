/* SPDX-License-Identifier: MIT */
/* Whether what a connection begins with can be the plaintext of a program that speaks TLS. For
 * implementations that were found by a guess (struct finder): one that yields nothing but noise is
 * given up. A wrong verdict for it costs a trap here and there; one against it costs all that is
 * said from then on. So what is not clear counts for neither, and a single connection that looks
 * plain settles it for good. Pure. */
#ifndef SPY_HTTP_TRAFFIC_CLASS_H
#define SPY_HTTP_TRAFFIC_CLASS_H

#include "base/dir.h"
#include "base/span.h"

enum traffic_class {
	TRAFFIC_TOO_LITTLE,	/* too little to tell */
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
/* from_start: the sample is what the connection begins with. calls: how many were seen; odd: of
 * them, whose memory could not be read or whose length no TLS library would accept. */
enum traffic_class traffic_classify(const struct traffic_sample *s, bool from_start, uint64_t calls,
				    uint64_t odd);

#define CLASS_VOTES_USERS 8

/* Verdicts on what passed one implementation. Zeroed at first. */
struct class_votes {
	uint64_t noise, unclear, plain; /* verdicts */
	uint64_t bytes; /* of those that found noise; what could not be read counts */
	/* Whose processes use it, and what of the noise is theirs; further ones are the last. */
	struct {
		uint32_t uid;
		uint64_t noise;
	} users[CLASS_VOTES_USERS];
	size_t nusers;
};

/* A process of this user uses it. False: one did before, or there are too many users. */
bool class_votes_user(struct class_votes *t, uint32_t uid);
void class_votes_add(struct class_votes *t, uint32_t uid, enum traffic_class v, uint64_t bytes);
/* True when it is time to give it up: where there are several users, not for what one of them says.
 */
bool class_votes_reject(const struct class_votes *t);

#endif

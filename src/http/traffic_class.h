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

enum looks {
	LOOKS_NOTHING, /* too little to tell */
	LOOKS_UNCLEAR, /* a protocol in binary, perhaps */
	LOOKS_PLAIN,   /* HTTP, WebSocket or text */
	LOOKS_NOISE,   /* as if by chance; or a program's memory, full of addresses */
};

/* `s` is what one direction begins with. */
enum looks looks_of(struct span s);

#define LOOKS_SAMPLE 256

/* What is kept of a connection until it is judged. Zeroed at first. */
struct looks_sample {
	uint8_t bytes[2][LOOKS_SAMPLE]; /* by enum dir */
	size_t len[2];
};

void looks_add(struct looks_sample *s, enum dir d, struct span bytes);
bool looks_full(const struct looks_sample *s); /* both ways */
/* from_start: the sample is what the connection begins with. calls: how many were seen; odd: of
 * them, whose memory could not be read or whose length no TLS library would accept. */
enum looks looks_judge(const struct looks_sample *s, bool from_start, uint64_t calls, uint64_t odd);

#define LOOKS_USERS 8

/* Verdicts on what passed one implementation. Zeroed at first. */
struct looks_tally {
	uint64_t noise, unclear, plain; /* verdicts */
	uint64_t bytes; /* of those that found noise; what could not be read counts */
	/* Whose processes use it, and what of the noise is theirs; further ones are the last. */
	struct {
		uint32_t uid;
		uint64_t noise;
	} users[LOOKS_USERS];
	size_t nusers;
};

/* A process of this user uses it. False: one did before, or there are too many users. */
bool looks_user(struct looks_tally *t, uint32_t uid);
void looks_count(struct looks_tally *t, uint32_t uid, enum looks v, uint64_t bytes);
/* True when it is time to give it up: where there are several users, not for what one of them says.
 */
bool looks_is_noise(const struct looks_tally *t);

#endif

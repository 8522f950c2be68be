/* SPDX-License-Identifier: MIT */
/* Collects the verdicts (http/traffic_class.h) on what passed one implementation of TLS that was
 * found by a guess, and decides when it yields nothing but noise and is given up. A wrong verdict
 * for it costs a trap here and there; one against it costs all its traffic from then on. So what is
 * unclear counts for neither, and a single connection with text settles it for good. Pure. */
#ifndef SPY_DISCOVER_CLASS_VOTES_H
#define SPY_DISCOVER_CLASS_VOTES_H

#include "http/traffic_class.h"

#define CLASS_VOTES_USERS 8

/* Verdicts on what passed one implementation. Zeroed at first. */
struct class_votes {
	uint64_t noise, unclear, text; /* verdicts */
	uint64_t bytes;		       /* of connections with noise; unreadable ones count */
	/* Whose processes use it, and how much of the noise is theirs; the last one stands for
	 * all further users. */
	struct {
		uint32_t uid;
		uint64_t noise;
	} users[CLASS_VOTES_USERS];
	size_t nusers;
};

/* A process of this user uses it. False if one did before, or if there are too many users. */
bool class_votes_user(struct class_votes *t, uint32_t uid);
void class_votes_add(struct class_votes *t, uint32_t uid, enum traffic_class v, uint64_t bytes);
/* True when it is to be given up. Where several users have it, no single one can cause that. */
bool class_votes_reject(const struct class_votes *t);

#endif

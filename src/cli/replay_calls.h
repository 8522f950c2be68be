/* SPDX-License-Identifier: MIT */
/* Recorded calls, found by what is asked. */
#ifndef SPY_CLI_REPLAY_CALLS_H
#define SPY_CLI_REPLAY_CALLS_H

#include "view/match.h"
#include "view/reply.h"

struct replay_call {
	struct match match;
	struct exchange *x; /* frozen, without the content that was read from its bodies */
	size_t order;
	/* Of the first of those that ask the same: how often they were asked. */
	size_t asked;
};

struct replay_calls {
	struct limits *lim;
	struct replay_call *items;
	size_t count, bytes;
	size_t lacks[REPLY_LACKS]; /* calls that are not served */
	size_t past;		   /* the limit `memory`: not served either */
	size_t cut;		   /* served as far as they go */
};

/* lim: whose `memory` bounds what is kept; it outlives them. */
void replay_calls_init(struct replay_calls *c, struct limits *lim);
void replay_calls_done(struct replay_calls *c);
/* In recorded order. */
void replay_calls_add(struct replay_calls *c, const struct exchange *x);
/* After the last one. */
void replay_calls_sort(struct replay_calls *c);

/* The next answer to what is asked: equal requests are answered in their order. *ret_again: all
 * were given before, and this is the last one. NULL: it was not recorded. */
const struct exchange *replay_calls_take(struct replay_calls *c, const struct match *m,
					 bool *ret_again);
/* The recorded call that is most like it; NULL: there is none at all. */
const struct exchange *replay_calls_nearest(const struct replay_calls *c, const struct match *m,
					    struct span target);
/* What a record asks. */
struct match_request replay_request(const struct exchange *x);

#endif

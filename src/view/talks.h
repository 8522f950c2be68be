/* SPDX-License-Identifier: MIT */
/* Conversations, and what their calls came to. Pure. */
#ifndef SPY_VIEW_TALKS_H
#define SPY_VIEW_TALKS_H

#include "report/spend.h"
#include "view/sessions.h"

struct talk {
	char id[17];
	/* Of the last call. */
	char *title, *program, *user, *model;
	enum session_state state;
	unsigned turns; /* the highest number of one */
	int64_t began_ns,
		ended_ns; /* of the first call, and of the last; since 1970, 0: not known */
	struct spend_sum sum;
};

struct talks {
	struct talk **rows; /* as talks_sort put them */
	size_t count;
	size_t left_out; /* calls of conversations past the ceiling */
	void *by_id;
};

struct talks *talks_new(void);
void talks_free(struct talks *t); /* accepts NULL */
/* A call that counts in sums; one of no conversation is left out. */
void talks_add(struct talks *t, const struct exchange *x);
/* The one with the latest call first. */
void talks_sort(struct talks *t);

#endif

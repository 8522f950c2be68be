/* SPDX-License-Identifier: MIT */
/* What calls to models came to: sums over those that were shown, by model and by who made them.
 * Unknown is never 0: a call whose tokens or cost are not known is counted as such. Calls that only
 * count tokens are no spending, and in no sum but their own. */
#ifndef SPY_REPORT_SPEND_H
#define SPY_REPORT_SPEND_H

#include "exchange/spender.h"
#include "report/latency.h"

/* What a user is called, valid until the next call; NULL where that is not known. */
typedef const char *(*user_name_fn)(uint32_t uid);

#define SPEND_PIDS 1024
#define SPEND_BARS 12

struct spend_sum {
	uint64_t calls, failed;
	uint64_t free;	      /* that cost nothing, since the model ran on this host */
	uint64_t no_tokens;   /* of which not all tokens are known */
	uint64_t no_cost;     /* with a cost that is not known */
	uint64_t at_least;    /* whose cost is a lower bound */
	uint64_t known_cache; /* that say what was read from a cache */
	int64_t input, cached, output;
	int64_t cache_input; /* the input of these */
	double usd;
	struct latency *took; /* calls that did not fail; NULL: nobody asks */
};

struct spend_row {
	char *name;	/* the model; or the program */
	char *asked;	/* models: another name by which it was asked for; NULL */
	char *user;	/* who: its name, else its number */
	bool others;	/* past the ceiling of rows: of all that follow */
	bool nameless;	/* models: none was stated */
	bool joined;	/* spend_sort's: its sums are part of another row */
	uint32_t *pids; /* at most SPEND_PIDS */
	size_t npids;
	struct spend_sum sum;
	double bars[SPEND_BARS]; /* view/spending.c's: what came when */
};

struct spend_table {
	struct spend_row **rows;
	size_t count;
};

struct spend {
	struct spend_sum all;
	uint64_t counts; /* calls that only count tokens */
	struct spend_table models, who;
	user_name_fn user_name; /* NULL: records say it, or nobody */
	struct answers *answers;
};

void spend_sum_add(struct spend_sum *s, const struct exchange *x);
void spend_sum_join(struct spend_sum *to, const struct spend_sum *from);

struct spend *spend_new(void);
void spend_free(struct spend *t); /* accepts NULL */
void spend_add(struct spend *t, const struct exchange *x);
/* Failed calls name no model that answered: of models, they join the one that was asked for. */
void spend_join_failed(struct spend_table *t);
/* The dearest first, then those with the most tokens, then calls. Failed calls join the model that
 * was asked for. */
void spend_sort(struct spend *t);
void spend_table_sort(struct spend_table *t);
void spend_table_done(struct spend_table *t);

#endif

/* SPDX-License-Identifier: MIT */
/* An archive read by whoever may read its file, while others write it. Nothing is changed, but that
 * a file of an earlier version is brought up to date where it is the reader's own. */
#ifndef SPY_ARCHIVE_READING_H
#define SPY_ARCHIVE_READING_H

#include "base/error.h"
#include "exchange/exchange.h"

struct reading;
int reading_open(struct reading **ret, const char *path, struct error *reterr);
void reading_free(struct reading *r); /* accepts NULL */

/* spends: it counts in sums. Returns 0 to go on, 1 when it has enough, or -errno with a reason. */
typedef int (*reading_fn)(void *arg, const struct exchange *x, bool spends, struct error *reterr);

/* Which rows, and in which order. */
struct reading_query {
	int64_t since_ns, until_ns; /* when they began, since 1970; 0 and INT64_MAX: any, and those
				     * without a time after all others */
	bool oldest_first;
	bool by_id;		  /* as they were kept */
	bool failed;		  /* only those that went wrong, newest first */
	bool tools;		  /* only calls of tools, and those that ask for some; likewise */
	bool alerted;		  /* only those because of which an alert was given; likewise */
	uint64_t id;		  /* only this one; 0 */
	uint64_t number;	  /* the same, of the first run, by its number there; 0 */
	uint64_t after;		  /* only what was kept after this one, as it was; 0 */
	const char *conversation; /* only of those that begin so, by turn; NULL */
};

/* What the columns tell of each exchange, without its texts. Its `id` is that of its row; of its
 * answer there are the finish and what it did. */
int reading_rows(struct reading *r, const struct reading_query *q, reading_fn fn, void *arg,
		 struct error *reterr);
/* Those with a message that has `text`, the newest messages first, each at the exchange of every
 * conversation that had it first. -ENOTSUP: there is no index of texts. */
int reading_matches(struct reading *r, const char *text, reading_fn fn, void *arg,
		    struct error *reterr);
/* The whole record of a row, with that row's number as its id; NULL with a reason. */
struct exchange *reading_whole(struct reading *r, uint64_t id, struct error *reterr);

/* A quarter of an hour: the unit of time of sums. Days and hours begin with one in every zone. */
#define SUMS_QUARTER_NS 900000000000ll

enum sums_of {
	SUMS_OF_ALL,   /* without conversations */
	SUMS_OF_TALKS, /* conversations alone: the same calls, in the order of their ids and times
			*/
};

/* A row of sums; "": not known, or not told by these. */
struct reading_sum {
	int64_t quarter; /* of an hour, since 1970; 0: not known */
	const char *conversation, *title;
	const char *provider, *asked, *answered, *program, *user, *container;
	uint32_t uid;	   /* whose process called, */
	const char *owner; /* and its name: not those for whom a gateway calls */
	uint64_t calls, failed, free, no_tokens, no_cost, at_least, known_cache;
	int64_t input, cached, output, cache_input;
	double usd;
};
typedef void (*reading_sum_fn)(void *arg, const struct reading_sum *s);
/* Whole quarters, from `since` on and before `until`. */
int reading_sums(struct reading *r, enum sums_of of, int64_t since, int64_t until,
		 reading_sum_fn fn, void *arg, struct error *reterr);

/* Calls that count in sums, by key, provider and who made them; "": not known. */
struct reading_key {
	const char *key, *hint, *provider, *program, *user;
	uint64_t calls, no_cost;
	double usd;
	int64_t first_ns, last_ns; /* when they began, since 1970; 0: not known */
};
typedef void (*reading_key_fn)(void *arg, const struct reading_key *k);
/* Of what began from `since_ns` on and before `until_ns`, those that began first at the front; 0
 * and INT64_MAX: of all. */
int reading_keys(struct reading *r, int64_t since_ns, int64_t until_ns, reading_key_fn fn,
		 void *arg, struct error *reterr);

/* Keeps the exchange for ever, or no longer than others. -ENOENT: there is none of this number. */
int reading_pin(const char *path, uint64_t id, bool pin, struct error *reterr);

#endif

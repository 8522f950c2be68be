/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef SPY_COST_PRICE_INT_H
#define SPY_COST_PRICE_INT_H

#include "cost/price.h"

extern const char embedded_prices[]; /* data/prices.tsv, by scripts/embed */

enum rate {
#define RATE(id, ...) RATE_##id,
#include "cost/rates.def"
#undef RATE
	RATE_COUNT
};

struct rate_info {
	const char *column;
	const char *genai;
	double genai_unit;
	const char *litellm;
	double litellm_unit;
};
extern const struct rate_info rate_infos[RATE_COUNT];

/* USD per million tokens, or per request. One dollar for a token is past anything sold; a number
 * per token where one per million is meant stays far below, and so cannot be told. */
#define RATE_MAX 1e6

/* A price that holds for calls of more than `above` input tokens, cached ones included. */
struct tier {
	enum rate rate;
	double above, usd;
};

/* The prices of a model at one time. */
struct period {
	int64_t from;		  /* Unix time; INT64_MIN: always */
	int32_t day_from, day_to; /* seconds of the day (UTC) that it holds in, or -1 */
	double usd[RATE_COUNT];	  /* NAN: not stated */
	size_t tier, ntiers;	  /* in sheet.tiers, for each rate in rising order */
};

struct entry {
	struct span model;	 /* pattern */
	size_t label;		 /* in sheet.labels */
	size_t period, nperiods; /* in sheet.periods; the last one that holds counts */
};

struct vendor {
	struct span name;
	struct entry *entries;
	size_t nentries;
};

/* One file. Spans point into `text`. */
struct sheet {
	struct sheet *next; /* loaded before; what stands here wins over it */
	char *text;	    /* owned; NULL: the builtin one */
	struct vendor *vendors;
	size_t nvendors;
	struct period *periods;
	size_t nperiods;
	struct tier *tiers;
	size_t ntiers;
	struct buf labels; /* NUL-terminated, one for each entry */
};

/* price_table.c: reads our own form into an empty sheet, which keeps views of `text`. 0, or
 * -EINVAL or -ENOBUFS with reterr. */
int sheet_read(struct sheet *s, struct span text, struct error *reterr);
/* A non-negative decimal number with or without exponent, at the front of *s, which moves past it;
 * false when there is none. */
bool decimal_take(struct span *s, double *ret);

/* price_import.c: turns a foreign form into our own, which it appends to `out`; adds to *skipped.
 * 0, or -EINVAL or -ENOBUFS with reterr. */
int import_json(struct span text, struct buf *out, size_t *skipped, struct error *reterr);

/* price_name.c */

/* How well a name fits a pattern: 0 not at all, UINT_MAX literally, in between the more the more
 * of it is literal. Alternatives are separated by '|', '*' stands for any characters, '#' for a
 * digit; the case of ASCII letters does not count. */
unsigned pattern_fit(struct span pattern, struct span name);
/* The part of a cell before the next '|', which *s moves past; *s must not be empty. */
struct span alternative_take(struct span *s);
/* Our name or names, separated by '|', for a foreign name of a provider; it may be the same. */
struct span provider_ours(struct span theirs);

/* The names to look for at a provider, best first: as it is, then without what stands in front
 * (path, region, maker) and behind (variant, version, date). */
#define MODEL_NAMES_MAX 24
struct model_names {
	struct span items[MODEL_NAMES_MAX];
	size_t count;
};
void model_names(struct span model, struct span provider, struct model_names *ret);

#endif

/* SPDX-License-Identifier: MIT */
/* Shared by the files of this folder. */
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

/* USD per million tokens, or per request. Nothing costs more than a dollar per token. A price per
 * token given by mistake instead of one per million is far below and cannot be detected. */
#define RATE_MAX 1e6

/* A price for calls with more than `above` input tokens, cached ones included. */
struct tier {
	enum rate rate;
	double above, usd;
};

/* The prices of a model during one period. */
struct period {
	int64_t from;		  /* Unix time; INT64_MIN: always */
	int32_t day_from, day_to; /* seconds of the day (UTC) between which it is valid, or -1 */
	double usd[RATE_COUNT];	  /* NAN: not stated */
	size_t tier, ntiers;	  /* in sheet.tiers, per rate in rising order */
	int64_t window;		  /* tokens; 0: not stated */
};

struct entry {
	struct span model;	 /* pattern */
	size_t label;		 /* in sheet.labels */
	size_t period, nperiods; /* in sheet.periods; the last valid one counts */
};

struct vendor {
	struct span name;
	struct entry *entries;
	size_t nentries;
};

/* One file. Spans point into `text`. */
struct sheet {
	struct sheet *next; /* loaded earlier; this sheet overrides it */
	char *text;	    /* owned; NULL: the built-in one */
	struct vendor *vendors;
	size_t nvendors;
	struct period *periods;
	size_t nperiods;
	struct tier *tiers;
	size_t ntiers;
	struct buf labels; /* NUL-terminated, one per entry */
};

/* price_table.c: reads our own table into an empty sheet, which keeps views of `text`. 0, or
 * -EINVAL or -ENOBUFS with reterr. */
int sheet_read(struct sheet *s, struct span text, struct error *reterr);
/* Reads a non-negative decimal number, with or without exponent, from the front of *s and advances
 * it; false if there is none. */
bool decimal_take(struct span *s, double *ret);

/* price_import.c: converts a foreign format to our own table and appends it to `out`; adds to
 * *skipped. 0, or -EINVAL or -ENOBUFS with reterr. */
int import_json(struct span text, struct buf *out, size_t *skipped, struct error *reterr);

/* price_name.c */

/* How well a name matches a pattern: 0 not at all, UINT_MAX literally; in between, higher with more
 * literal characters. '
 * ' separates alternatives, '*' matches any characters, '#' a digit; the case of ASCII letters is
 * ignored. */
unsigned pattern_fit(struct span pattern, struct span name);
/* The part of a cell before the next '
 * '; advances *s, which must not be empty. */
struct span alternative_take(struct span *s);
/* Our name or names, separated by '
 * ', for a foreign name of a provider; may be the same. */
struct span provider_ours(struct span theirs);

/* The names to try at a provider, best first: the name itself, then without prefixes (path, region,
 * maker) and suffixes (variant, version, date). */
#define MODEL_NAMES_MAX 24
struct model_names {
	struct span items[MODEL_NAMES_MAX];
	size_t count;
};
void model_names(struct span model, struct span provider, struct model_names *ret);

#endif

/* SPDX-License-Identifier: MIT */
/* The cost of a call in USD, from the built-in table of prices and files that override it, or as
 * the provider states it. doc/PRICES.md describes the table and the foreign formats. Pure: takes
 * text and numbers, reads no file and no clock. */
#ifndef SPY_COST_PRICE_H
#define SPY_COST_PRICE_H

#include "base/error.h"
#include "exchange/exchange.h"

#define PRICES_FILE_MAX (16 << 20) /* size limit of a file; LiteLLM's has 1.6 MB */
#define PRICES_ROWS_MAX 65536

struct prices;

struct prices *prices_new(void);     /* no prices at all */
struct prices *prices_builtin(void); /* those of data/prices.tsv */
struct span prices_date(void);	     /* of these, "2026-08-21"; empty: not said */
void prices_free(struct prices *p);  /* accepts NULL */

/* Adds the rows of a file; they override all earlier ones. The format is detected: our table, or
 * the JSON of genai-prices (an array) or of LiteLLM (an object). `text` may be freed afterwards. 0;
 * on failure nothing is added and reterr has the reason: -EINVAL (unknown format, or a number that
 * is negative or absurd), -ENOBUFS (too large). */
int prices_load(struct prices *p, struct span text, struct error *reterr);

size_t prices_count(const struct prices *p); /* rows */
/* Entries of loaded files that could not become rows: no price per token, a name or rule that our
 * patterns cannot express, an unknown condition. */
size_t prices_skipped(const struct prices *p);

/* Returns whether the cost is known. If so, fills ret with source COST_TABLE or COST_LOCAL, else
 * leaves it alone. ret->row is valid while p is, until the next prices_load. provider: an id of
 * llm/providers.def, or NULL. The models may be NULL. when_unix: time of the call in seconds; 0
 * (unknown) takes the newest prices. is_local: the model runs on this host and costs nothing; a
 * program that passes calls on does not count. An unknown count with a known total adds nothing
 * beyond the total. Unknown input, or unknown output of a model that has output, makes the cost
 * unknown. */
bool price_of(const struct prices *p, const char *provider, const char *model_answered,
	      const char *model_asked, int64_t when_unix, bool is_local, const struct usage *u,
	      struct cost *ret);

/* How many tokens the model takes, by the table; 0: it does not say. Names as above. */
int64_t price_window(const struct prices *p, const char *provider, const char *model);

/* The cost that the provider states in its usage object, in USD; false if it does not. Any JSON
 * value and NULL are accepted. */
bool prices_stated(const json_t *usage_raw, double *ret);

#endif

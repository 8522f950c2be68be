/* SPDX-License-Identifier: MIT */
/* What a call cost, in USD: by a table of prices that is built in and may be preceded by files, or
 * as the provider states it. doc/PRICES.md describes the table and the foreign forms.
 *
 * Pure: takes text and numbers, reads no file and no clock. */
#ifndef SPY_COST_PRICE_H
#define SPY_COST_PRICE_H

#include "base/error.h"
#include "exchange/exchange.h"

#define PRICES_FILE_MAX (16 << 20) /* bytes of a file; LiteLLM's has 1.6 MB */
#define PRICES_ROWS_MAX 65536

struct prices;

struct prices *prices_new(void);     /* no price at all */
struct prices *prices_builtin(void); /* those of data/prices.tsv */
void prices_free(struct prices *p);  /* accepts NULL */

/* Adds the rows of a file; they win over all that was there before. Its form is detected: our
 * table, the JSON of genai-prices (an array) or of LiteLLM (an object). `text` may go away after.
 * 0, or with nothing added and reterr saying what is wrong: -EINVAL (not of such a form, or a
 * number that is negative or absurd), -ENOBUFS (too large). */
int prices_load(struct prices *p, struct span text, struct error *reterr);

size_t prices_count(const struct prices *p); /* rows */
/* Entries of loaded files that could not be made rows: no price per token, a name or rule that
 * our patterns cannot say, a condition that we do not know. */
size_t prices_skipped(const struct prices *p);

/* Whether the cost is known; then fills ret, with source COST_TABLE or COST_LOCAL, else leaves it
 * alone. ret->row lives as long as p, until the next prices_load.
 *
 * provider: an id of llm/providers.def, or NULL. The models may be NULL. when_unix: time of the
 * call, seconds; 0 unknown: then the newest prices are taken. is_local: a server on this host,
 * which costs nothing; a program that merely passes calls on is not one.
 *
 * A count that is unknown while its total is known adds nothing beyond the total. Unknown input,
 * or unknown output of a model that has any, makes the cost unknown. */
bool price_of(const struct prices *p, const char *provider, const char *model_answered,
	      const char *model_asked, int64_t when_unix, bool is_local, const struct usage *u,
	      struct cost *ret);

/* The cost that the provider states in its usage object, USD; false when it does not. Any JSON
 * value and NULL are accepted. */
bool prices_stated(const json_t *usage_raw, double *ret);

#endif

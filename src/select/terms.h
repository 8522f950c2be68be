/* SPDX-License-Identifier: MIT */
/* A filter as people type it into one line, in the manner of browsers' developer tools:
 *
 *   model:claude* -user:root tok:>10k has:error "exact words" /regex/ word
 *
 * Terms are separated by blanks, and all have to hold; "-" before one turns it round; "," separates
 * alternatives. terms.def has the words; a term without one is looked for in the texts that --grep
 * searches. Pure. */
#ifndef SPY_SELECT_TERMS_H
#define SPY_SELECT_TERMS_H

#include "exchange/exchange.h"
#include "select/needle.h"

#define TERMS_MAX      64
#define TERMS_TEXT_MAX 4096 /* bytes */

struct terms;
/* now_s: since 1970, for times such as since:2h. 0; or -EINVAL with a reason, and in *ret_at the
 * offset of what is wrong. */
int terms_read(struct terms **ret, const char *text, int64_t now_s, size_t *ret_at,
	       struct error *reterr);
void terms_free(struct terms *t); /* accepts NULL */

/* Of a whole record. */
bool terms_have(const struct terms *t, const struct exchange *x);

/* ---- in two steps, where texts are expensive to read ---- */

/* All that is not looked for in texts. */
bool terms_have_facts(const struct terms *t, const struct exchange *x);
size_t terms_texts(const struct terms *t); /* how many are */
/* One of these: how it was typed, by which it can be told from others. */
const char *terms_text(const struct terms *t, size_t at, const struct needle **ret,
		       bool *ret_negated);

/* ---- words ---- */

/* Their names, for help and completion; NULL behind the last one. */
const char *terms_word(size_t i);

#define TERMS_VALUE_SIZE 32

/* The i-th value that a record has for a word, as one would type it behind the colon: a name, a
 * number, a sign; of an amount the round number that it reaches (">=20k"), of a moment its day.
 * NULL: no more. *ret_number orders amounts; 0 of all else. */
const char *terms_value(const char *word, const struct exchange *x, size_t i,
			char room[TERMS_VALUE_SIZE], double *ret_number);
/* Whether there is such a word, or `has`; and whether its values are amounts, of which a record
 * that has one has all below it. */
bool terms_has_word(const char *word);
bool terms_is_amount(const char *word);

#endif

/* SPDX-License-Identifier: MIT */
/* Which exchanges are shown: words.def, from the command line for all outputs, and from
 * -o NAME,provider=openai,errors=only for one. Alternatives are a list, or the same word again;
 * different words all have to agree. */
#ifndef SPY_SELECT_SELECT_H
#define SPY_SELECT_SELECT_H

#include "base/error.h"
#include "exchange/show_mode.h"

struct select_row;

/* A zeroed one selects all that SHOW_DEFAULT has. */
struct select {
	enum show_mode mode;
	bool recorded; /* records may be another host's, whose users are not known here */
	struct select_row *rows;
	size_t nrows;
};

void select_done(struct select *s);

/* 1 when it took the word, 0 when it is none of its own, -errno when the value is wrong: reterr
 * says what is expected. */
int select_add(struct select *s, const char *word, const char *value, struct error *reterr);
/* 0, or -EINVAL where nothing can be selected. */
int select_check(const struct select *s, struct error *reterr);
bool select_has(const struct select *s, const struct exchange *x);
/* The same whatever kind of exchange it is: the mode does not count. */
bool select_words_have(const struct select *s, const struct exchange *x);
/* It looks for a text, so that bodies are needed of what is no call to a model. */
bool select_searches(const struct select *s);
/* The times between which it selects, ns since 1970: from 0 on, before INT64_MAX: all. */
void select_span(const struct select *s, int64_t *ret_since, int64_t *ret_until);
/* Whether one of its words is in the list, which ends with NULL. */
bool select_asks(const struct select *s, const char *const *words);
bool select_asks_only(const struct select *s, const char *const *words);
/* It asks for what is known at the end only. */
bool select_needs_end(const struct select *s);

#endif

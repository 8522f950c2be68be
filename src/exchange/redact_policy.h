/* SPDX-License-Identifier: MIT */
/* What an output hides besides credentials, which are hidden from all: the content of calls, what
 * matches patterns of the user's own. */
#ifndef SPY_EXCHANGE_REDACT_POLICY_H
#define SPY_EXCHANGE_REDACT_POLICY_H

#include "base/error.h"
#include "exchange/exchange.h"
#include "redact/pattern.h"

struct redact_policy {
	bool content;		   /* texts become their size and digest */
	struct patterns *patterns; /* NULL: none */
};

/* Adds what a setting redact=... asks for: "credentials" (nothing besides), "content", or a regular
 * expression between slashes. A zeroed policy is empty. */
int redact_policy_add(struct redact_policy *p, const char *setting, struct error *reterr);
void redact_policy_done(struct redact_policy *p);
/* Whether there is nothing to hide but credentials: such an output needs no copy of the record. */
bool redact_policy_is_empty(const struct redact_policy *p);

/* For redact_exchange. content: prompts, answers, arguments and results, values of parameters,
 * descriptions and schemas of tools, error messages, bodies, queries and arguments of programs
 * become "[N bytes, sha256 ...]"; who called which model, when, with how many tokens, at what cost
 * and with which outcome stays. Sizes and digests of texts are those of the masked text. */
void redact_policy_apply(const struct redact_policy *p, struct exchange *x);

/* The deltas of one exchange for one output. */
struct redact_deltas;
/* `p` outlives it. */
struct redact_deltas *redact_deltas_new(const struct redact_policy *p);
void redact_deltas_free(struct redact_deltas *d); /* accepts NULL */
/* Appends what may be shown of a piece, which may be nothing: under `content` it always is. */
void redact_deltas_feed(struct redact_deltas *d, unsigned choice, size_t part, struct span text,
			struct buf *out);
/* The exchange has ended: appends what was held back of a part. False: there is no part more; call
 * it until then. */
bool redact_deltas_end(struct redact_deltas *d, unsigned *ret_choice, size_t *ret_part,
		       struct buf *out);

#endif

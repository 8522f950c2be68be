/* SPDX-License-Identifier: MIT */
/* What accounting asks of an exchange, in one place, so that tables of different sinks agree. */
#ifndef SPY_EXCHANGE_ACCOUNT_H
#define SPY_EXCHANGE_ACCOUNT_H

#include "exchange/exchange.h"

/* Unknown counts and times are COUNT_UNKNOWN, unknown texts NULL. Texts are the exchange's. */
struct account {
	int64_t start_ns;	/* wall clock, since 1970 */
	int64_t duration_ns;	/* from the request's first byte to the answer's last */
	int64_t first_token_ns; /* from the same to the first output of a stream */
	int64_t status;
	const char *finish; /* of the first choice */
	const char *error_type;
	int64_t input, cached, written, output, reasoning;
	bool priced;
	double usd; /* if priced */
	const char *cost_source;
	const char *conversation;
	int64_t turn, tool_calls;
	int64_t new_messages;	/* that no earlier turn had */
	int64_t retry_after_ms; /* that the answer asks to wait */
};

void exchange_account(const struct exchange *x, struct account *ret);
/* The kind of error that was told, in the provider's word; NULL: none was, or without one. */
const char *exchange_error_type(const struct exchange *x);
/* Tokens of output a second, from the first output of a stream to its end; 0: not known. */
double exchange_speed(const struct exchange *x);

#define WALL_TEXT 40
/* "2026-11-24T14:02:11.093481223Z"; false for a time that is not known. */
bool wall_text(int64_t ns, char ret[WALL_TEXT]);

#endif

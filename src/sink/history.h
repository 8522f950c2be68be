/* SPDX-License-Identifier: MIT */
/* What earlier blocks of this output showed, so that a block shows what is new. It forgets what was
 * used longest ago: its memory has a ceiling. */
#ifndef SPY_SINK_HISTORY_H
#define SPY_SINK_HISTORY_H

#include "exchange/exchange.h"

enum seen {
	SEEN_NEVER,
	SEEN_BEFORE,	/* in the turn before */
	SEEN_ELSEWHERE, /* in another call of the same program */
	SEEN_CHANGED,	/* the turn before had another */
};

struct tool_text {
	char *name, *text; /* description and schema, in lines */
};

/* What a record has that no block showed yet. Pointers are valid until the next history_add(). */
struct news {
	bool known;	      /* an earlier call of the conversation was shown */
	uint64_t previous_id; /* that call; 0: none */
	bool has_gap;	      /* the time between its end and this request */
	uint64_t gap_ns;
	uint64_t retry_of; /* the first call of this turn; 0: it is that itself */
	unsigned retries;

	enum seen system;
	uint64_t system_id; /* SEEN_ELSEWHERE: of that call */
	struct span system_before;
	enum seen tools;
	uint64_t tools_id;
	const struct tool_text *tools_before; /* SEEN_CHANGED */
	size_t ntools_before;
	bool same_params;
	/* Texts of the messages of the turn before, the first ones, cut where they are long. */
	const char *const *messages_before;
	size_t nmessages_before;

	size_t first;	     /* messages from here on are new, echoes of the answer too */
	double cached_price; /* USD for a token read from cache; 0: not known */
	const char *said;    /* of the last answer, without blanks; "": nothing */
	size_t said_len;
};

/* A call of a tool that an earlier answer asked for. */
struct called {
	const char *name;
	uint64_t at_ns; /* end of that answer, CLOCK_MONOTONIC */
};

struct history;
struct history *history_new(size_t bytes);
void history_free(struct history *h); /* accepts NULL */

void history_look(const struct history *h, const struct exchange *x, struct news *ret);
/* Its block was shown, as `news` says. */
void history_add(struct history *h, const struct exchange *x);
/* False: none of that id is known. */
bool history_called(const struct history *h, const char *id, struct called *ret);
/* Dollars for a token that had to be read again: what it cost, less what it would have cost from
 * cache. 0: not known. */
double history_price_again(const struct news *n, const struct exchange *x);
/* Whether a part of a request repeats what the last answer said. */
bool history_is_echo(const struct history *h, const struct news *n, const struct part *p);

/* ---- the system prompt, wherever the API puts it ---- */

/* Appends its text. */
void history_system(const struct exchange *x, struct buf *out);
/* Number of messages at the front that belong to it. */
size_t history_system_messages(const struct exchange *x);
bool history_is_system(const struct message *m);
/* Whether the model speaks in it. */
bool history_is_answer(const struct message *m);

/* The text of a message, at most MESSAGE_KEPT bytes, to be freed. */
#define MESSAGE_KEPT 4096
char *history_message(const struct message *m);

/* The tools as texts, at most TOOLS_KEPT of them. */
#define TOOLS_KEPT 512
struct tool_text *history_tools(const struct exchange *x, size_t *ret_count);
void history_tools_free(struct tool_text *tools, size_t count);

#endif

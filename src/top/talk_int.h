/* SPDX-License-Identifier: MIT */
/* One agent's conversation, for the files that read it, draw it and take keys. */
#ifndef SPY_TOP_TALK_INT_H
#define SPY_TOP_TALK_INT_H

#include "sink/history.h"
#include "top/tabs.h"
#include "top/talk.h"

struct turn {
	uint64_t id;
	char *label, *text; /* text: its block */
	bool failed;
};

struct talk {
	struct top_view *v;
	struct kept *k;
	char *key; /* of the session */
	const struct session *row;
	unsigned columns; /* that texts are written for */
	size_t read;	  /* of the row's calls */
	struct history *history;
	struct turn *turns;
	size_t count, at, scroll;
	bool follow; /* the last one stays chosen */
	enum top_tab tab;
	bool diff, full;
	char *shown; /* the text of a tab or of what differs, of the turn `shown_of`; NULL */
	uint64_t shown_of;
	struct top_prompt prompt;
	char said[320];
	bool said_failure, help;
	size_t help_from, help_next; /* rows; as top_help_draw says it */
};

/* Reads what the row got since (talk_read.c). 0, or -errno with a reason, after all that could be
 * read. */
int top_talk_read(struct talk *t, struct error *reterr);
/* What was read, so that it is read anew. */
void top_talk_forget(struct talk *t);
/* The text of a tab or of what differs. */
void top_talk_hide(struct talk *t);

/* Rows of text below the tabs. */
unsigned top_talk_rows(void);
unsigned top_talk_left(void);
/* What is shown at the right. */
const char *top_talk_text(const struct talk *t);
void top_talk_draw(struct talk *t);

#endif

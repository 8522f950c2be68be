/* SPDX-License-Identifier: MIT */
/* A call as people read it in a ticket or on a page: which pieces there are, in which order, and
 * what earlier calls have shown already. How each looks is its sink's affair: md and html. Pure. */
#ifndef SPY_SINK_TRANSCRIPT_H
#define SPY_SINK_TRANSCRIPT_H

#include "exchange/exchange.h"
#include "sink/history.h"

struct transcript {
	const struct exchange *x;
	struct news news;
	bool full; /* what earlier turns showed as well */
};

/* What a text is, for how it looks. */
enum tone {
	TONE_SAID,    /* prose */
	TONE_THOUGHT, /* prose, to be told apart from what was said */
	TONE_CODE,    /* arguments, results, bodies */
	TONE_FAILED,  /* the same, of a tool that failed */
};

/* Texts are traffic unless stated otherwise, and borrowed for the call. */
struct transcript_ops {
	/* A message begins. role: as in the body; NULL: it is results of tools alone. */
	void (*speaker)(void *arg, const char *role);
	void (*text)(void *arg, enum tone tone, struct span text);
	/* One that is long and matters little: a system prompt, what a client added. own: our words
	 * for what it is; what: traffic, or NULL. */
	void (*fold)(void *arg, const char *own, const char *what, struct span text);
	/* A tool call, or its result. own: our words; tool: traffic, NULL where it is not known. */
	void (*tool)(void *arg, const char *own, const char *tool, enum tone tone,
		     struct span text);
	/* One line: our words, then traffic, or NULL. */
	void (*note)(void *arg, const char *own, const char *traffic);
	void (*problem)(void *arg, const char *own, const char *traffic);
};

/* Instead of texts that a sink has no room for. */
#define TRANSCRIPT_TOO_LONG "The texts of this call are too long for a page."

/* All between the head of a call and its last line. */
void transcript_walk(const struct transcript *t, const struct history *h,
		     const struct transcript_ops *ops, void *arg);

/* Appends the last line in our own words: outcome, times, tokens, cost; with ` · ` between. */
void transcript_facts(const struct exchange *x, struct buf *out);
/* What went wrong, in our own words; NULL: nothing. */
const char *transcript_failure(const struct exchange *x);
/* Appends when it began, UTC: "2026-11-29 09:00:01". */
void transcript_time(const struct exchange *x, struct buf *out);
/* The sums of an output, as the last line of a call. */
struct tally;
void transcript_sums(const struct tally *t, struct buf *out);

#endif

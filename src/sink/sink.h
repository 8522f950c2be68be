/* SPDX-License-Identifier: MIT */
/* Where exchanges go: rows in sinks.def. A sink prints what it is given and never changes it. */
#ifndef SPY_SINK_SINK_H
#define SPY_SINK_SINK_H

#include <stdio.h>

#include "exchange/exchange.h"

/* Which exchanges are shown. */
enum show_mode {
	SHOW_SMART, /* model calls, and other HTTP that carries JSON */
	SHOW_LLM_ONLY,
	SHOW_ALL, /* all HTTP */
	SHOW_RAW, /* all HTTP, with heads and bodies as they are (secrets masked) */
};

struct sink_options {
	enum show_mode mode;
	bool color;	/* escape sequences of our own may be used */
	bool utf8;	/* marks beyond ASCII may be used */
	bool live;	/* show streamed text while it arrives */
	unsigned width; /* columns to wrap to, 0 = do not wrap */
	bool bodies;	/* jsonl: bodies as text too */
	bool full;	/* text: what earlier turns of a conversation showed as well */
};

struct sink;
struct sink_ops {
	const char *name; /* as in --format */
	const char *help;
	struct sink *(*new)(FILE *out, const struct sink_options *o);
	void (*request)(struct sink *s,
			const struct exchange *x); /* these three as in assembler_out; */
	void (*delta)(struct sink *s, const struct exchange *x, const struct choice *c,
		      const struct part *p, struct span text); /* both may be NULL */
	void (*end)(struct sink *s, const struct exchange *x);
	void (*flush)(struct sink *s);
	void (*free)(struct sink *s);
};

#define SINK(id, symbol) extern const struct sink_ops symbol;
#include "sink/sinks.def"
#undef SINK

extern const struct sink_ops *const sinks[]; /* all, NULL-terminated */
const struct sink_ops *sink_find(const char *name);

/* Whether that mode shows this exchange. */
bool sink_shows(enum show_mode mode, const struct exchange *x);

#endif

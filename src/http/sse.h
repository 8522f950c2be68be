/* SPDX-License-Identifier: MIT */
/* Server-sent events, as in the WHATWG HTML standard, section 9.2.6: lines end in LF, CRLF or CR;
 * a blank line ends an event; several data lines are joined with LF; lines that begin with a
 * colon are comments. Incremental: bytes may be cut anywhere. */
#ifndef SPY_HTTP_SSE_H
#define SPY_HTTP_SSE_H

#include "base/limits.h"
#include "base/span.h"

/* Borrowed: valid until the callback returns. */
struct sse_event {
	struct span name; /* event field, empty when absent */
	struct span data;
	struct span id;
	bool cut; /* a limit or a gap took part of it */
};

typedef int (*sse_fn)(void *arg, const struct sse_event *ev);

struct sse;
struct sse *sse_new(struct limits *lim, sse_fn fn, void *arg);
void sse_free(struct sse *s); /* accepts NULL */
int sse_feed(struct sse *s, struct span in);
/* Bytes are missing here: the event under way is given out as cut, and the rest of the line
 * that follows the gap is not trusted (it is dropped). */
int sse_gap(struct sse *s);
/* End of the stream: an event that lacks its blank line is given out as well. */
int sse_finish(struct sse *s);

#endif

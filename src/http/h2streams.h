/* SPDX-License-Identifier: MIT */
/* The streams of one HTTP/2 connection that are not over, and their messages' ends. A stream has
 * a number in frames, and another in http_out's callbacks. */
#ifndef SPY_HTTP_H2STREAMS_H
#define SPY_HTTP_H2STREAMS_H

#include "base/limits.h"
#include "http/message.h"

/* Streams that ended last: frames for them may still be under way. */
#define H2STREAMS_GONE 64

/* begun: head, body or gap was called. ended: and so was end, or nothing more is to come. */
struct h2side {
	bool begun, ended;
	uint64_t desyncs; /* of its direction, when bytes of it came last */
};

struct h2stream {
	uint32_t wire;	       /* its number in frames */
	uint64_t id;	       /* in callbacks */
	struct h2side side[2]; /* by enum http_msg */
};

struct h2streams {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	struct h2stream *items; /* by `wire`, ascending */
	size_t count;
	uint64_t last_id;
	/* By enum http_msg, how often sync was lost in that direction: what was open then may lack
	 * bytes. */
	uint64_t desyncs[2];
	uint32_t gone[H2STREAMS_GONE];
	size_t ngone; /* ever */
};

void h2streams_init(struct h2streams *t, struct limits *lim, const struct http_out *out, void *arg);
void h2streams_done(struct h2streams *t); /* without calling end */

/* The stream of that number, and the first past it; or NULL. Valid until one is opened or ended. */
struct h2stream *h2streams_find(struct h2streams *t, uint32_t wire);
struct h2stream *h2streams_next(struct h2streams *t, uint32_t wire);
/* Whether it is one of the last that were forgotten. */
bool h2streams_is_gone(const struct h2streams *t, uint32_t wire);

/* At the limit `streams`, the oldest one is ended as cut. */
struct h2stream *h2streams_open(struct h2streams *t, uint32_t wire, uint64_t ts);
/* One message has ended as it should. Forgets the stream when nothing more is to come of it. */
void h2streams_complete(struct h2streams *t, struct h2stream *s, enum http_msg m, uint64_t ts);
/* Ends what is open of both messages, and forgets the stream. A request that was not answered is
 * given an end of its answer. */
void h2streams_end(struct h2streams *t, struct h2stream *s, uint64_t ts, enum http_end why);
/* Ends what is open of all of them. */
void h2streams_end_all(struct h2streams *t, uint64_t ts, enum http_end why);

/* Some of the message is there. Returns whether bytes before it may be missing, which is so when
 * nothing of it was seen before, or when frames were missed since. */
bool h2streams_touch(struct h2streams *t, struct h2stream *s, enum http_msg m);

#endif

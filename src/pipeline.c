/* SPDX-License-Identifier: MIT */
/* stream -> http -> calls, for each connection. */
#include "pipeline.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "http/http.h"

struct pipeline {
	struct limits *lim;
	struct stream *stream;
	struct calls *calls;
	struct pipeline_stats stats;
	bool idle; /* no chunk came since the last tick */
};

/* What pipeline keeps for a connection, in conn.user. */
struct link {
	struct http *http;
	struct calls_conn *calls;
};

static struct link *link_of(struct pipeline *p, struct conn *c)
{
	struct link *l = c->user;

	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->calls = calls_conn_new(p->calls, c);
	l->http = http_new(p->lim, c->from_start, &calls_http_out, l->calls);
	calls_conn_set_http(l->calls, l->http);
	c->user = l;
	return l;
}

static int on_bytes(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, struct span s)
{
	struct pipeline *p = arg;

	return http_feed(link_of(p, c)->http, d, ts_ns, s);
}

static int on_gap(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, uint64_t nbytes)
{
	struct pipeline *p = arg;

	return http_gap(link_of(p, c)->http, d, ts_ns, nbytes);
}

static bool is_http(enum http_proto proto)
{
	return proto == HTTP_PROTO_H1 || proto == HTTP_PROTO_H2;
}

static int on_close(void *arg, struct conn *c, uint64_t ts_ns, bool ended)
{
	struct pipeline *p = arg;
	struct link *l = c->user;
	int err;

	if (!l)
		return 0;
	err = http_close(l->http, ts_ns, ended);
	calls_conn_free(l->calls);
	p->stats.opaque_bytes += http_unread_bytes(l->http);
	p->stats.opaque_conns += !is_http(http_proto(l->http));
	p->stats.garbled_conns += http_garbled(l->http);
	http_free(l->http);
	free(l);
	c->user = NULL;
	return err;
}

static void on_ends(void *arg, struct conn *c)
{
	struct link *l = c->user;

	if (l)
		calls_conn_ends(l->calls);
}

static const struct stream_out stream_out = {
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
	.ends = on_ends,
};

struct pipeline *pipeline_new(struct limits *lim, const struct calls_out *out, void *arg)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));

	p->lim = lim;
	p->calls = calls_new(lim, out, arg);
	p->stream = stream_new(lim, &stream_out, p);
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_finish(p, 0);
	stream_free(p->stream);
	calls_free(p->calls);
	free(p);
}

void pipeline_set_prices(struct pipeline *p, const struct prices *prices)
{
	calls_set_prices(p->calls, prices);
}

int pipeline_chunk(void *pipeline, const struct chunk *c)
{
	struct pipeline *p = pipeline;
	int err;

	p->idle = false;
	calls_tick(p->calls, c->ts_ns);
	err = stream_feed(p->stream, c);
	if (c->kind == CHUNK_CLOCK)
		calls_set_wall_offset(p->calls, stream_wall_offset(p->stream));
	else if (c->kind == CHUNK_LOST)
		calls_lost_events(p->calls);
	return err;
}

int pipeline_tick(struct pipeline *p, uint64_t now_ns)
{
	/* While chunks come, their own times count: they may have been under way for long. */
	if (p->idle)
		calls_tick(p->calls, now_ns);
	p->idle = true;
	return stream_tick(p->stream, now_ns);
}

int pipeline_finish(struct pipeline *p, uint64_t now_ns)
{
	int err = stream_finish(p->stream, now_ns);

	calls_finish(p->calls);
	return err;
}

struct pipeline_stats pipeline_stats(const struct pipeline *p)
{
	struct pipeline_stats s = p->stats;

	s.stream = stream_stats(p->stream);
	s.calls = calls_stats(p->calls);
	return s;
}

/* SPDX-License-Identifier: MIT */
/* stream -> http (or JSON-RPC, of pipes) -> assembler, for each connection. */
#include "pipeline.h"

#include <stdlib.h>

#include "assemble/in_order.h"
#include "assemble/rpc_calls.h"
#include "base/xalloc.h"
#include "http/http.h"
#include "http/rpc.h"

/* Calls after which a connection is judged though it goes on (and not every library tells when it
 * ends), at first and then again: the later bytes of one that is not HTTP say less than its
 * beginning. */
#define JUDGE_IOS   64
#define JUDGE_AGAIN 512

struct pipeline {
	struct limits *lim;
	struct observers observers;
	struct numbering numbering;
	struct in_order *in_order; /* NULL: events are observed as they come */
	struct observers before_order;
	traffic_class_fn on_class; /* may be NULL */
	void *on_class_arg;
	struct process_stats *process_stats;
	struct stream *stream;
	struct assembler *assembler;
	struct pipeline_stats stats;
	uint64_t newest_ns; /* of all chunks */
	bool idle;	    /* no chunk came since the last tick */
};

/* What pipeline keeps for a connection, in conn.user. */
struct link {
	struct http *http; /* NULL: pipes, of which these two know */
	struct rpc *rpc;
	struct rpc_calls *calls;
	struct assembler_conn *assembly;
	bool settled; /* known to be plain */
	struct traffic_sample sample;
	uint64_t judge_ios, judge_bytes; /* when it is judged next; what was judged before */
};

static struct link *link_of(struct pipeline *p, struct conn *c)
{
	struct link *l = c->user;

	if (l)
		return l;
	l = xcalloc(1, sizeof(*l));
	l->assembly = assembler_conn_new(p->assembler, c);
	if (c->stdio) {
		l->calls = rpc_calls_new(l->assembly);
		l->rpc = rpc_new(p->lim, rpc_calls_message, l->calls);
	} else {
		l->http = http_new(p->lim, c->from_start, &assembler_http_out, l->assembly);
	}
	l->judge_ios = JUDGE_IOS;
	c->user = l;
	return l;
}

static bool is_http(enum http_proto proto)
{
	return proto == HTTP_PROTO_H1 || proto == HTTP_PROTO_H2;
}

/* ---- how a connection looks ---- */

/* At first by its beginning; later it is as if joined in the middle. */
static void judge(struct pipeline *p, const struct conn *c, struct link *l)
{
	uint64_t bytes = c->bytes[0] + c->bytes[1] + c->missing[0] + c->missing[1];
	enum traffic_class v =
		is_http(http_proto(l->http))
			? TRAFFIC_TEXT
			: traffic_classify(&l->sample, c->from_start && !l->judge_bytes, c->ios,
					   c->implausible_ios);

	p->on_class(p->on_class_arg, c->id.tgid, v, bytes - l->judge_bytes);
	l->settled = v == TRAFFIC_TEXT;
	l->judge_bytes = bytes;
	l->judge_ios = c->ios + JUDGE_AGAIN;
	l->sample = (struct traffic_sample){ 0 };
}

static void look_at(struct pipeline *p, const struct conn *c, struct link *l, enum dir d,
		    struct span s)
{
	if (!p->on_class || l->settled || c->cleartext)
		return;
	traffic_sample_add(&l->sample, d, s);
	if (is_http(http_proto(l->http)) || c->ios >= l->judge_ios ||
	    (!l->judge_bytes && traffic_sample_full(&l->sample)))
		judge(p, c, l);
}

static void on_bytes(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, struct span s)
{
	struct pipeline *p = arg;
	struct link *l = link_of(p, c);

	if (l->rpc)
		rpc_feed(l->rpc, d, ts_ns, s);
	else
		http_feed(l->http, d, ts_ns, s);
	process_stats_bytes(p->process_stats, c, d, s.len, ts_ns);
	look_at(p, c, l, d, s);
}

static void on_gap(void *arg, struct conn *c, enum dir d, uint64_t ts_ns, uint64_t nbytes,
		   bool lost)
{
	struct link *l = link_of(arg, c);

	/* What the gap ends was under way, and what it begins is. */
	if (lost)
		assembler_conn_lost(l->assembly);
	if (l->rpc)
		rpc_gap(l->rpc, d, ts_ns);
	else
		http_gap(l->http, d, ts_ns, nbytes);
	if (lost)
		assembler_conn_lost(l->assembly);
}

static void close_rpc(struct pipeline *p, const struct conn *c, struct link *l, uint64_t ts_ns)
{
	rpc_close(l->rpc, ts_ns);
	process_stats_close(p->process_stats, c, true);
	rpc_calls_free(l->calls);
	assembler_conn_free(l->assembly);
	rpc_free(l->rpc);
}

static void close_http(struct pipeline *p, const struct conn *c, struct link *l, uint64_t ts_ns,
		       bool ended)
{
	http_close(l->http, ts_ns, ended);
	process_stats_close(p->process_stats, c, is_http(http_proto(l->http)));
	if (p->on_class && !c->cleartext && !l->judge_bytes)
		judge(p, c, l);
	assembler_conn_free(l->assembly);
	p->stats.opaque_bytes += http_unread_bytes(l->http);
	p->stats.opaque_conns += !is_http(http_proto(l->http));
	p->stats.protocol_errors += http_protocol_error(l->http);
	http_free(l->http);
}

static void on_close(void *arg, struct conn *c, uint64_t ts_ns, bool ended)
{
	struct pipeline *p = arg;
	struct link *l = c->user;

	if (!l)
		return;
	if (l->rpc)
		close_rpc(p, c, l, ts_ns);
	else
		close_http(p, c, l, ts_ns, ended);
	free(l);
	c->user = NULL;
}

static void on_ends(void *arg, struct conn *c)
{
	struct link *l = c->user;

	if (l)
		assembler_conn_endpoints(l->assembly);
}

/* What was asked is asked again. */
static void on_refused(void *arg, struct conn *c, uint64_t ts_ns)
{
	struct pipeline *p = arg;
	struct link *l = c->user;

	if (!l || !l->http)
		return;
	assembler_conn_refused(l->assembly, ts_ns);
	http_free(l->http);
	l->http = http_new(p->lim, true, &assembler_http_out, l->assembly);
}

static void on_key(void *arg, struct conn *c, uint64_t began_ns, struct span text)
{
	struct link *l = c->user;

	if (l)
		assembler_conn_key(l->assembly, began_ns, text);
}

static const struct stream_out stream_out = {
	.bytes = on_bytes,
	.gap = on_gap,
	.close = on_close,
	.endpoints = on_ends,
	.key = on_key,
	.refused = on_refused,
};

struct pipeline *pipeline_new(struct limits *lim)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));

	p->lim = lim;
	p->process_stats = process_stats_new();
	observers_add(&p->observers, &numbering_observer, &p->numbering);
	observers_add(&p->observers, &process_stats_observer, p->process_stats);
	p->assembler = assembler_new(lim, &p->observers);
	p->stream = stream_new(lim, &stream_out, p);
	return p;
}

void pipeline_observe(struct pipeline *p, const struct observer *ops, void *arg)
{
	observers_add(&p->observers, ops, arg);
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_finish(p, 0);
	stream_free(p->stream);
	in_order_free(p->in_order);
	assembler_free(p->assembler);
	process_stats_free(p->process_stats);
	free(p);
}

void pipeline_set_in_order(struct pipeline *p)
{
	p->in_order = in_order_new(p->lim, p->assembler, &p->observers);
	observers_add(&p->before_order, &in_order_observer, p->in_order);
	assembler_set_observers(p->assembler, &p->before_order);
}

void pipeline_set_shown(struct pipeline *p, shown_fn fn, const void *arg)
{
	p->numbering.shown = fn;
	p->numbering.arg = arg;
}

void pipeline_set_shows_bodies(struct pipeline *p, shown_fn fn, const void *arg)
{
	assembler_set_shows_bodies(p->assembler, fn, arg);
}

void pipeline_set_named_hosts(struct pipeline *p, const struct named_hosts *named)
{
	assembler_set_named_hosts(p->assembler, named);
}

void pipeline_set_before_masks(struct pipeline *p, const struct before_masks *b)
{
	assembler_set_before_masks(p->assembler, b);
}

void pipeline_set_prices(struct pipeline *p, const struct prices *prices)
{
	assembler_set_prices(p->assembler, prices);
}

int pipeline_chunk(void *pipeline, const struct chunk *c)
{
	struct pipeline *p = pipeline;

	p->idle = false;
	if (c->ts_ns > p->newest_ns)
		p->newest_ns = c->ts_ns;
	assembler_tick(p->assembler, c->ts_ns);
	stream_feed(p->stream, c);
	if (c->kind == CHUNK_CLOCK)
		assembler_set_wall_offset(p->assembler, stream_wall_offset(p->stream));
	else if (c->kind == CHUNK_LOST)
		assembler_lost_events(p->assembler);
	return 0;
}

void pipeline_tick(struct pipeline *p, uint64_t now_ns)
{
	/* While chunks come, their own times count: they may have been under way for long. */
	if (p->idle)
		assembler_tick(p->assembler, now_ns);
	p->idle = true;
	stream_tick(p->stream, now_ns);
}

uint64_t pipeline_newest_ns(const struct pipeline *p)
{
	return p->newest_ns;
}

void pipeline_finish(struct pipeline *p, uint64_t now_ns)
{
	stream_finish(p->stream, now_ns);
	assembler_finish(p->assembler);
	if (p->in_order)
		in_order_finish(p->in_order);
}

struct pipeline_stats pipeline_stats(const struct pipeline *p)
{
	struct pipeline_stats s = p->stats;

	s.stream = stream_stats(p->stream);
	return s;
}

const struct process_stats *pipeline_process_stats(const struct pipeline *p)
{
	return p->process_stats;
}

void pipeline_on_class(struct pipeline *p, traffic_class_fn fn, void *arg)
{
	p->on_class = fn;
	p->on_class_arg = arg;
}

/* SPDX-License-Identifier: MIT */
/* Finds out what a connection speaks and which direction asks, then hands its bytes to the
 * protocol. Until then bytes are held, a little; a connection that was joined in the middle may
 * begin with the rest of some message, which is passed over and counted. */
#include "http/http.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/h1.h"
#include "http/h1_head.h"
#include "http/h2.h"
#include "http/h2_start.h"
#include "http/h2_websocket.h"
#include "http/ws_frame.h"

/* A request line or a frame longer than this is not waited for. */
#define START_MAX (64u << 10)

struct http {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	bool from_start;
	enum http_proto proto;
	enum dir request_dir;
	struct h1 *h1;
	struct h2 *h2;
	struct tunnels *tunnels; /* between h2 and out */
	struct buf held[2];	 /* by enum dir: too few bytes to tell */
	uint64_t unread;
};

struct http *http_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg)
{
	struct http *h = xcalloc(1, sizeof(*h));

	*h = (struct http){ .lim = lim, .out = out, .arg = arg, .from_start = from_start };
	buf_init(&h->held[0], lim->max[LIMIT_reorder]);
	buf_init(&h->held[1], lim->max[LIMIT_reorder]);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	h1_free(h->h1);
	h2_free(h->h2);
	tunnels_free(h->tunnels);
	buf_done(&h->held[0]);
	buf_done(&h->held[1]);
	free(h);
}

enum http_proto http_proto(const struct http *h)
{
	return h->proto;
}

bool http_protocol_error(const struct http *h)
{
	return (h->h1 && h1_protocol_error(h->h1)) ||
	       (h->h2 && (h2_protocol_error(h->h2) || tunnels_protocol_error(h->tunnels)));
}

uint64_t http_unread_bytes(const struct http *h)
{
	return h->unread + (h->h1 ? h1_unread_bytes(h->h1) : 0) +
	       (h->h2 ? h2_unread_bytes(h->h2) + tunnels_unread_bytes(h->tunnels) : 0);
}

static enum http_msg msg_of(const struct http *h, enum dir d)
{
	return d == h->request_dir ? HTTP_REQUEST : HTTP_RESPONSE;
}

static enum dir other_dir(enum dir d)
{
	return d == DIR_WRITE ? DIR_READ : DIR_WRITE;
}

static void set_role(struct http *h, enum dir request_dir)
{
	h->request_dir = request_dir;
	if (h->out->role)
		h->out->role(h->arg, request_dir == DIR_READ);
}

static void feed(struct http *h, enum dir d, uint64_t ts, struct span s)
{
	if (h->h2)
		h2_feed(h->h2, msg_of(h, d), ts, s);
	else
		h1_feed(h->h1, msg_of(h, d), ts, s);
}

/* The protocol is known: hands it what was held, the asking direction first, and then `s` of
 * that direction. */
static void begin(struct http *h, enum http_proto proto, enum dir request_dir, uint64_t ts,
		  struct span s)
{
	enum dir answer_dir = other_dir(request_dir);

	h->proto = proto;
	set_role(h, request_dir);
	if (proto == HTTP_PROTO_H2) {
		h->tunnels = tunnels_new(h->lim, h->out, h->arg);
		h->h2 = h2_new(h->lim, h->from_start, request_dir == DIR_READ, &tunnels_out,
			       h->tunnels);
	} else {
		h->h1 = h1_new(h->lim, h->from_start, h->out, h->arg);
	}
	feed(h, request_dir, ts, buf_span(&h->held[request_dir]));
	feed(h, request_dir, ts, s);
	feed(h, answer_dir, ts, buf_span(&h->held[answer_dir]));
	buf_done(&h->held[request_dir]);
	buf_done(&h->held[answer_dir]);
}

static void begin_opaque(struct http *h, enum http_proto proto)
{
	h->proto = proto;
	for (int d = 0; d < 2; d++) {
		h->unread += h->held[d].len;
		buf_done(&h->held[d]);
	}
}

/* `s`, from a client, is frames of a WebSocket. What was held is part of none that can be read;
 * where the server's frames begin is found by their looks. */
static void begin_ws(struct http *h, enum dir d, uint64_t ts, struct span s,
		     const struct ws_setup *setup)
{
	begin_opaque(h, HTTP_PROTO_H1);
	set_role(h, d);
	h->h1 = h1_new(h->lim, false, h->out, h->arg);
	h1_join_ws(h->h1, setup, ts);
	h1_feed(h->h1, HTTP_REQUEST, ts, s);
}

/* What a client speaks that begins so, or HTTP_PROTO_UNKNOWN. */
static enum http_proto proto_of_client(struct span s)
{
	if (h2_start(s) == H2_START_PREFACE)
		return HTTP_PROTO_H2;
	return h1_start(s) == H1_START_REQUEST ? HTTP_PROTO_H1 : HTTP_PROTO_UNKNOWN;
}

static bool is_nothing(struct span s)
{
	return h1_start(s) == H1_START_NO && h2_start(s) == H2_START_NO;
}

/* Classifies what is held of a direction. `may_wait`: more of it can be held. */
static void judge(struct http *h, enum dir d, uint64_t ts, bool may_wait)
{
	static const struct span none;
	struct buf *held = &h->held[d];
	enum http_proto proto = proto_of_client(buf_span(held));
	enum h1_start h1 = h1_start(buf_span(held));

	if (proto != HTTP_PROTO_UNKNOWN) {
		begin(h, proto, d, ts, none);
	} else if (h1 == H1_START_RESPONSE) {
		/* From the start, its request comes later: see h1's in_step. */
		if (!h->from_start)
			begin(h, HTTP_PROTO_H1, other_dir(d), ts, none);
	} else if (h2_start(buf_span(held)) == H2_START_FRAMES && !h->from_start) {
		/* Most traced programs are clients; the first head shows whether this one is. */
		begin(h, HTTP_PROTO_H2, DIR_WRITE, ts, none);
	} else if (may_wait && !is_nothing(buf_span(held))) {
		return; /* an HTTP/2 server may begin before its client: the preface decides */
	} else if (h->from_start) {
		begin_opaque(h, HTTP_PROTO_OPAQUE);
	} else {
		/* Joined in the middle: this belongs to a message whose beginning is missing. */
		h->unread += held->len;
		buf_reset(held);
	}
}

/* One more span of a connection of which nothing is known yet. */
static void detect(struct http *h, enum dir d, uint64_t ts, struct span s)
{
	struct buf *held = &h->held[d];
	size_t before = held->len;
	struct ws_setup setup;
	bool fits;

	/* Mostly the first span tells; then nothing has to be held, however long it is. */
	if (!before && proto_of_client(s) != HTTP_PROTO_UNKNOWN) {
		begin(h, proto_of_client(s), d, ts, s);
		return;
	}
	fits = buf_add(held, s) == 0;
	if (!fits) {
		limit_hit(h->lim, LIMIT_reorder);
		h->unread += s.len - (held->len - before);
	}
	/* What was held was no beginning; the new span may be one. */
	if (before && fits && !h->from_start && is_nothing(buf_span(held))) {
		h->unread += before;
		buf_drop(held, before);
		before = 0;
	}
	if (!before && !h->from_start && d == DIR_WRITE && ws_is_joined(s, &setup)) {
		buf_reset(held);
		begin_ws(h, d, ts, s, &setup);
		return;
	}
	judge(h, d, ts, fits && held->len <= START_MAX);
}

void http_feed(struct http *h, enum dir d, uint64_t ts_ns, struct span s)
{
	if (!s.len)
		return;
	if (h->proto == HTTP_PROTO_UNKNOWN)
		detect(h, d, ts_ns, s);
	else if (h->h1 || h->h2)
		feed(h, d, ts_ns, s);
	else
		h->unread += s.len;
}

void http_gap(struct http *h, enum dir d, uint64_t ts_ns, uint64_t nbytes)
{
	if (h->proto == HTTP_PROTO_UNKNOWN) {
		/* What begins behind the gap may be anything: as if joined there. */
		h->unread += h->held[d].len;
		buf_reset(&h->held[d]);
		h->from_start = false;
	} else if (h->h2) {
		h2_gap(h->h2, msg_of(h, d), ts_ns, nbytes);
	} else if (h->h1) {
		h1_gap(h->h1, msg_of(h, d), ts_ns, nbytes);
	}
}

void http_close(struct http *h, uint64_t ts_ns, bool ended)
{
	/* An answer without its request may still be held. */
	for (int d = 0; d < 2 && h->proto == HTTP_PROTO_UNKNOWN; d++)
		if (h1_start(buf_span(&h->held[d])) == H1_START_RESPONSE)
			begin(h, HTTP_PROTO_H1, other_dir((enum dir)d), ts_ns, span_of(NULL, 0));
	if (h->proto == HTTP_PROTO_UNKNOWN)
		begin_opaque(h, HTTP_PROTO_UNKNOWN);
	if (h->h2)
		h2_close(h->h2, ts_ns, ended);
	if (h->h1)
		h1_close(h->h1, ts_ns, ended);
}

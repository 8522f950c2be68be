/* SPDX-License-Identifier: MIT */
/* Finds out what a connection speaks and which direction asks, then hands its bytes to the
 * protocol. Until then bytes are held, a little; a connection that was joined in the middle may
 * begin with the rest of some message, which is passed over and counted. */
#include "http/http.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/h1.h"
#include "http/ws.h"

/* A request line longer than this is not waited for. */
#define START_MAX (16u << 10)

struct http {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	bool from_start;
	enum http_proto proto;
	enum dir request_dir;
	struct h1 *h1;
	struct buf held[2]; /* by enum dir: too few bytes to tell */
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
	buf_done(&h->held[0]);
	buf_done(&h->held[1]);
	free(h);
}

enum http_proto http_proto(const struct http *h)
{
	return h->proto;
}

bool http_is_server(const struct http *h)
{
	return h->request_dir == DIR_READ;
}

bool http_garbled(const struct http *h)
{
	return h->h1 && h1_is_garbled(h->h1);
}

uint64_t http_unread_bytes(const struct http *h)
{
	return h->unread + (h->h1 ? h1_unread_bytes(h->h1) : 0);
}

struct span http_field_find(const struct http_head *h, const char *name)
{
	struct span want = span_str(name);

	for (size_t i = 0; i < h->nfields; i++)
		if (span_caseeq(h->fields[i].name, want))
			return h->fields[i].value;
	return span_of(NULL, 0);
}

static enum http_msg msg_of(const struct http *h, enum dir d)
{
	return d == h->request_dir ? HTTP_REQUEST : HTTP_RESPONSE;
}

/* RFC 9113 section 3.4: how a client begins. */
static bool is_h2_preface(struct span s)
{
	return span_starts(s, SPAN_LIT("PRI * HTTP/2.0\r\n"));
}

/* The protocol is known: hands it what was held and `s`, the asking direction first. */
static int begin_h1(struct http *h, enum dir request_dir, uint64_t ts, struct span s)
{
	int err = 0;

	h->proto = HTTP_PROTO_H1;
	h->request_dir = request_dir;
	h->h1 = h1_new(h->lim, h->from_start, h->out, h->arg);
	for (int i = 0; i < 2 && !err; i++) {
		enum dir d = i == 0 ? request_dir : request_dir == DIR_WRITE ? DIR_READ : DIR_WRITE;

		err = h1_feed(h->h1, msg_of(h, d), ts, buf_span(&h->held[d]));
		buf_done(&h->held[d]);
		if (!err && i == 0)
			err = h1_feed(h->h1, HTTP_REQUEST, ts, s);
	}
	return err;
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
static int begin_ws(struct http *h, enum dir d, uint64_t ts, struct span s,
		    const struct ws_setup *setup)
{
	begin_opaque(h, HTTP_PROTO_H1);
	h->request_dir = d;
	h->h1 = h1_new(h->lim, false, h->out, h->arg);
	h1_join_ws(h->h1, setup, ts);
	return h1_feed(h->h1, HTTP_REQUEST, ts, s);
}

/* One more span of a connection of which nothing is known yet. */
static int detect(struct http *h, enum dir d, uint64_t ts, struct span s)
{
	struct buf *held = &h->held[d];
	struct ws_setup setup;
	enum h1_start start;
	size_t before;
	bool fits;

	if (!h->from_start && d == DIR_WRITE && !held->len && ws_is_joined(s, &setup))
		return begin_ws(h, d, ts, s, &setup);
	/* Mostly the first span tells; then nothing has to be held, however long it is. */
	if (!held->len && h1_start(s) == H1_START_REQUEST)
		return begin_h1(h, d, ts, s);
	before = held->len;
	fits = buf_add(held, s) == 0;
	if (!fits) {
		limit_hit(h->lim, LIMIT_reorder);
		h->unread += s.len - (held->len - before);
	}
	start = h1_start(buf_span(held));
	fits = fits && held->len <= START_MAX;
	if (is_h2_preface(buf_span(held)))
		begin_opaque(h, HTTP_PROTO_H2);
	else if (start == H1_START_REQUEST)
		return begin_h1(h, d, ts, span_of(NULL, 0));
	else if (start == H1_START_RESPONSE && !h->from_start)
		return begin_h1(h, d == DIR_WRITE ? DIR_READ : DIR_WRITE, ts, span_of(NULL, 0));
	else if (start == H1_START_RESPONSE)
		return 0; /* its request comes later: see h1's in_step */
	else if (h->from_start && (start == H1_START_NO || !fits))
		begin_opaque(h, HTTP_PROTO_OPAQUE);
	else if (start == H1_START_NO || !fits) {
		/* Joined in the middle: this belongs to a message whose beginning is lost. */
		h->unread += held->len;
		buf_reset(held);
	}
	return 0;
}

int http_feed(struct http *h, enum dir d, uint64_t ts_ns, struct span s)
{
	if (!s.len)
		return 0;
	if (h->proto == HTTP_PROTO_UNKNOWN)
		return detect(h, d, ts_ns, s);
	if (h->proto == HTTP_PROTO_H1)
		return h1_feed(h->h1, msg_of(h, d), ts_ns, s);
	h->unread += s.len;
	return 0;
}

int http_gap(struct http *h, enum dir d, uint64_t ts_ns, uint64_t nbytes)
{
	if (h->proto == HTTP_PROTO_UNKNOWN) {
		/* What begins behind the gap may be anything: as if joined there. */
		h->unread += h->held[d].len;
		buf_reset(&h->held[d]);
		h->from_start = false;
		return 0;
	}
	return h->proto == HTTP_PROTO_H1 ? h1_gap(h->h1, msg_of(h, d), ts_ns, nbytes) : 0;
}

int http_close(struct http *h, uint64_t ts_ns, bool ended)
{
	int err = 0;

	/* An answer without its request may still be held. */
	if (h->proto == HTTP_PROTO_UNKNOWN)
		for (int d = 0; d < 2 && h->proto == HTTP_PROTO_UNKNOWN; d++)
			if (h1_start(buf_span(&h->held[d])) == H1_START_RESPONSE)
				err = begin_h1(h, d == DIR_WRITE ? DIR_READ : DIR_WRITE, ts_ns, span_of(NULL, 0));
	if (h->proto == HTTP_PROTO_UNKNOWN)
		begin_opaque(h, HTTP_PROTO_UNKNOWN);
	return err || !h->h1 ? err : h1_close(h->h1, ts_ns, ended);
}

/* SPDX-License-Identifier: MIT */
/* Each direction alternates between heads (http/h1_head.h) and bodies (http/h1_body.h); requests
 * that await their answer are a queue.
 *
 * Where bytes are missing: inside a counted body the count goes on over the hole. Elsewhere sync is
 * lost; the rest of that message is counted as missing, and the next span that begins like a
 * message is taken for one, because programs begin a message with a write of its own.
 *
 * A 101 to websocket hands the rest of both directions to http/ws.h. What the client sent behind
 * its request is held until the answer shows whether that happened. */
#include "http/h1.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/h1_body.h"
#include "http/ws.h"

enum state {
	S_START, /* before a message; empty lines are skipped */
	S_HEAD,
	S_BODY,
	S_DESYNC, /* looks for a message's beginning */
};

struct half {
	enum http_msg msg;
	enum state state;
	bool open;	  /* head() was called, end() not yet */
	uint64_t id;	  /* of the message under way, or of the one in which sync was lost */
	uint64_t skipped; /* S_DESYNC: bytes since */
	struct buf line;  /* S_HEAD: all of the head so far; S_DESYNC: what may be a beginning */
	size_t line_at;	  /* S_HEAD: where the line under way begins */
	struct h1_body body;
	struct buf hold;  /* answers that came before their request; what came after a request
			   * to speak WebSocket, before its answer */
	uint64_t missing; /* bytes behind those held: a gap, or more than may be held */
};

/* A request whose answer has not begun. */
struct pending {
	uint64_t id;
	bool is_head, is_connect, asks_ws;
};

struct h1 {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	struct half half[2]; /* by enum http_msg */
	struct pending *queue;
	size_t nqueue;
	uint64_t last_id;
	bool in_sync; /* no message was missed: the n-th answer is to the n-th request */
	bool over, protocol_error;
	struct ws *ws; /* what the connection speaks when over; NULL: not known */
	uint64_t unread;
};

/* ---- life ---- */

struct h1 *h1_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg)
{
	struct h1 *h = xcalloc(1, sizeof(*h));

	h->lim = lim;
	h->out = out;
	h->arg = arg;
	h->in_sync = from_start;
	for (int m = 0; m < 2; m++) {
		h->half[m].msg = (enum http_msg)m;
		/* Joined in the middle, either direction may be inside a message. */
		h->half[m].state = from_start ? S_START : S_DESYNC;
		buf_init(&h->half[m].line, lim->max[LIMIT_head]);
		h1_body_init(&h->half[m].body, lim->max[LIMIT_head]);
		buf_init(&h->half[m].hold, lim->max[LIMIT_reorder]);
	}
	return h;
}

void h1_free(struct h1 *h)
{
	if (!h)
		return;
	for (int m = 0; m < 2; m++) {
		buf_done(&h->half[m].line);
		h1_body_done(&h->half[m].body);
		buf_done(&h->half[m].hold);
	}
	ws_free(h->ws);
	free(h->queue);
	free(h);
}

bool h1_protocol_error(const struct h1 *h)
{
	return h->protocol_error || (h->ws && ws_protocol_error(h->ws));
}

uint64_t h1_unread_bytes(const struct h1 *h)
{
	return h->unread + (h->ws ? ws_unread_bytes(h->ws) : 0);
}

void h1_join_ws(struct h1 *h, const struct ws_setup *setup, uint64_t ts_ns)
{
	h->over = true;
	h->ws = ws_new(h->lim, setup, h->out, h->arg, ++h->last_id);
	ws_gap(h->ws, HTTP_RESPONSE, ts_ns, 0);
}

static void end(struct h1 *h, struct half *p, uint64_t ts, enum http_end why)
{
	bool was_open = p->open;

	p->open = false;
	p->state = S_START;
	buf_reset(&p->line);
	if (was_open)
		h->out->end(h->arg, p->id, p->msg, ts, why);
}

static void protocol_error(struct h1 *h, uint64_t ts)
{
	end(h, &h->half[HTTP_REQUEST], ts, HTTP_END_ERROR);
	h->over = h->protocol_error = true;
	end(h, &h->half[HTTP_RESPONSE], ts, HTTP_END_ERROR);
}

/* ---- requests and their answers ---- */

static void queue_add(struct h1 *h, const struct http_head *head, uint64_t id)
{
	if (h->nqueue >= h->lim->max[LIMIT_pipeline]) {
		limit_hit(h->lim, LIMIT_pipeline);
		h->in_sync = false;
		h->nqueue = 0;
	}
	/* Out of sync, the answer to an older request is missing: do not wait for it. */
	if (!h->in_sync)
		h->nqueue = 0;
	h->queue = xgrow(h->queue, h->nqueue, sizeof(*h->queue));
	h->queue[h->nqueue++] = (struct pending){
		.id = id,
		.is_head = span_eq(head->method, SPAN_LIT("HEAD")),
		.is_connect = span_eq(head->method, SPAN_LIT("CONNECT")),
		.asks_ws = ws_is_named(head),
	};
}

/* The request that an answer belongs to; a new one where none is known. */
static struct pending queue_take(struct h1 *h)
{
	struct pending p = { 0 };

	if (!h->nqueue) {
		p.id = ++h->last_id;
		return p;
	}
	p = h->queue[0];
	memmove(h->queue, h->queue + 1, --h->nqueue * sizeof(*h->queue));
	if (!h->nqueue)
		h->in_sync = true;
	return p;
}

static void feed_half(struct h1 *h, struct half *p, uint64_t ts, struct span s);

/* ---- holding ---- */

/* The request to speak WebSocket that awaits its answer. Such a request is the last one. */
static struct pending *asking(struct h1 *h)
{
	struct pending *last = h->nqueue ? &h->queue[h->nqueue - 1] : NULL;

	return last && last->asks_ws ? last : NULL;
}

/* Whether this direction cannot be read yet. An answer without a request, while none was missed,
 * was captured early. */
static bool must_hold(struct h1 *h, const struct half *p)
{
	if (p->msg == HTTP_REQUEST)
		return asking(h);
	return p->hold.len || (h->in_sync && !h->nqueue);
}

static void hold(struct h1 *h, struct half *p, struct span s)
{
	size_t had = p->hold.len, lost;

	if (!p->missing && buf_add(&p->hold, s) < 0)
		limit_hit(h->lim, LIMIT_reorder);
	lost = s.len - (p->hold.len - had);
	p->missing += lost;
	h->unread += lost;
}

/* Reads what was held. */
static void release(struct h1 *h, struct half *p, uint64_t ts)
{
	struct buf held = p->hold;
	uint64_t missing = p->missing;

	buf_init(&p->hold, held.max);
	p->missing = 0;
	if (held.len)
		feed_half(h, p, ts, buf_span(&held));
	buf_done(&held);
	if (missing)
		h1_gap(h, p->msg, ts, missing);
}

/* No WebSocket was opened: what the client sent is read where it looks like a request. */
static void release_as_http(struct h1 *h, uint64_t ts)
{
	struct half *p = &h->half[HTTP_REQUEST];

	if (!p->hold.len && !p->missing)
		return;
	p->state = S_DESYNC;
	release(h, p, ts);
}

static void request_head(struct h1 *h, struct half *p, uint64_t ts, const struct http_head *head,
			 const struct h1_framing *f)
{
	struct half *answers = &h->half[HTTP_RESPONSE];

	if (f->has_coding && !f->chunked) {
		protocol_error(h, ts);
		return;
	}
	p->id = ++h->last_id;
	queue_add(h, head, p->id);
	h1_body_begin(&p->body, f, p->msg);
	p->state = S_BODY;
	p->open = true;
	h->out->head(h->arg, p->id, ts, head);
	/* An answer that was captured before its request has one now. */
	if (answers->hold.len)
		release(h, answers, ts);
}

/* From here on the connection speaks something else. */
static void upgrade(struct h1 *h, struct half *p, uint64_t ts, const struct http_head *head)
{
	struct half *asked = &h->half[HTTP_REQUEST];
	bool desynced = asked->state == S_DESYNC;
	struct ws_setup setup;

	if (ws_setup_read(head, &setup))
		h->ws = ws_new(h->lim, &setup, h->out, h->arg, p->id);
	h->over = true;
	if (asked->state == S_HEAD || desynced)
		h->unread += asked->line.len + asked->skipped;
	end(h, p, ts, HTTP_END_COMPLETE);
	end(h, asked, ts, HTTP_END_COMPLETE);
	release(h, asked, ts);
	/* Where the request was not seen, its frames have to be found first. */
	if (desynced && h->ws)
		ws_gap(h->ws, HTTP_REQUEST, ts, 0);
}

static void response_head(struct h1 *h, struct half *p, uint64_t ts, const struct http_head *head,
			  const struct h1_framing *f)
{
	struct pending asked;
	bool none, over;

	if (head->status < 200 && head->status != 101) {
		/* An interim answer: the one that counts follows. */
		p->state = S_START;
		return;
	}
	asked = queue_take(h);
	over = head->status == 101 || (asked.is_connect && head->status < 300);
	none = asked.is_head || over || head->status == 204 || head->status == 304;
	p->id = asked.id;
	if (none)
		h1_body_begin_empty(&p->body);
	else
		h1_body_begin(&p->body, f, p->msg);
	p->state = S_BODY;
	p->open = true;
	h->out->head(h->arg, p->id, ts, head);
	if (over)
		upgrade(h, p, ts, head);
	else if (asked.asks_ws)
		release_as_http(h, ts);
}

static void on_head(struct h1 *h, struct half *p, uint64_t ts)
{
	struct http_field *fields = xmalloc(H1_FIELDS_MAX * sizeof(*fields));
	struct http_head head = { .msg = p->msg };
	struct h1_framing f = { .malformed = true };

	if (h1_head_read((uint8_t *)p->line.ptr, p->line.len, &head, fields))
		f = h1_framing_read(&head);
	head.has_length = f.has_length;
	head.length = f.length;
	if (f.malformed)
		protocol_error(h, ts);
	else if (p->msg == HTTP_REQUEST)
		request_head(h, p, ts, &head, &f);
	else
		response_head(h, p, ts, &head, &f);
	/* Only now: the head borrowed from it. */
	buf_reset(&p->line);
	free(fields);
}

/* ---- the states ---- */

static void in_start(struct h1 *h, struct half *p, struct span *s)
{
	while (!p->hold.len && s->len && (s->ptr[0] == '\r' || s->ptr[0] == '\n'))
		*s = span_from(*s, 1);
	if (!s->len)
		return;
	if (must_hold(h, p)) {
		hold(h, p, *s);
		*s = span_of(NULL, 0);
		return;
	}
	p->state = S_HEAD;
	p->line_at = 0;
}

static void in_head(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	size_t end = span_find(*s, '\n'), len;
	bool whole = end < s->len;

	buf_add(&p->line, span_first(*s, end + whole));
	*s = span_from(*s, end + whole);
	if (p->line.full) {
		limit_hit(h->lim, LIMIT_head);
		protocol_error(h, ts);
		return;
	}
	if (!whole)
		return;
	len = p->line.len - p->line_at;
	if (len == 1 || (len == 2 && p->line.ptr[p->line_at] == '\r'))
		on_head(h, p, ts);
	else
		p->line_at = p->line.len;
}

static void on_trailer(struct h1 *h, struct half *p, uint64_t ts)
{
	struct http_field *fields = xmalloc(H1_FIELDS_MAX * sizeof(*fields));
	struct http_head head = { .msg = p->msg };

	h1_trailer_read((uint8_t *)p->body.line.ptr, p->body.line_at, &head, fields);
	h->out->trailer(h->arg, p->id, ts, &head);
	free(fields);
}

static void in_body(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span content;
	enum h1_body_step step = h1_body_take(&p->body, s, &content);

	if (content.len)
		h->out->body(h->arg, p->id, p->msg, ts, content);
	if (step == H1_BODY_DONE) {
		if (p->body.line_at && p->msg == HTTP_RESPONSE && h->out->trailer)
			on_trailer(h, p, ts);
		end(h, p, ts, HTTP_END_COMPLETE);
	} else if (step == H1_BODY_ERROR) {
		if (p->body.line.full)
			limit_hit(h->lim, LIMIT_head);
		protocol_error(h, ts);
	}
}

/* The message in which sync was lost ends here, with a gap for the bytes since. */
static void end_desync(struct h1 *h, struct half *p, uint64_t ts)
{
	p->skipped += p->line.len;
	if (p->open && p->skipped)
		h->out->gap(h->arg, p->id, p->msg, ts, p->skipped);
	h->unread += p->skipped;
	p->skipped = 0;
	end(h, p, ts, HTTP_END_CUT);
}

/* `line` holds what came so far of something that may be a message's beginning. */
static void in_desync(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	enum h1_start want = p->msg == HTTP_REQUEST ? H1_START_REQUEST : H1_START_RESPONSE;
	enum h1_start start;
	struct buf begun;

	if (!p->line.len && h1_start(*s) == want) {
		end_desync(h, p, ts);
		return;
	}
	buf_add(&p->line, *s);
	start = h1_start(buf_span(&p->line));
	*s = span_of(NULL, 0);
	if (start == H1_START_MORE && !p->line.full)
		return;
	begun = p->line;
	buf_init(&p->line, begun.max);
	if (start == want) {
		end_desync(h, p, ts);
		feed_half(h, p, ts, buf_span(&begun));
	} else {
		p->skipped += begun.len;
	}
	buf_done(&begun);
}

static void feed_half(struct h1 *h, struct half *p, uint64_t ts, struct span s)
{
	while (!h->over && (s.len || (p->state == S_BODY && h1_body_is_empty(&p->body)))) {
		switch (p->state) {
		case S_START:
			in_start(h, p, &s);
			break;
		case S_HEAD:
			in_head(h, p, ts, &s);
			break;
		case S_BODY:
			in_body(h, p, ts, &s);
			break;
		case S_DESYNC:
			in_desync(h, p, ts, &s);
			break;
		}
	}
	/* What follows the end of HTTP. */
	if (h->ws && s.len)
		ws_feed(h->ws, p->msg, ts, s);
	else
		h->unread += s.len;
}

void h1_feed(struct h1 *h, enum http_msg m, uint64_t ts_ns, struct span s)
{
	feed_half(h, &h->half[m], ts_ns, s);
}

/* False where the bytes are not missing inside a body. */
static bool gap_in_body(struct h1 *h, struct half *p, uint64_t ts, uint64_t nbytes)
{
	enum h1_body_step step;

	if (p->state != S_BODY || !h1_body_gap(&p->body, nbytes, &step))
		return false;
	h->out->gap(h->arg, p->id, p->msg, ts, nbytes);
	if (step == H1_BODY_DONE)
		end(h, p, ts, HTTP_END_COMPLETE);
	return true;
}

static void desync(struct h1 *h, struct half *p, uint64_t nbytes)
{
	/* From here on answers can no longer be counted off against requests. */
	h->in_sync = false;
	p->skipped += nbytes + (p->state == S_DESYNC ? p->line.len : 0);
	if (p->state == S_HEAD)
		h->unread += p->line.len;
	buf_reset(&p->line);
	p->state = S_DESYNC;
}

void h1_gap(struct h1 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct half *p = &h->half[m];

	if (h->ws)
		ws_gap(h->ws, m, ts_ns, nbytes);
	else if (h->over)
		return;
	else if (m == HTTP_REQUEST && p->state == S_START && asking(h))
		p->missing += nbytes;
	else if (!gap_in_body(h, p, ts_ns, nbytes))
		desync(h, p, nbytes);
}

static bool ends_with_close(const struct half *p)
{
	return p->state == S_BODY && p->body.state == H1_BODY_UNTIL_CLOSE;
}

void h1_close(struct h1 *h, uint64_t ts_ns, bool ended)
{
	if (h->ws) {
		ws_close(h->ws, ts_ns);
		return;
	}
	h->in_sync = false; /* a held answer gets no request any more */
	if (asking(h))
		asking(h)->asks_ws = false; /* nor does a held WebSocket get its answer */
	for (int m = 0; m < 2; m++) {
		struct half *p = &h->half[m];

		if (m == HTTP_REQUEST)
			release_as_http(h, ts_ns);
		else
			release(h, p, ts_ns);
		if (p->state == S_DESYNC)
			end_desync(h, p, ts_ns);
		if (p->state == S_HEAD)
			h->unread += p->line.len;
		end(h, p, ts_ns, ended && ends_with_close(p) ? HTTP_END_CLOSED : HTTP_END_CUT);
	}
}

/* SPDX-License-Identifier: MIT */
/* Each direction is a state machine over lines and counted bytes; requests awaiting their answer
 * are a queue. Body bytes are passed on as they lie in the fed span, without copying.
 *
 * Where bytes are missing: inside a counted body the count goes on over the hole. Elsewhere the
 * framing is lost; the rest of that message is counted as missing and the next span that begins
 * like a message is taken for one, since programs begin a message with a write of its own.
 *
 * A 101 to websocket hands the rest of both directions to http/ws.h. What the client sent behind
 * its request is kept until it is known whether it was that. */
#include "http/h1.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

#define FIELDS_MAX     1024
#define CHUNK_LINE_MAX 4096
#define METHOD_MAX     20

enum state {
	S_START, /* before a message; empty lines are passed over */
	S_HEAD,
	S_LENGTH, /* `left` bytes of body */
	S_CHUNK_SIZE,
	S_CHUNK_DATA, /* `left` bytes of this chunk */
	S_CHUNK_END,  /* the line end behind it */
	S_TRAILER,
	S_UNTIL_CLOSE,
	S_LOST, /* framing was lost: waits for a message's beginning */
};

struct half {
	enum http_msg msg;
	enum state state;
	bool open;   /* head() was called, end() not yet */
	uint64_t id; /* of the message under way, or lost */
	uint64_t left;
	uint64_t skipped; /* S_LOST: bytes passed over */
	struct buf line;  /* S_HEAD: the whole section; else a line under way */
	size_t line_at;	  /* S_HEAD: where the line under way begins */
	struct buf hold;  /* responses that came before their request; what came after a request
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
	bool in_step; /* no message was missed: the n-th answer is to the n-th request */
	bool over, garbled;
	struct ws *ws; /* what the connection speaks when over; NULL: not known */
	uint64_t unread;
};

/* ---- the beginning of a message ---- */

static bool is_token(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static enum h1_start request_start(struct span s)
{
	struct span line = span_first(s, span_find(s, '\n'));
	size_t at = 0;

	while (at < s.len && at <= METHOD_MAX && is_token(s.ptr[at]))
		at++;
	if (at == s.len && at <= METHOD_MAX)
		return H1_START_MORE;
	if (at < 3 || at > METHOD_MAX || s.ptr[at] != ' ')
		return H1_START_NO;
	if (line.len == s.len)
		return H1_START_MORE;
	while (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line.len > at + 10 &&
			       span_starts(span_from(line, line.len - 9), SPAN_LIT(" HTTP/1."))
		       ? H1_START_REQUEST
		       : H1_START_NO;
}

enum h1_start h1_start(struct span s)
{
	static const struct span version = SPAN_LIT("HTTP/1.");

	while (s.len && (s.ptr[0] == '\r' || s.ptr[0] == '\n'))
		s = span_from(s, 1);
	if (span_starts(version, span_first(s, version.len)))
		return s.len < version.len ? H1_START_MORE : H1_START_RESPONSE;
	return request_start(s);
}

/* ---- life ---- */

struct h1 *h1_new(struct limits *lim, bool from_start, const struct http_out *out, void *arg)
{
	struct h1 *h = xcalloc(1, sizeof(*h));

	h->lim = lim;
	h->out = out;
	h->arg = arg;
	h->in_step = from_start;
	for (int m = 0; m < 2; m++) {
		h->half[m].msg = (enum http_msg)m;
		/* Joined in the middle, either direction may be inside a message. */
		h->half[m].state = from_start ? S_START : S_LOST;
		buf_init(&h->half[m].line, lim->max[LIMIT_head]);
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
		buf_done(&h->half[m].hold);
	}
	ws_free(h->ws);
	free(h->queue);
	free(h);
}

bool h1_is_garbled(const struct h1 *h)
{
	return h->garbled || (h->ws && ws_garbled(h->ws));
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

static void garbage(struct h1 *h, uint64_t ts)
{
	end(h, &h->half[HTTP_REQUEST], ts, HTTP_END_GARBAGE);
	h->over = h->garbled = true;
	end(h, &h->half[HTTP_RESPONSE], ts, HTTP_END_GARBAGE);
}

/* ---- requests and their answers ---- */

static void queue_add(struct h1 *h, const struct http_head *head, uint64_t id)
{
	if (h->nqueue >= h->lim->max[LIMIT_pipeline]) {
		limit_hit(h->lim, LIMIT_pipeline);
		h->in_step = false;
		h->nqueue = 0;
	}
	/* Out of step, an older request's answer was lost: nobody waits for it. */
	if (!h->in_step)
		h->nqueue = 0;
	h->queue = xgrow(h->queue, h->nqueue, sizeof(*h->queue));
	h->queue[h->nqueue++] = (struct pending){
		.id = id,
		.is_head = span_eq(head->method, SPAN_LIT("HEAD")),
		.is_connect = span_eq(head->method, SPAN_LIT("CONNECT")),
		.asks_ws = ws_is_named(head),
	};
}

/* The request that an answer belongs to; one of its own where none is known. */
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
		h->in_step = true;
	return p;
}

/* ---- the head ---- */

/* What the fields say of the body. */
struct framing_fields {
	bool chunked, has_coding;
	bool has_length, bad;
	uint64_t length;
};

static void read_length(struct framing_fields *f, struct span value)
{
	while (value.len) {
		struct span one = span_first(value, span_find(value, ','));
		struct span digits = span_trim(one);
		uint64_t n = 0;

		if (!digits.len || digits.len > 18)
			f->bad = true;
		for (size_t i = 0; i < digits.len && !f->bad; i++) {
			if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
				f->bad = true;
			n = n * 10 + (digits.ptr[i] - '0');
		}
		if (f->has_length && f->length != n)
			f->bad = true;
		f->has_length = true;
		f->length = n;
		value = span_from(value, one.len + 1);
	}
}

static void read_framing(const struct http_head *head, struct framing_fields *f)
{
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *field = &head->fields[i];

		if (span_caseeq(field->name, SPAN_LIT("content-length"))) {
			read_length(f, field->value);
		} else if (span_caseeq(field->name, SPAN_LIT("transfer-encoding"))) {
			struct span v = field->value;

			f->has_coding = true;
			f->chunked = v.len >= 7 &&
				     span_caseeq(span_from(v, v.len - 7), SPAN_LIT("chunked"));
		}
	}
	/* RFC 9112 section 6.3: transfer coding overrides a length. */
	if (f->has_coding)
		f->has_length = f->bad = false;
}

static bool read_start_line(struct span line, struct http_head *head)
{
	size_t sp = span_find(line, ' ');
	struct span rest = span_from(line, sp + 1);

	if (head->msg == HTTP_RESPONSE) {
		if (line.len < 12 || !span_starts(line, SPAN_LIT("HTTP/1.")) || rest.len < 3)
			return false;
		head->version = line.ptr[7] == '0' ? HTTP_1_0 : HTTP_1_1;
		for (int i = 0; i < 3; i++) {
			if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
				return false;
			head->status = head->status * 10 + (rest.ptr[i] - '0');
		}
		return head->status >= 100;
	}
	head->method = span_first(line, sp);
	if (rest.len < 10 || !span_starts(span_from(rest, rest.len - 9), SPAN_LIT(" HTTP/1.")))
		return false;
	head->version = rest.ptr[rest.len - 1] == '0' ? HTTP_1_0 : HTTP_1_1;
	head->target = span_trim(span_first(rest, rest.len - 9));
	return true;
}

/* A line of the section and what follows it, without its end; a fold (a line that begins with a
 * blank) is joined to its line by turning the line end into blanks. */
static struct span take_line(uint8_t *bytes, size_t len, size_t *at)
{
	size_t begin = *at, stop;

	for (;;) {
		struct span rest = span_of(bytes + *at, len - *at);

		stop = *at + span_find(rest, '\n');
		*at = stop < len ? stop + 1 : len;
		if (begin == 0 || *at >= len || (bytes[*at] != ' ' && bytes[*at] != '\t'))
			break;
		bytes[stop] = ' ';
		if (stop > begin && bytes[stop - 1] == '\r')
			bytes[stop - 1] = ' ';
	}
	if (stop > begin && bytes[stop - 1] == '\r')
		stop--;
	return span_of(bytes + begin, stop - begin);
}

/* False when the start line is none. */
static bool read_section(struct half *p, struct http_head *head, struct http_field *fields)
{
	uint8_t *bytes = (uint8_t *)p->line.ptr;
	size_t at = 0, n = 0;

	if (!read_start_line(take_line(bytes, p->line.len, &at), head))
		return false;
	while (at < p->line.len) {
		struct span line = take_line(bytes, p->line.len, &at);
		size_t colon = span_find(line, ':');

		if (colon == line.len)
			continue; /* an empty line, or no field */
		if (n == FIELDS_MAX) {
			head->cut = true;
			break;
		}
		fields[n++] = (struct http_field){ .name = span_trim(span_first(line, colon)),
						   .value = span_trim(span_from(line, colon + 1)) };
	}
	head->fields = fields;
	head->nfields = n;
	head->authority = http_field_find(head, "host");
	return true;
}

static void begin_body(struct half *p, const struct framing_fields *f, bool none)
{
	if (none) {
		p->left = 0;
		p->state = S_LENGTH;
	} else if (f->chunked) {
		p->state = S_CHUNK_SIZE;
	} else if (f->has_length) {
		p->left = f->length;
		p->state = S_LENGTH;
	} else if (p->msg == HTTP_RESPONSE) {
		p->state = S_UNTIL_CLOSE;
	} else {
		p->left = 0;
		p->state = S_LENGTH;
	}
}

static void feed_half(struct h1 *h, struct half *p, uint64_t ts, struct span s);

/* ---- holding ---- */

/* The request to speak WebSocket that awaits its answer; then it is the last one. */
static struct pending *asking(struct h1 *h)
{
	struct pending *last = h->nqueue ? &h->queue[h->nqueue - 1] : NULL;

	return last && last->asks_ws ? last : NULL;
}

/* Whether what comes in this direction cannot be read yet. An answer that no request awaits,
 * while none was missed, was captured early. */
static bool must_hold(struct h1 *h, const struct half *p)
{
	if (p->msg == HTTP_REQUEST)
		return asking(h);
	return p->hold.len || (h->in_step && !h->nqueue);
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

/* It is not to be a WebSocket: what the client sent is read where it looks like a request. */
static void release_as_http(struct h1 *h, uint64_t ts)
{
	struct half *p = &h->half[HTTP_REQUEST];

	if (!p->hold.len && !p->missing)
		return;
	p->state = S_LOST;
	release(h, p, ts);
}

static void request_head(struct h1 *h, struct half *p, uint64_t ts, const struct http_head *head,
			 const struct framing_fields *f)
{
	struct half *answers = &h->half[HTTP_RESPONSE];

	if (f->has_coding && !f->chunked) {
		garbage(h, ts);
		return;
	}
	p->id = ++h->last_id;
	queue_add(h, head, p->id);
	begin_body(p, f, false);
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
	bool lost = asked->state == S_LOST;
	struct ws_setup setup;

	if (ws_setup_read(head, &setup))
		h->ws = ws_new(h->lim, &setup, h->out, h->arg, p->id);
	h->over = true;
	if (asked->state == S_HEAD || lost)
		h->unread += asked->line.len + asked->skipped;
	end(h, p, ts, HTTP_END_COMPLETE);
	end(h, asked, ts, HTTP_END_COMPLETE);
	release(h, asked, ts);
	/* Not even the request was seen, let alone where a frame begins. */
	if (lost && h->ws)
		ws_gap(h->ws, HTTP_REQUEST, ts, 0);
}

static void response_head(struct h1 *h, struct half *p, uint64_t ts, const struct http_head *head,
			  const struct framing_fields *f)
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
	begin_body(p, f, none);
	p->open = true;
	h->out->head(h->arg, p->id, ts, head);
	if (over)
		upgrade(h, p, ts, head);
	else if (asked.asks_ws)
		release_as_http(h, ts);
}

static void on_head(struct h1 *h, struct half *p, uint64_t ts)
{
	struct http_field *fields = xmalloc(FIELDS_MAX * sizeof(*fields));
	struct http_head head = { .msg = p->msg };
	struct framing_fields f = { 0 };

	if (!read_section(p, &head, fields)) {
		garbage(h, ts);
	} else {
		read_framing(&head, &f);
		head.has_length = f.has_length;
		head.length = f.length;
		if (f.bad)
			garbage(h, ts);
		else if (p->msg == HTTP_REQUEST)
			request_head(h, p, ts, &head, &f);
		else
			response_head(h, p, ts, &head, &f);
	}
	/* Only now: the head borrowed from it. */
	buf_reset(&p->line);
	free(fields);
}

/* ---- the states ---- */

/* Takes a line's bytes up to and with its end. Returns how many; `ret_whole` tells whether the
 * end was among them. */
static size_t take_to_line_end(struct half *p, struct span s, bool *ret_whole)
{
	size_t n = span_find(s, '\n');

	*ret_whole = n < s.len;
	n += *ret_whole;
	buf_add(&p->line, span_first(s, n));
	return n;
}

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
	bool whole;
	size_t n = take_to_line_end(p, *s, &whole), len;

	*s = span_from(*s, n);
	if (p->line.full) {
		limit_hit(h->lim, LIMIT_head);
		garbage(h, ts);
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

/* Passes on what of `s` belongs to the counted part, and takes it off both. */
static void pass_counted(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span part = span_first(*s, p->left < s->len ? (size_t)p->left : s->len);

	*s = span_from(*s, part.len);
	p->left -= part.len;
	if (part.len)
		h->out->body(h->arg, p->id, p->msg, ts, part);
}

static void in_length(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	pass_counted(h, p, ts, s);
	if (!p->left)
		end(h, p, ts, HTTP_END_COMPLETE);
}

/* A chunk's size in hex, before extensions; -1 when it is none. */
static int64_t read_chunk_size(struct span line)
{
	int64_t n = 0;
	size_t digits = 0;

	line = span_trim(span_first(line, span_find(line, ';')));
	while (line.len && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == '\n'))
		line.len--;
	line = span_trim(line);
	for (; digits < line.len; digits++) {
		uint8_t c = line.ptr[digits] | 0x20;
		int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (v < 0 || digits == 15)
			return -1;
		n = n * 16 + v;
	}
	return digits ? n : -1;
}

static void in_chunk_size(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	int64_t size;
	bool whole;

	*s = span_from(*s, take_to_line_end(p, *s, &whole));
	if (!whole && p->line.len <= CHUNK_LINE_MAX)
		return;
	size = p->line.len > CHUNK_LINE_MAX ? -1 : read_chunk_size(buf_span(&p->line));
	buf_reset(&p->line);
	if (size < 0) {
		garbage(h, ts);
		return;
	}
	p->left = (uint64_t)size;
	p->state = size ? S_CHUNK_DATA : S_TRAILER;
}

static void in_chunk_data(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	pass_counted(h, p, ts, s);
	if (!p->left)
		p->state = S_CHUNK_END;
}

static void in_chunk_end(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	uint8_t c = s->ptr[0];

	if (c == '\r' && !p->line.len) {
		buf_addc(&p->line, '\r');
	} else if (c == '\n') {
		buf_reset(&p->line);
		p->state = S_CHUNK_SIZE;
	} else {
		garbage(h, ts);
		return;
	}
	*s = span_from(*s, 1);
}

/* Trailer fields are not kept; their end is the message's. */
static void in_trailer(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	bool whole, last;

	*s = span_from(*s, take_to_line_end(p, *s, &whole));
	if (p->line.full) {
		garbage(h, ts);
		return;
	}
	if (!whole)
		return;
	last = p->line.len == 1 || (p->line.len == 2 && p->line.ptr[0] == '\r');
	buf_reset(&p->line);
	if (last)
		end(h, p, ts, HTTP_END_COMPLETE);
}

static void in_until_close(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span all = *s;

	*s = span_of(NULL, 0);
	h->out->body(h->arg, p->id, p->msg, ts, all);
}

/* The message that was lost ends here, with the bytes that were passed over since. */
static void end_lost(struct h1 *h, struct half *p, uint64_t ts)
{
	p->skipped += p->line.len;
	if (p->open && p->skipped)
		h->out->gap(h->arg, p->id, p->msg, ts, p->skipped);
	h->unread += p->skipped;
	p->skipped = 0;
	end(h, p, ts, HTTP_END_CUT);
}

/* `line` holds what came so far of something that may be a message's beginning. */
static void in_lost(struct h1 *h, struct half *p, uint64_t ts, struct span *s)
{
	enum h1_start want = p->msg == HTTP_REQUEST ? H1_START_REQUEST : H1_START_RESPONSE;
	enum h1_start start;
	struct buf begun;

	if (!p->line.len && h1_start(*s) == want) {
		end_lost(h, p, ts);
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
		end_lost(h, p, ts);
		feed_half(h, p, ts, buf_span(&begun));
	} else {
		p->skipped += begun.len;
	}
	buf_done(&begun);
}

static void feed_half(struct h1 *h, struct half *p, uint64_t ts, struct span s)
{
	while (!h->over && (s.len || (p->state == S_LENGTH && !p->left))) {
		switch (p->state) {
		case S_START:
			in_start(h, p, &s);
			break;
		case S_HEAD:
			in_head(h, p, ts, &s);
			break;
		case S_LENGTH:
			in_length(h, p, ts, &s);
			break;
		case S_CHUNK_SIZE:
			in_chunk_size(h, p, ts, &s);
			break;
		case S_CHUNK_DATA:
			in_chunk_data(h, p, ts, &s);
			break;
		case S_CHUNK_END:
			in_chunk_end(h, p, ts, &s);
			break;
		case S_TRAILER:
			in_trailer(h, p, ts, &s);
			break;
		case S_UNTIL_CLOSE:
			in_until_close(h, p, ts, &s);
			break;
		case S_LOST:
			in_lost(h, p, ts, &s);
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

/* Bytes are missing inside a body, and not past its end. */
static void gap_in_body(struct h1 *h, struct half *p, uint64_t ts, uint64_t nbytes)
{
	h->out->gap(h->arg, p->id, p->msg, ts, nbytes);
	if (p->state == S_UNTIL_CLOSE)
		return;
	p->left -= nbytes;
	if (p->left)
		return;
	if (p->state == S_LENGTH)
		end(h, p, ts, HTTP_END_COMPLETE);
	else
		p->state = S_CHUNK_END;
}

void h1_gap(struct h1 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct half *p = &h->half[m];
	bool counted = p->state == S_LENGTH || p->state == S_CHUNK_DATA;

	if (h->ws) {
		ws_gap(h->ws, m, ts_ns, nbytes);
	} else if (h->over) {
		return;
	} else if (m == HTTP_REQUEST && p->state == S_START && asking(h)) {
		p->missing += nbytes;
	} else if ((counted && nbytes <= p->left) || p->state == S_UNTIL_CLOSE) {
		gap_in_body(h, p, ts_ns, nbytes);
	} else {
		/* From here on answers can no longer be counted off against requests. */
		h->in_step = false;
		p->skipped += nbytes + (p->state == S_LOST ? p->line.len : 0);
		if (p->state == S_HEAD)
			h->unread += p->line.len;
		buf_reset(&p->line);
		p->state = S_LOST;
	}
}

void h1_close(struct h1 *h, uint64_t ts_ns, bool ended)
{
	if (h->ws) {
		ws_close(h->ws, ts_ns);
		return;
	}
	h->in_step = false; /* a held answer gets no request any more */
	if (asking(h))
		asking(h)->asks_ws = false; /* and no answer tells what was held */
	for (int m = 0; m < 2; m++) {
		struct half *p = &h->half[m];

		if (m == HTTP_REQUEST)
			release_as_http(h, ts_ns);
		else
			release(h, p, ts_ns);
		if (p->state == S_LOST)
			end_lost(h, p, ts_ns);
		if (p->state == S_HEAD)
			h->unread += p->line.len;
		end(h, p, ts_ns,
		    ended && p->state == S_UNTIL_CLOSE ? HTTP_END_CLOSED : HTTP_END_CUT);
	}
}

/* SPDX-License-Identifier: MIT */
/* Each direction is a machine over frame headers and counted payloads; a message gathers the
 * payloads of its frames, control frames may stand between them.
 *
 * Where bytes are missing: inside a payload the count goes on over the hole. Elsewhere the framing
 * is lost, and is found again where a later span looks like frames, since programs write a frame
 * with a call of its own. Messages deflated with one window cannot be read before the window is
 * known again: inflating begins anew with each of them until one needs nothing from before. */
#include "http/ws.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#define HEADER_MAX  14
#define CONTROL_MAX 125
#define RSV1	    4
#define SCRATCH_IN  (8u << 10)
#define SCRATCH_OUT (32u << 10)
/* A message's memory past this is given back rather than kept for the next one. */
#define KEEP_MAX (64u << 10)
/* As for bodies: below this, output says nothing about a bomb. */
#define RATIO_FREE (1u << 20)
/* Of z_stream.data_type: inflate stopped between two blocks. */
#define BETWEEN_BLOCKS 128

enum opcode { OP_MORE = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PONG = 10 };

/* RFC 6455 section 5.2. */
struct frame {
	bool fin, masked;
	uint8_t rsv, opcode;
	uint8_t key[4];
	uint64_t len;
	bool minimal; /* its length is written in as few bytes as it can be */
};

enum state {
	S_HEADER,
	S_PAYLOAD, /* `left` bytes of it are to come */
	S_LOST,	   /* waits for a span that looks like frames */
	S_STOPPED, /* closed, or not understood any more */
};

struct message {
	bool open; /* begun, and not given out */
	bool compressed;
	bool cut;      /* some of it is missing */
	bool stuck;    /* compressed, and what follows cannot be inflated */
	uint64_t wire; /* payload bytes seen */
	uint64_t inflated;
	struct buf data;
};

struct inflater {
	z_stream z;
	bool live;  /* z was initialised */
	bool stale; /* its window is not that of the other end any more */
	bool fed;   /* took input since a message, or a deflated stream, ended */
};

struct side {
	enum http_msg from;
	enum state state;
	uint8_t header[HEADER_MAX];
	size_t nheader;
	struct frame frame;
	uint64_t left;
	bool lost;    /* framing was lost, no data frame was seen since */
	bool guessed; /* framing was lost once and taken up again on its looks */
	bool masks;   /* whether its frames are masked, as far as seen */
	bool closed;  /* a close frame was seen */
	struct message message;
	struct inflater inflater;
};

struct scratch {
	uint8_t in[SCRATCH_IN], out[SCRATCH_OUT];
};

struct ws {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	uint64_t id;
	struct ws_setup setup;
	struct side side[2]; /* by enum http_msg */
	struct scratch *scratch;
	bool ended, protocol_error;
	uint64_t unread;
};

/* ---- frames ---- */

/* Length of the header at the front of `s`; 0 when it goes on behind it, with as much of `ret`
 * filled as the first two bytes say, if there are two. */
static size_t frame_read(struct span s, struct frame *ret)
{
	struct cursor c = { .rest = s };
	uint8_t first = (uint8_t)cursor_be(&c, 1), second = (uint8_t)cursor_be(&c, 1);
	uint8_t form = second & 0x7f;

	*ret = (struct frame){
		.fin = first & 0x80,
		.rsv = first >> 4 & 7,
		.opcode = first & 0x0f,
		.masked = second & 0x80,
		.len = form,
		.minimal = true,
	};
	if (form > CONTROL_MAX) {
		ret->len = cursor_be(&c, form == 126 ? 2 : 8);
		ret->minimal = ret->len > (form == 126 ? CONTROL_MAX : UINT16_MAX);
	}
	if (ret->masked)
		for (size_t i = 0; i < sizeof(ret->key); i++)
			ret->key[i] = (uint8_t)cursor_be(&c, 1);
	return c.bad ? 0 : s.len - c.rest.len;
}

static bool is_control(const struct frame *f)
{
	return f->opcode >= OP_CLOSE;
}

/* RFC 6455 sections 5.2 and 5.5, RFC 7692 section 6. */
static bool is_sane(const struct ws_setup *setup, const struct frame *f)
{
	if (f->len >> 63)
		return false;
	if (is_control(f))
		return f->opcode <= OP_PONG && f->fin && !f->rsv && f->len <= CONTROL_MAX;
	if (f->rsv)
		return setup->deflate && f->rsv == RSV1 &&
		       (f->opcode == OP_TEXT || f->opcode == OP_BINARY);
	return f->opcode <= OP_BINARY;
}

/* An extension that is not known here may use what RFC 6455 reserves. */
static bool is_reserved(const struct frame *f)
{
	return f->rsv || f->opcode > OP_PONG || (f->opcode > OP_BINARY && !is_control(f));
}

/* `at` is the place of the first of these bytes in the frame's payload. */
static void unmask(const struct frame *f, uint64_t at, uint8_t *bytes, size_t len)
{
	if (f->masked)
		for (size_t i = 0; i < len; i++)
			bytes[i] ^= f->key[(at + i) & 3];
}

static bool is_json_text(const struct frame *f, struct span payload)
{
	struct buf text;
	bool good;

	buf_init(&text, payload.len);
	buf_add(&text, payload);
	unmask(f, 0, (uint8_t *)text.ptr, text.len);
	good = text.len && text.ptr[0] == '{' && utf8_valid(buf_span(&text));
	buf_done(&text);
	return good;
}

bool ws_is_joined(struct span s, struct ws_setup *ret)
{
	bool any = s.len != 0;

	while (s.len) {
		struct frame f;
		size_t n = frame_read(s, &f);

		if (!n || s.ptr[0] != (0x80 | OP_TEXT) || !f.masked || !f.minimal ||
		    f.len > s.len - n || !is_json_text(&f, span_first(span_from(s, n), f.len)))
			return false;
		s = span_from(s, n + f.len);
	}
	if (any)
		*ret = (struct ws_setup){ .deflate = true, .unknown = true };
	return any;
}

/* ---- life ---- */

struct ws *ws_new(struct limits *lim, const struct ws_setup *setup, const struct http_out *out,
		  void *arg, uint64_t id)
{
	struct ws *w = xcalloc(1, sizeof(*w));

	w->lim = lim;
	w->out = out;
	w->arg = arg;
	w->id = id;
	w->setup = *setup;
	for (int m = 0; m < 2; m++) {
		w->side[m].from = (enum http_msg)m;
		w->side[m].masks = m == HTTP_REQUEST;
		buf_init(&w->side[m].message.data, lim->max[LIMIT_event]);
	}
	return w;
}

void ws_free(struct ws *w)
{
	if (!w)
		return;
	for (int m = 0; m < 2; m++) {
		if (w->side[m].inflater.live)
			inflateEnd(&w->side[m].inflater.z);
		buf_done(&w->side[m].message.data);
	}
	free(w->scratch);
	free(w);
}

bool ws_protocol_error(const struct ws *w)
{
	return w->protocol_error;
}

uint64_t ws_unread_bytes(const struct ws *w)
{
	return w->unread;
}

/* ---- inflating ---- */

/* Gets ready for a message; false when there is no memory for it. */
static bool inflater_begin(struct ws *w, struct side *p)
{
	struct inflater *i = &p->inflater;

	if (!w->scratch)
		w->scratch = xmalloc(sizeof(*w->scratch));
	i->fed = false;
	if (!i->live)
		i->live = inflateInit2(&i->z, -15) == Z_OK;
	else if (i->stale || w->setup.no_takeover[p->from])
		inflateReset(&i->z);
	i->stale = false;
	return i->live;
}

static bool too_much(struct ws *w, const struct message *m)
{
	if (m->inflated > w->lim->max[LIMIT_decoded]) {
		limit_hit(w->lim, LIMIT_decoded);
		return true;
	}
	if (m->inflated > RATIO_FREE && m->inflated / w->lim->max[LIMIT_inflate_ratio] > m->wire) {
		limit_hit(w->lim, LIMIT_inflate_ratio);
		return true;
	}
	return false;
}

/* Past the ceiling of a message inflating goes on, since later ones refer to what comes out. */
static void inflate_bytes(struct ws *w, struct side *p, struct span s)
{
	struct inflater *i = &p->inflater;
	struct message *m = &p->message;
	size_t made;
	int r;

	i->z.next_in = (Bytef *)s.ptr;
	i->z.avail_in = (uInt)s.len;
	do {
		i->fed |= i->z.avail_in != 0;
		i->z.next_out = w->scratch->out;
		i->z.avail_out = SCRATCH_OUT;
		r = inflate(&i->z, Z_SYNC_FLUSH);
		made = SCRATCH_OUT - i->z.avail_out;
		m->inflated += made;
		buf_add(&m->data, span_of(w->scratch->out, made));
		if (r == Z_STREAM_END) {
			/* RFC 7692 section 7.2.3.4: a sender may end the stream with any
			 * message. The window outlives it. */
			r = inflateResetKeep(&i->z);
			i->fed = false;
		}
		m->stuck = (r != Z_OK && r != Z_BUF_ERROR) || too_much(w, m);
	} while (!m->stuck && (i->z.avail_in || made == SCRATCH_OUT));
}

/* RFC 7692 section 7.2.2: the sender took these bytes off. Without input there is nothing that
 * they could complete. They make no text: where some comes of them, the data was broken off. */
static void inflate_tail(struct ws *w, struct side *p)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	struct message *m = &p->message;
	size_t had = m->data.len;

	if (!p->inflater.fed)
		return;
	inflate_bytes(w, p, span_of(tail, sizeof(tail)));
	if (m->data.len == had && (p->inflater.z.data_type & BETWEEN_BLOCKS))
		return;
	m->stuck = true;
	m->data.len = had;
}

/* ---- messages ---- */

/* Hands out the message under way, if there is one. `cut`: its end has not come. */
static void give(struct ws *w, struct side *p, uint64_t ts, bool cut)
{
	struct message *m = &p->message;

	if (!m->open)
		return;
	m->open = false;
	if (m->data.full)
		limit_hit(w->lim, LIMIT_event);
	if (m->compressed && (cut || m->stuck))
		p->inflater.stale = true;
	if (m->stuck && !m->data.len)
		w->unread += m->wire;
	cut |= m->cut || m->stuck || m->data.full;
	if (w->out->message)
		w->out->message(w->arg, w->id, p->from, ts, buf_span(&m->data), cut);
	if (m->data.cap > KEEP_MAX)
		buf_done(&m->data);
	buf_reset(&m->data);
}

static void end_message(struct ws *w, struct side *p, uint64_t ts)
{
	if (p->message.compressed && !p->message.stuck)
		inflate_tail(w, p);
	give(w, p, ts, false);
}

/* A gap, or a loss, fell into the message. */
static void message_torn(struct message *m)
{
	m->cut = true;
	m->stuck |= m->compressed;
}

/* The header of a data frame has come. */
static void begin_data(struct ws *w, struct side *p, uint64_t ts)
{
	struct message *m = &p->message;
	bool first = p->frame.opcode != OP_MORE;

	p->lost = false;
	if (m->open && !first)
		return;
	/* If a message is still open here, its final frame was lost. */
	give(w, p, ts, true);
	*m = (struct message){ .open = true, .data = m->data };
	if (first) {
		m->compressed = p->frame.rsv == RSV1;
		m->stuck = m->compressed && !inflater_begin(w, p);
	} else {
		/* Its first frame was lost, and with it whether it is compressed. */
		m->compressed = w->setup.deflate;
		message_torn(m);
	}
}

static void take_data(struct ws *w, struct side *p, struct span s)
{
	struct message *m = &p->message;
	uint64_t at = p->frame.len - p->left;
	size_t had = m->data.len;

	m->wire += s.len;
	if (!m->compressed) {
		buf_add(&m->data, s);
		unmask(&p->frame, at, (uint8_t *)m->data.ptr + had, m->data.len - had);
		return;
	}
	while (s.len && !m->stuck) {
		struct span piece = span_first(s, SCRATCH_IN);

		memcpy(w->scratch->in, piece.ptr, piece.len);
		unmask(&p->frame, at, w->scratch->in, piece.len);
		inflate_bytes(w, p, span_of(w->scratch->in, piece.len));
		at += piece.len;
		s = span_from(s, piece.len);
	}
}

/* ---- a direction ---- */

static void end_ws(struct ws *w, uint64_t ts)
{
	if (w->ended)
		return;
	w->ended = true;
	if (w->out->closed)
		w->out->closed(w->arg, w->id, ts);
}

static void stop(struct ws *w, struct side *p, uint64_t ts)
{
	w->unread += p->nheader;
	p->nheader = 0;
	p->state = S_STOPPED;
	give(w, p, ts, true);
}

static void lose(struct ws *w, struct side *p, uint64_t ts)
{
	bool past_end = p->state == S_PAYLOAD && !is_control(&p->frame) && p->frame.fin;

	w->unread += p->nheader;
	p->nheader = 0;
	p->state = S_LOST;
	p->lost = true;
	/* Whole messages may be missing, whose text later ones refer to. */
	p->inflater.stale = true;
	message_torn(&p->message);
	if (past_end)
		give(w, p, ts, true);
}

static void end_frame(struct ws *w, struct side *p, uint64_t ts)
{
	p->state = S_HEADER;
	if (!is_control(&p->frame)) {
		if (p->frame.fin)
			end_message(w, p, ts);
		return;
	}
	if (p->frame.opcode != OP_CLOSE)
		return;
	p->closed = true;
	stop(w, p, ts);
	if (w->side[0].closed && w->side[1].closed)
		end_ws(w, ts);
}

/* Where framing was lost, the order of frames cannot be held against them. */
static bool may_come(const struct ws *w, const struct side *p, const struct frame *f)
{
	return is_sane(&w->setup, f) &&
	       (is_control(f) || p->lost || p->message.open == (f->opcode == OP_MORE));
}

/* A frame's header breaks a rule: of the connection, or else of a guess where frames begin. */
static void bad_header(struct ws *w, struct side *p, uint64_t ts)
{
	if (p->guessed) {
		lose(w, p, ts);
		return;
	}
	w->protocol_error |= !w->setup.unknown || !is_reserved(&p->frame);
	stop(w, p, ts);
}

static void in_header(struct ws *w, struct side *p, uint64_t ts, struct span *s)
{
	p->header[p->nheader++] = s->ptr[0];
	*s = span_from(*s, 1);
	if (!frame_read(span_of(p->header, p->nheader), &p->frame))
		return;
	if (!may_come(w, p, &p->frame)) {
		bad_header(w, p, ts);
		return;
	}
	p->nheader = 0;
	p->masks = p->frame.masked;
	p->left = p->frame.len;
	p->state = S_PAYLOAD;
	if (!is_control(&p->frame))
		begin_data(w, p, ts);
	if (!p->left)
		end_frame(w, p, ts);
}

static void in_payload(struct ws *w, struct side *p, uint64_t ts, struct span *s)
{
	struct span part = span_first(*s, p->left < s->len ? (size_t)p->left : s->len);

	if (!is_control(&p->frame))
		take_data(w, p, part);
	*s = span_from(*s, part.len);
	p->left -= part.len;
	if (!p->left)
		end_frame(w, p, ts);
}

/* ---- finding frames again ---- */

/* `s`, the last frame of a span, goes on behind it; `n` is the length of its header, 0 when that
 * does too. Some programs read or write the header, or its first two bytes, with a call of its
 * own; else only what looks like JSON is trusted. */
static bool begins_frame(const struct frame *f, struct span s, size_t n, bool alone)
{
	uint8_t first;

	if (f->opcode != OP_TEXT && f->opcode != OP_BINARY)
		return false;
	if (alone && (s.len == 2 || s.len == n))
		return true;
	if (!n || s.len == n || f->opcode != OP_TEXT || f->rsv)
		return false;
	first = s.ptr[n];
	unmask(f, 0, &first, 1);
	return first == '{';
}

static bool looks_like_frames(const struct ws *w, const struct side *p, struct span s)
{
	bool alone = true;

	while (s.len) {
		struct frame f;
		size_t n = frame_read(s, &f);

		if (s.len < 2 || f.masked != p->masks || !is_sane(&w->setup, &f) ||
		    f.len > w->lim->max[LIMIT_event])
			return false;
		if (!n || f.len > s.len - n)
			return (!n || f.minimal) && begins_frame(&f, s, n, alone);
		if (!f.minimal)
			return false;
		s = span_from(s, n + (size_t)f.len);
		alone = false;
	}
	return true;
}

/* ---- the face ---- */

void ws_feed(struct ws *w, enum http_msg from, uint64_t ts_ns, struct span s)
{
	struct side *p = &w->side[from];

	if (p->state == S_LOST && s.len && looks_like_frames(w, p, s)) {
		p->state = S_HEADER;
		p->guessed = true;
	}
	while (s.len && (p->state == S_HEADER || p->state == S_PAYLOAD))
		if (p->state == S_HEADER)
			in_header(w, p, ts_ns, &s);
		else
			in_payload(w, p, ts_ns, &s);
	w->unread += s.len;
}

void ws_gap(struct ws *w, enum http_msg from, uint64_t ts_ns, uint64_t nbytes)
{
	struct side *p = &w->side[from];

	if (p->state == S_STOPPED)
		return;
	if (p->state != S_PAYLOAD || !nbytes || nbytes > p->left) {
		lose(w, p, ts_ns);
		return;
	}
	if (!is_control(&p->frame))
		message_torn(&p->message);
	p->left -= nbytes;
	if (!p->left)
		end_frame(w, p, ts_ns);
}

void ws_close(struct ws *w, uint64_t ts_ns)
{
	for (int m = 0; m < 2; m++)
		if (w->side[m].state != S_STOPPED)
			stop(w, &w->side[m], ts_ns);
	end_ws(w, ts_ns);
}

/* SPDX-License-Identifier: MIT */
/* Each direction is a state machine over frame headers and counted payloads; a message gathers the
 * payloads of its frames, control frames may come between them.
 *
 * Where bytes are missing: inside a payload the count goes on over the hole. Elsewhere sync is
 * lost, and found again where a later span looks like frames, because programs write a frame with a
 * call of its own. Messages deflated with one window cannot be read before the window is known
 * again: inflating begins anew with each of them until one refers to nothing before it. */
#include "http/ws.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/ws_frame.h"

#define SCRATCH_IN  (8u << 10)
#define SCRATCH_OUT (32u << 10)
/* Memory of a message past this is freed rather than kept for the next one. */
#define KEEP_MAX (64u << 10)
/* As for bodies: below this, output says nothing about a bomb. */
#define RATIO_FREE (1u << 20)
/* Of z_stream.data_type: inflate stopped between two blocks. */
#define BETWEEN_BLOCKS 128

enum state {
	S_HEADER,
	S_PAYLOAD, /* `left` bytes of it are to come */
	S_DESYNC,  /* waits for a span that looks like frames */
	S_STOPPED, /* closed, or not understood any more */
};

struct ws_message {
	bool open; /* begun, and not emitted */
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
	bool stale; /* its window differs from the other end's */
	bool fed;   /* took input since a message, or a deflated stream, ended */
};

struct side {
	enum http_msg from;
	enum state state;
	uint8_t header[WS_FRAME_HEADER_MAX];
	size_t nheader;
	struct ws_frame frame;
	uint64_t left;
	bool resyncing; /* sync was lost, and no data frame was seen since */
	bool guessed;	/* sync was lost once and found again by the looks of frames */
	bool masks;	/* whether its frames are masked, as far as seen */
	bool closed;	/* a close frame was seen */
	struct ws_message message;
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

static bool too_much(struct ws *w, const struct ws_message *m)
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

/* Past the ceiling of a message inflating goes on, because later ones refer to its text. */
static void inflate_bytes(struct ws *w, struct side *p, struct span s)
{
	struct inflater *i = &p->inflater;
	struct ws_message *m = &p->message;
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

/* RFC 7692 section 7.2.2: the sender took these bytes off. Without input they complete nothing.
 * They make no text: if some comes of them, the data was incomplete. */
static void inflate_tail(struct ws *w, struct side *p)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	struct ws_message *m = &p->message;
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

/* Emits the message under way, if there is one. `cut`: its end is missing. */
static void emit_message(struct ws *w, struct side *p, uint64_t ts, bool cut)
{
	struct ws_message *m = &p->message;

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
	emit_message(w, p, ts, false);
}

/* Bytes of the message are missing. */
static void message_torn(struct ws_message *m)
{
	m->cut = true;
	m->stuck |= m->compressed;
}

/* The header of a data frame has come. */
static void begin_data(struct ws *w, struct side *p, uint64_t ts)
{
	struct ws_message *m = &p->message;
	bool first = p->frame.opcode != WS_OP_MORE;

	p->resyncing = false;
	if (m->open && !first)
		return;
	/* If a message is still open here, its final frame was lost. */
	emit_message(w, p, ts, true);
	*m = (struct ws_message){ .open = true, .data = m->data };
	if (first) {
		m->compressed = p->frame.rsv == WS_FRAME_RSV1;
		m->stuck = m->compressed && !inflater_begin(w, p);
	} else {
		/* Its first frame is missing, and with it whether it is compressed. */
		m->compressed = w->setup.deflate;
		message_torn(m);
	}
}

static void take_data(struct ws *w, struct side *p, struct span s)
{
	struct ws_message *m = &p->message;
	uint64_t at = p->frame.len - p->left;
	size_t had = m->data.len;

	m->wire += s.len;
	if (!m->compressed) {
		buf_add(&m->data, s);
		ws_frame_unmask(&p->frame, at, (uint8_t *)m->data.ptr + had, m->data.len - had);
		return;
	}
	while (s.len && !m->stuck) {
		struct span piece = span_first(s, SCRATCH_IN);

		memcpy(w->scratch->in, piece.ptr, piece.len);
		ws_frame_unmask(&p->frame, at, w->scratch->in, piece.len);
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
	emit_message(w, p, ts, true);
}

static void tell_lost(struct ws *w, const struct side *p)
{
	if (w->out->lost)
		w->out->lost(w->arg, w->id, p->from);
}

static void desync(struct ws *w, struct side *p, uint64_t ts)
{
	bool past_end = p->state == S_PAYLOAD && !ws_frame_is_control(&p->frame) && p->frame.fin;

	w->unread += p->nheader;
	p->nheader = 0;
	p->state = S_DESYNC;
	p->resyncing = true;
	/* Whole messages may be missing whose text later ones refer to. */
	p->inflater.stale = true;
	message_torn(&p->message);
	if (past_end)
		emit_message(w, p, ts, true);
	tell_lost(w, p);
}

static void end_frame(struct ws *w, struct side *p, uint64_t ts)
{
	p->state = S_HEADER;
	if (!ws_frame_is_control(&p->frame)) {
		if (p->frame.fin)
			end_message(w, p, ts);
		return;
	}
	if (p->frame.opcode != WS_OP_CLOSE)
		return;
	p->closed = true;
	stop(w, p, ts);
	if (w->side[0].closed && w->side[1].closed)
		end_ws(w, ts);
}

/* After a loss of sync, the order of frames proves nothing. */
static bool may_come(const struct ws *w, const struct side *p, const struct ws_frame *f)
{
	return ws_frame_is_valid(&w->setup, f) && (ws_frame_is_control(f) || p->resyncing ||
						   p->message.open == (f->opcode == WS_OP_MORE));
}

/* A frame's header breaks a rule: of the connection, or else of a guess where frames begin. */
static void bad_header(struct ws *w, struct side *p, uint64_t ts)
{
	if (p->guessed) {
		desync(w, p, ts);
		return;
	}
	w->protocol_error |= !w->setup.unknown || !ws_frame_is_reserved(&p->frame);
	stop(w, p, ts);
}

static void in_header(struct ws *w, struct side *p, uint64_t ts, struct span *s)
{
	p->header[p->nheader++] = s->ptr[0];
	*s = span_from(*s, 1);
	if (!ws_frame_read(span_of(p->header, p->nheader), &p->frame))
		return;
	if (!may_come(w, p, &p->frame)) {
		bad_header(w, p, ts);
		return;
	}
	p->nheader = 0;
	p->masks = p->frame.masked;
	p->left = p->frame.len;
	p->state = S_PAYLOAD;
	if (!ws_frame_is_control(&p->frame))
		begin_data(w, p, ts);
	if (!p->left)
		end_frame(w, p, ts);
}

static void in_payload(struct ws *w, struct side *p, uint64_t ts, struct span *s)
{
	struct span part = span_first(*s, p->left < s->len ? (size_t)p->left : s->len);

	if (!ws_frame_is_control(&p->frame))
		take_data(w, p, part);
	*s = span_from(*s, part.len);
	p->left -= part.len;
	if (!p->left)
		end_frame(w, p, ts);
}

/* ---- the face ---- */

void ws_feed(struct ws *w, enum http_msg from, uint64_t ts_ns, struct span s)
{
	struct side *p = &w->side[from];

	if (p->state == S_DESYNC && s.len &&
	    ws_frames_begin(s, &w->setup, p->masks, w->lim->max[LIMIT_event])) {
		p->state = S_HEADER;
		p->guessed = true;
		tell_lost(w, p);
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
	if (w->out->hole)
		w->out->hole(w->arg, w->id, from, ts_ns, nbytes);
	if (p->state != S_PAYLOAD || !nbytes || nbytes > p->left) {
		desync(w, p, ts_ns);
		return;
	}
	if (!ws_frame_is_control(&p->frame))
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

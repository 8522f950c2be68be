/* SPDX-License-Identifier: MIT */
/* Each direction is a state machine over frames. Payload of DATA is passed on as it lies in the
 * fed span; header blocks go to http/h2_block.h as they come, so no frame is ever held whole.
 *
 * Where bytes are missing inside a frame's payload, its length shows where the next one begins.
 * Elsewhere sync is lost until http/h2_start.h finds a frame again. A message that was open then
 * may lack an unknown number of bytes, so it gets a gap of 0 bytes when more of it comes. */
#include "http/h2.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/h2_block.h"
#include "http/h2_start.h"
#include "http/h2streams.h"

#define PREFIX_MAX 9

enum state {
	S_PREFACE,
	S_HEAD,	   /* a frame's header; `got` bytes of it are in `small` */
	S_PREFIX,  /* the front of its payload, in `small` too, `need` bytes in all */
	S_PAYLOAD, /* `left` bytes of content, then `pad` of padding */
	S_WAIT,	   /* a response came before its request: all is held */
	S_DESYNC,  /* looks for the border of a frame */
};

struct half {
	enum http_msg msg; /* what this direction carries */
	enum state state;
	bool guessed;	  /* the border of frames was found by looks, not followed from the start */
	size_t frame_max; /* longest payload that the receiver allows; 0: not known */
	struct h2frame frame;
	uint8_t small[PREFIX_MAX];
	size_t got, need;
	uint32_t left, pad;
	bool torn; /* bytes of this frame are missing, and where its content is, is not known */
	struct h2_block block;
	struct buf hold;  /* S_WAIT, S_DESYNC */
	uint32_t awaited; /* S_WAIT: the stream */
};

struct h2 {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	struct half half[2]; /* by what they were fed as */
	struct h2streams streams;
	uint32_t last_opened; /* highest stream of a request */
	bool in_sync;	      /* every frame was seen: an unknown stream is over */
	bool is_server, roles_known;
	bool over, protocol_error;
	uint64_t unread;
};

/* ---- life ---- */

struct h2 *h2_new(struct limits *lim, bool from_start, bool is_server, const struct http_out *out,
		  void *arg)
{
	struct h2 *h = xcalloc(1, sizeof(*h));

	*h = (struct h2){ .lim = lim, .out = out, .arg = arg, .is_server = is_server };
	h->in_sync = h->roles_known = from_start;
	h2streams_init(&h->streams, lim, out, arg);
	for (int m = 0; m < 2; m++) {
		struct half *p = &h->half[m];

		p->msg = (enum http_msg)m;
		p->state = !from_start ? S_DESYNC : m == HTTP_REQUEST ? S_PREFACE : S_HEAD;
		p->frame_max = from_start ? H2FRAME_MAX : 0;
		p->block.hpack = hpack_new(lim, from_start);
		buf_init(&p->hold, lim->max[LIMIT_reorder]);
	}
	return h;
}

void h2_free(struct h2 *h)
{
	if (!h)
		return;
	for (int m = 0; m < 2; m++) {
		hpack_free(h->half[m].block.hpack);
		buf_done(&h->half[m].hold);
	}
	h2streams_done(&h->streams);
	free(h);
}

bool h2_protocol_error(const struct h2 *h)
{
	return h->protocol_error;
}

uint64_t h2_unread_bytes(const struct h2 *h)
{
	return h->unread;
}

static struct half *other_half(struct h2 *h, const struct half *p)
{
	return &h->half[p == &h->half[0]];
}

static struct half *response_half(struct h2 *h)
{
	return &h->half[h->half[0].msg == HTTP_REQUEST];
}

/* The stream that a header block or DATA frame belongs to, opened if it is new; NULL when it is
 * over, or pushed. */
static struct h2stream *stream_for(struct h2 *h, const struct half *p, uint32_t wire, bool block,
				   uint64_t ts)
{
	bool fresh = p->msg == HTTP_REQUEST && block && wire > h->last_opened;
	struct h2stream *s = wire % 2 ? h2streams_find(&h->streams, wire) : NULL;

	if (s || wire % 2 == 0)
		return s;
	if (h->in_sync ? !fresh : h2streams_is_gone(&h->streams, wire))
		return NULL;
	if (p->msg == HTTP_REQUEST && wire > h->last_opened)
		h->last_opened = wire;
	return h2streams_open(&h->streams, wire, ts);
}

/* ---- when framing breaks or bytes are missing ---- */

static void protocol_error(struct h2 *h, uint64_t ts)
{
	h->over = h->protocol_error = true;
	for (int m = 0; m < 2; m++) {
		h->unread += h->half[m].hold.len;
		buf_done(&h->half[m].hold);
	}
	h2streams_end_all(&h->streams, ts, HTTP_END_ERROR);
}

static void block_end(struct h2 *h, struct half *p, uint64_t ts);

/* Sync is lost. A header block under way is emitted as far as it came. */
static void desync(struct h2 *h, struct half *p, uint64_t ts)
{
	h2_block_gap(&p->block);
	other_half(h, p)->frame_max = 0; /* SETTINGS may have been among what is missing */
	h->in_sync = false;
	h->streams.desyncs[p->msg]++;
	p->state = S_DESYNC;
	if (p->block.stream)
		block_end(h, p, ts);
}

/* A rule is broken: by the connection, or else by a wrong guess of where its frames begin. */
static void violation(struct h2 *h, struct half *p, uint64_t ts)
{
	if (p->guessed)
		desync(h, p, ts);
	else
		protocol_error(h, ts);
}

/* ---- header blocks ---- */

/* A head shows which way it goes. Where a wrong guess had been made, what was emitted so far cannot
 * be taken back: it ends here. */
static void check_roles(struct h2 *h, struct half *p, const struct hpack_head *head, uint64_t ts)
{
	if (h->roles_known || head->asks == head->answers)
		return;
	h->roles_known = true;
	if (head->asks == (p->msg == HTTP_REQUEST))
		return;
	h2streams_end_all(&h->streams, ts, HTTP_END_CUT);
	h->is_server = !h->is_server;
	if (h->out->role)
		h->out->role(h->arg, h->is_server);
	h->half[0].msg = HTTP_RESPONSE;
	h->half[1].msg = HTTP_REQUEST;
	h->last_opened = 0;
}

/* Whether a block, of a message that has none yet, is its head, or else its trailer. Pseudo-header
 * fields come first, and only in heads (RFC 9113 section 8.3). */
static bool is_head(const struct h2 *h, const struct half *p, const struct hpack_head *b)
{
	return h->in_sync || b->asks || b->answers || (b->start_unknown && !p->block.ends);
}

static void emit_head(struct h2 *h, struct half *p, struct h2stream *s, uint64_t ts,
		      struct http_head *head)
{
	head->msg = p->msg;
	head->stream = s->wire;
	if ((p->msg == HTTP_REQUEST ? !head->method.len : !head->status) && !head->unseen)
		head->cut = true;
	h2streams_touch(&h->streams, s, p->msg);
	h->out->head(h->arg, s->id, ts, head);
}

static void block_end(struct h2 *h, struct half *p, uint64_t ts)
{
	uint32_t wire = p->block.stream;
	struct hpack_head b;
	struct h2stream *s;
	bool interim;

	h2_block_end(&p->block, &b);
	if (p->block.pushed)
		return;
	check_roles(h, p, &b, ts);
	s = stream_for(h, p, wire, true, ts);
	if (!s || s->side[p->msg].ended) {
		h->unread += p->block.bytes;
		return;
	}
	interim = b.head.status >= 100 && b.head.status < 200 && !p->block.ends;
	if (!s->side[p->msg].begun && !interim && is_head(h, p, &b))
		emit_head(h, p, s, ts, &b.head);
	else if (p->block.ends && p->msg == HTTP_RESPONSE && h->out->trailer)
		h->out->trailer(h->arg, s->id, ts, &b.head);
	if (p->block.ends)
		h2streams_complete(&h->streams, s, p->msg, ts);
}

/* ---- bodies ---- */

/* `part`, or where that is empty `missing` bytes, of the message that the frame belongs to. */
static void emit_body(struct h2 *h, struct half *p, uint64_t ts, struct span part, uint64_t missing)
{
	struct h2stream *s = stream_for(h, p, p->frame.stream, false, ts);
	bool unsure;

	if (!s || s->side[p->msg].ended) {
		h->unread += part.len;
		return;
	}
	unsure = h2streams_touch(&h->streams, s, p->msg);
	if (unsure && part.len)
		h->out->gap(h->arg, s->id, p->msg, ts, 0);
	if (part.len)
		h->out->body(h->arg, s->id, p->msg, ts, part);
	else
		h->out->gap(h->arg, s->id, p->msg, ts, missing);
}

/* ---- connection frames ---- */

/* Section 6.8: the server ignores, and will ignore, streams past the last one named. */
static void read_goaway(struct h2 *h, struct half *p, uint64_t ts)
{
	uint32_t last = h2frame_goaway_last(p->small);
	struct h2stream *s;

	while (p->msg == HTTP_RESPONSE && (s = h2streams_next(&h->streams, last)))
		h2streams_end(&h->streams, s, ts, HTTP_END_CUT);
}

/* ---- frames ---- */

/* All of the frame is there, or counted as missing. */
static void frame_end(struct h2 *h, struct half *p, uint64_t ts)
{
	struct h2stream *s = h2streams_find(&h->streams, p->frame.stream);

	p->state = S_HEAD;
	p->got = 0;
	switch (p->frame.type) {
	case H2FRAME_DATA:
		if (s && p->frame.flags & H2FRAME_END_STREAM)
			h2streams_complete(&h->streams, s, p->msg, ts);
		break;
	case H2FRAME_HEADERS:
	case H2FRAME_PUSH_PROMISE:
	case H2FRAME_CONTINUATION:
		if (p->frame.flags & H2FRAME_END_HEADERS)
			block_end(h, p, ts);
		break;
	case H2FRAME_RST_STREAM:
		if (s)
			h2streams_end(&h->streams, s, ts, HTTP_END_CUT);
		break;
	case H2FRAME_GOAWAY:
		if (!p->torn)
			read_goaway(h, p, ts);
		break;
	}
}

/* The prefix is in `small`. */
static void begin_payload(struct h2 *h, struct half *p, uint64_t ts)
{
	p->pad = h2frame_padding(&p->frame, p->small);
	if (p->pad > p->left) {
		violation(h, p, ts);
		return;
	}
	p->left -= p->pad;
	p->state = S_PAYLOAD;
	p->got = 0;
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

static void begin_frame(struct h2 *h, struct half *p, uint64_t ts)
{
	const struct h2frame *f = &p->frame;

	if (!h2_block_allows(&p->block, f)) {
		violation(h, p, ts);
		return;
	}
	if (h2frame_is_block(f) && !h2_block_frame(&p->block, f)) {
		limit_hit(h->lim, LIMIT_head);
		protocol_error(h, ts);
		return;
	}
	p->need = h2frame_prefix(f);
	p->left = f->len - (uint32_t)p->need;
	p->pad = 0;
	p->got = 0;
	p->torn = false;
	p->state = S_PREFIX;
	if (!p->need)
		begin_payload(h, p, ts);
}

/* Moves bytes to `small` until `want` are there. */
static bool gather(struct half *p, size_t want, struct span *s)
{
	struct span part = span_first(*s, want - p->got);

	memcpy(p->small + p->got, part.ptr, part.len);
	p->got += part.len;
	*s = span_from(*s, part.len);
	return p->got == want;
}

/* A server's frame for a stream that no request opened, although none was missed: its request
 * was captured late. */
static bool must_wait(const struct h2 *h, const struct half *p)
{
	return h->in_sync && p->msg == HTTP_RESPONSE && p->frame.stream % 2 &&
	       p->frame.stream > h->last_opened;
}

static void in_head(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	if (!gather(p, H2FRAME_HEAD, s))
		return;
	p->frame = h2frame_read(p->small);
	if (!h2frame_valid(&p->frame) || (p->frame_max && p->frame.len > p->frame_max)) {
		violation(h, p, ts);
	} else if (must_wait(h, p)) {
		p->awaited = p->frame.stream;
		p->state = S_WAIT;
		buf_add(&p->hold, span_of(p->small, H2FRAME_HEAD));
	} else {
		begin_frame(h, p, ts);
	}
}

/* Pairs that describe what their sender wants of the other direction. */
static void take_settings(struct h2 *h, struct half *p, struct span part)
{
	struct half *o = other_half(h, p);

	while (part.len && !p->torn && gather(p, H2FRAME_SETTING, &part)) {
		size_t max = h2frame_setting_max(p->small);

		/* Frames under way may still be of the old size: only a larger one counts. */
		if (max > o->frame_max)
			o->frame_max = max;
		p->got = 0;
	}
}

static void take_content(struct h2 *h, struct half *p, uint64_t ts, struct span part)
{
	switch (p->frame.type) {
	case H2FRAME_DATA:
		if (p->torn)
			h->unread += part.len;
		else
			emit_body(h, p, ts, part, 0);
		break;
	case H2FRAME_HEADERS:
	case H2FRAME_PUSH_PROMISE:
	case H2FRAME_CONTINUATION:
		h2_block_feed(&p->block, part);
		break;
	case H2FRAME_SETTINGS:
		take_settings(h, p, part);
		break;
	}
}

static void in_payload(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span part = span_first(*s, p->left), rest = span_from(*s, part.len);
	struct span pad = span_first(rest, p->pad);

	if (part.len < p->left)
		pad.len = 0;
	*s = span_from(rest, pad.len);
	p->left -= (uint32_t)part.len;
	p->pad -= (uint32_t)pad.len;
	if (part.len)
		take_content(h, p, ts, part);
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

static void in_preface(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	if (!h2_preface_take(&p->got, s)) {
		protocol_error(h, ts);
	} else if (p->got == h2_preface.len) {
		p->got = 0;
		p->state = S_HEAD;
	}
}

/* ---- what is held ---- */

static void feed_half(struct h2 *h, struct half *p, uint64_t ts, struct span s);

static void feed_held(struct h2 *h, struct half *p, enum state state, uint64_t ts)
{
	struct buf held = p->hold;

	buf_init(&p->hold, held.max);
	p->state = state;
	p->got = 0;
	feed_half(h, p, ts, buf_span(&held));
	buf_done(&held);
}

/* Goes on with the response direction, if it waits for nothing any more. */
static void end_wait(struct h2 *h, uint64_t ts)
{
	struct half *p = response_half(h);

	if (p->state == S_WAIT && (!h->in_sync || p->awaited <= h->last_opened) && !h->over)
		feed_held(h, p, S_HEAD, ts);
}

/* From here on an unknown stream may be one whose beginning was missed. */
static void out_of_sync(struct h2 *h, uint64_t ts)
{
	h->in_sync = false;
	end_wait(h, ts);
}

static void in_wait(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span all = *s;
	size_t before = p->hold.len;

	*s = span_of(NULL, 0);
	if (buf_add(&p->hold, all) == 0)
		return;
	limit_hit(h->lim, LIMIT_reorder);
	*s = span_from(all, p->hold.len - before);
	out_of_sync(h, ts);
}

static void in_desync(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	size_t max = p->frame_max > H2FRAME_MAX ? p->frame_max : H2FRAME_MAX;
	enum h2_start start = h2_resync(&p->hold, *s, max, p->msg == HTTP_REQUEST, &h->unread);

	*s = span_of(NULL, 0);
	if (start == H2_START_FRAMES) {
		p->guessed = true;
		feed_held(h, p, S_HEAD, ts);
	} else if (start == H2_START_PREFACE) {
		/* A client begins here: nothing of this direction was missed. */
		p->guessed = false;
		hpack_free(p->block.hpack);
		p->block.hpack = hpack_new(h->lim, true);
		h->roles_known = true;
		feed_held(h, p, S_PREFACE, ts);
	}
}

/* ---- the face ---- */

static void feed_half(struct h2 *h, struct half *p, uint64_t ts, struct span s)
{
	bool was_desync = p->state == S_DESYNC;

	/* Where sync is lost inside a span, it is looked for at the beginning of the next one. */
	while (!h->over && s.len && (was_desync || p->state != S_DESYNC)) {
		switch (p->state) {
		case S_PREFACE:
			in_preface(h, p, ts, &s);
			break;
		case S_HEAD:
			in_head(h, p, ts, &s);
			break;
		case S_PREFIX:
			if (gather(p, p->need, &s))
				begin_payload(h, p, ts);
			break;
		case S_PAYLOAD:
			in_payload(h, p, ts, &s);
			break;
		case S_WAIT:
			in_wait(h, p, ts, &s);
			break;
		case S_DESYNC:
			in_desync(h, p, ts, &s);
			break;
		}
	}
	h->unread += s.len;
}

void h2_feed(struct h2 *h, enum http_msg m, uint64_t ts_ns, struct span s)
{
	feed_half(h, &h->half[m], ts_ns, s);
	end_wait(h, ts_ns);
}

/* Bytes are missing in the payload of a frame, and not past its end. */
static void gap_in_frame(struct h2 *h, struct half *p, uint64_t ts, uint64_t nbytes)
{
	bool in_prefix = p->state == S_PREFIX;
	uint32_t part;

	if (in_prefix) {
		/* How much is padding is not known: nothing of the content can be used. */
		p->left += (uint32_t)(p->need - p->got);
		p->got = 0;
		p->state = S_PAYLOAD;
		p->torn = true;
	}
	part = nbytes < p->left ? (uint32_t)nbytes : p->left;
	p->left -= part;
	p->pad -= (uint32_t)nbytes - part;
	if (p->frame.type == H2FRAME_SETTINGS && part) {
		p->torn = true;
		other_half(h, p)->frame_max = 0;
	}
	if (p->block.stream && part)
		h2_block_gap(&p->block);
	if (p->frame.type == H2FRAME_DATA && part)
		emit_body(h, p, ts, span_of(NULL, 0), in_prefix ? 0 : part);
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

/* A gap goes past the current frame: reports the part of it that lies inside. */
static void gap_to_frame_end(struct h2 *h, struct half *p, uint64_t ts)
{
	if (p->frame.type == H2FRAME_DATA && p->state == S_PAYLOAD && !p->torn && p->left)
		emit_body(h, p, ts, span_of(NULL, 0), p->left);
}

void h2_gap(struct h2 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct half *p = &h->half[m];
	bool in_frame;
	uint64_t room;

	if (!h->over && p->state == S_WAIT)
		out_of_sync(h, ts_ns);
	if (h->over)
		return;
	in_frame = p->state == S_PREFIX || p->state == S_PAYLOAD;
	room = (uint64_t)p->left + p->pad + (p->state == S_PREFIX ? p->need - p->got : 0);
	if (in_frame && nbytes <= room) {
		gap_in_frame(h, p, ts_ns, nbytes);
		return;
	}
	h->unread += p->hold.len + (p->state == S_HEAD || p->state == S_PREFACE ? p->got : 0);
	buf_reset(&p->hold);
	if (in_frame)
		gap_to_frame_end(h, p, ts_ns);
	desync(h, p, ts_ns);
	end_wait(h, ts_ns);
}

void h2_close(struct h2 *h, uint64_t ts_ns, bool ended)
{
	if (!h->over)
		out_of_sync(h, ts_ns);
	for (int m = 0; m < 2 && !h->over; m++) {
		struct half *p = &h->half[m];

		h->unread += p->hold.len + (p->state == S_HEAD ? p->got : 0);
		buf_reset(&p->hold);
		if (!p->block.stream)
			continue;
		/* The rest of the block does not come: what is there is shown. */
		h2_block_gap(&p->block);
		p->block.ends = false;
		block_end(h, p, ts_ns);
	}
	h2streams_end_all(&h->streams, ts_ns, HTTP_END_CUT);
	h->over = true;
}

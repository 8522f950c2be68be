/* SPDX-License-Identifier: MIT */
/* Each direction is a state machine over frames. Payload of DATA is passed on as it lies in the
 * fed span; header blocks go to http/hpack.h as they come, so no frame is ever held whole.
 *
 * Where bytes are missing inside a frame's payload, its length says where the next one begins.
 * Elsewhere the grid of frames is lost, until a span begins like frames: programs begin a frame
 * with a write of their own. A message that was open meanwhile may lack bytes of which the number
 * is not known, so it is given a gap of 0 bytes when more of it comes. */
#include "http/h2.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/h2frame.h"
#include "http/h2streams.h"
#include "http/hpack.h"

/* CONTINUATION frames of one header block. */
#define CONTINUATIONS_MAX 1024
/* While the grid is lost, so many bytes are held at most until a frame is whole. */
#define LOST_MAX   (64u << 10)
#define PREFIX_MAX 9

static const struct span preface = SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

enum state {
	S_PREFACE,
	S_HEAD,	   /* a frame's header; `got` bytes of it are in `small` */
	S_PREFIX,  /* the front of its payload, in `small` too, `need` bytes in all */
	S_PAYLOAD, /* `left` bytes of content, then `pad` of padding */
	S_WAIT,	   /* a response came before its request: all is held */
	S_LOST,	   /* looks for the grid */
};

struct half {
	enum http_msg msg; /* what this direction carries */
	enum state state;
	bool guessed;	  /* the grid was found, not followed from the start */
	size_t frame_max; /* longest payload that the receiver allows; 0: not known */
	struct h2frame frame;
	uint8_t small[PREFIX_MAX];
	size_t got, need;
	uint32_t left, pad;
	bool torn; /* bytes of this frame are missing, and of its content not all can be told */
	/* The header block under way: that of stream `block`, 0 for none. */
	uint32_t block;
	bool block_ends, block_pushed; /* END_STREAM; PUSH_PROMISE */
	unsigned continuations;
	uint64_t block_bytes;
	struct hpack *hpack;
	struct buf hold;  /* S_WAIT, S_LOST */
	uint32_t awaited; /* S_WAIT: the stream */
};

struct h2 {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	struct half half[2]; /* by what they were fed as */
	struct h2streams streams;
	uint32_t last_opened; /* highest stream of a request */
	bool in_step;	      /* every frame was seen: a stream that is not known is over */
	bool is_server, roles_known;
	bool over, protocol_error;
	uint64_t unread;
};

/* `max`: longest payload of a frame. */
static enum h2_start start_of(struct span s, size_t max)
{
	static const enum h2_start of_grid[] = {
		[H2FRAME_GRID_NO] = H2_START_NO,
		[H2FRAME_GRID_MORE] = H2_START_MORE,
		[H2FRAME_GRID_YES] = H2_START_FRAMES,
	};

	if (span_starts(s, preface))
		return H2_START_PREFACE;
	if (span_starts(preface, s))
		return H2_START_MORE;
	return of_grid[h2frame_grid(s, max)];
}

enum h2_start h2_start(struct span s)
{
	return start_of(s, H2FRAME_MAX);
}

/* ---- life ---- */

struct h2 *h2_new(struct limits *lim, bool from_start, bool is_server, const struct http_out *out,
		  void *arg)
{
	struct h2 *h = xcalloc(1, sizeof(*h));

	h->lim = lim;
	h->out = out;
	h->arg = arg;
	h->is_server = is_server;
	h2streams_init(&h->streams, lim, out, arg);
	h->in_step = h->roles_known = from_start;
	for (int m = 0; m < 2; m++) {
		struct half *p = &h->half[m];

		p->msg = (enum http_msg)m;
		p->state = !from_start ? S_LOST : m == HTTP_REQUEST ? S_PREFACE : S_HEAD;
		p->frame_max = from_start ? H2FRAME_MAX : 0;
		p->hpack = hpack_new(lim, from_start);
		buf_init(&p->hold, lim->max[LIMIT_reorder]);
	}
	return h;
}

void h2_free(struct h2 *h)
{
	if (!h)
		return;
	for (int m = 0; m < 2; m++) {
		hpack_free(h->half[m].hpack);
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
	if (h->in_step ? !fresh : h2streams_is_gone(&h->streams, wire))
		return NULL;
	if (p->msg == HTTP_REQUEST && wire > h->last_opened)
		h->last_opened = wire;
	return h2streams_open(&h->streams, wire, ts);
}

/* ---- when framing breaks or bytes are missing ---- */

static void garbage(struct h2 *h, uint64_t ts)
{
	h->over = h->protocol_error = true;
	for (int m = 0; m < 2; m++) {
		h->unread += h->half[m].hold.len;
		buf_done(&h->half[m].hold);
	}
	h2streams_end_all(&h->streams, ts, HTTP_END_ERROR);
}

static void block_end(struct h2 *h, struct half *p, uint64_t ts);

/* The grid is lost. A header block under way is given out as far as it came. */
static void lose(struct h2 *h, struct half *p, uint64_t ts)
{
	hpack_lose(p->hpack);
	other_half(h, p)->frame_max = 0; /* SETTINGS may have been among what is missing */
	h->in_step = false;
	h->streams.losses[p->msg]++;
	p->state = S_LOST;
	if (p->block)
		block_end(h, p, ts);
}

/* A rule was broken: by the connection, or else by our guess of where its frames begin. */
static void bad(struct h2 *h, struct half *p, uint64_t ts)
{
	if (p->guessed)
		lose(h, p, ts);
	else
		garbage(h, ts);
}

/* ---- header blocks ---- */

/* A head says which way it goes. Where that was a guess and a wrong one, what was given out so
 * far cannot be taken back: it ends here. */
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

/* Whether a block is the head of a message of which nothing was seen yet, or else its trailer.
 * Pseudo-header fields come first, and only in heads (RFC 9113 section 8.3). */
static bool is_head(const struct h2 *h, const struct half *p, const struct hpack_head *b)
{
	return h->in_step || b->asks || b->answers || (b->starts_lost && !p->block_ends);
}

static void give_head(struct h2 *h, struct half *p, struct h2stream *s, uint64_t ts,
		      struct http_head *head)
{
	head->msg = p->msg;
	head->stream = s->wire;
	if (p->msg == HTTP_REQUEST ? !head->method.len : !head->status)
		head->cut = true;
	h2streams_touch(&h->streams, s, p->msg);
	h->out->head(h->arg, s->id, ts, head);
}

static void block_end(struct h2 *h, struct half *p, uint64_t ts)
{
	uint32_t wire = p->block;
	struct hpack_head b;
	struct h2stream *s;
	bool interim;

	hpack_end(p->hpack, &b);
	p->block = 0;
	if (p->block_pushed)
		return;
	check_roles(h, p, &b, ts);
	s = stream_for(h, p, wire, true, ts);
	if (!s || s->side[p->msg].ended) {
		h->unread += p->block_bytes;
		return;
	}
	interim = b.head.status >= 100 && b.head.status < 200 && !p->block_ends;
	if (!s->side[p->msg].begun && !interim && is_head(h, p, &b))
		give_head(h, p, s, ts, &b.head);
	if (p->block_ends)
		h2streams_complete(&h->streams, s, p->msg, ts);
}

static void block_begin(struct half *p)
{
	p->block = p->frame.stream;
	p->block_pushed = p->frame.type == H2FRAME_PUSH_PROMISE;
	p->block_ends = !p->block_pushed && p->frame.flags & H2FRAME_END_STREAM;
	p->block_bytes = 0;
	p->continuations = 0;
	hpack_begin(p->hpack);
}

/* ---- bodies ---- */

/* `part`, or where that is empty `missing` bytes, of the message that the frame belongs to. */
static void give_body(struct h2 *h, struct half *p, uint64_t ts, struct span part, uint64_t missing)
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

#define SETTINGS_MAX_FRAME_SIZE 5

/* One of the pairs: what its sender wants of the other direction. */
static void read_setting(struct h2 *h, struct half *p)
{
	struct cursor c = { .rest = span_of(p->small, 6) };
	struct half *o = other_half(h, p);
	uint64_t name = cursor_be(&c, 2), value = cursor_be(&c, 4);

	/* Frames that are under way may still be of the old size: only a larger one counts. */
	if (name == SETTINGS_MAX_FRAME_SIZE && value >= H2FRAME_MAX && value <= 0xffffff &&
	    value > o->frame_max)
		o->frame_max = (size_t)value;
}

/* Section 6.8: streams past the one named were not, and will not be, taken up. */
static void read_goaway(struct h2 *h, struct half *p, uint64_t ts)
{
	struct cursor c = { .rest = span_of(p->small, 4) };
	uint32_t last = (uint32_t)cursor_be(&c, 4) & 0x7fffffff;
	struct h2stream *s;

	while (p->msg == HTTP_RESPONSE && (s = h2streams_next(&h->streams, last)))
		h2streams_end(&h->streams, s, ts, HTTP_END_CUT);
}

/* ---- frames ---- */

static void data_end(struct h2 *h, struct half *p, uint64_t ts)
{
	struct h2stream *s = h2streams_find(&h->streams, p->frame.stream);

	if (s && p->frame.flags & H2FRAME_END_STREAM)
		h2streams_complete(&h->streams, s, p->msg, ts);
}

/* All of the frame is there, or counted as missing. */
static void frame_end(struct h2 *h, struct half *p, uint64_t ts)
{
	struct h2stream *s;

	p->state = S_HEAD;
	p->got = 0;
	switch (p->frame.type) {
	case H2FRAME_DATA:
		data_end(h, p, ts);
		break;
	case H2FRAME_HEADERS:
	case H2FRAME_PUSH_PROMISE:
	case H2FRAME_CONTINUATION:
		if (p->frame.flags & H2FRAME_END_HEADERS)
			block_end(h, p, ts);
		break;
	case H2FRAME_RST_STREAM:
		s = h2streams_find(&h->streams, p->frame.stream);
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
	bool can_pad = p->frame.type == H2FRAME_DATA || p->frame.type == H2FRAME_HEADERS ||
		       p->frame.type == H2FRAME_PUSH_PROMISE;

	p->pad = can_pad && p->frame.flags & H2FRAME_PADDED ? p->small[0] : 0;
	if (p->pad > p->left) {
		bad(h, p, ts);
		return;
	}
	p->left -= p->pad;
	p->state = S_PAYLOAD;
	p->got = 0;
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

/* Sections 6.2 and 6.10: nothing but its CONTINUATION frames comes between a block's frames. */
static bool is_in_order(const struct half *p)
{
	if (p->frame.type == H2FRAME_CONTINUATION)
		return p->block && p->block == p->frame.stream;
	return !p->block;
}

static void begin_frame(struct h2 *h, struct half *p, uint64_t ts)
{
	const struct h2frame *f = &p->frame;

	if (!is_in_order(p)) {
		bad(h, p, ts);
		return;
	}
	if (f->type == H2FRAME_CONTINUATION && ++p->continuations > CONTINUATIONS_MAX) {
		limit_hit(h->lim, LIMIT_head);
		garbage(h, ts);
		return;
	}
	if (f->type == H2FRAME_HEADERS || f->type == H2FRAME_PUSH_PROMISE)
		block_begin(p);
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
	return h->in_step && p->msg == HTTP_RESPONSE && p->frame.stream % 2 &&
	       p->frame.stream > h->last_opened;
}

static void in_head(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	if (!gather(p, H2FRAME_HEAD, s))
		return;
	p->frame = h2frame_read(p->small);
	if (!h2frame_valid(&p->frame) || (p->frame_max && p->frame.len > p->frame_max)) {
		bad(h, p, ts);
	} else if (must_wait(h, p)) {
		p->awaited = p->frame.stream;
		p->state = S_WAIT;
		buf_add(&p->hold, span_of(p->small, H2FRAME_HEAD));
	} else {
		begin_frame(h, p, ts);
	}
}

static void give_content(struct h2 *h, struct half *p, uint64_t ts, struct span part)
{
	switch (p->frame.type) {
	case H2FRAME_DATA:
		if (p->torn)
			h->unread += part.len;
		else
			give_body(h, p, ts, part, 0);
		break;
	case H2FRAME_HEADERS:
	case H2FRAME_PUSH_PROMISE:
	case H2FRAME_CONTINUATION:
		p->block_bytes += part.len;
		hpack_feed(p->hpack, part);
		break;
	case H2FRAME_SETTINGS:
		while (part.len && !p->torn)
			if (gather(p, 6, &part)) {
				read_setting(h, p);
				p->got = 0;
			}
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
		give_content(h, p, ts, part);
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

static void in_preface(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	struct span part = span_first(*s, preface.len - p->got);

	if (!span_eq(part, span_first(span_from(preface, p->got), part.len))) {
		garbage(h, ts);
		return;
	}
	*s = span_from(*s, part.len);
	p->got += part.len;
	if (p->got < preface.len)
		return;
	p->got = 0;
	p->state = S_HEAD;
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

/* The response direction goes on, if it waits for nothing any more. */
static void end_wait(struct h2 *h, uint64_t ts)
{
	struct half *p = response_half(h);

	if (p->state == S_WAIT && (!h->in_step || p->awaited <= h->last_opened) && !h->over)
		feed_held(h, p, S_HEAD, ts);
}

/* From here on a stream that is not known may be one whose beginning was missed. */
static void out_of_step(struct h2 *h, uint64_t ts)
{
	h->in_step = false;
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
	out_of_step(h, ts);
}

static enum h2_start look(const struct half *p, struct span s)
{
	size_t max = p->frame_max > H2FRAME_MAX ? p->frame_max : H2FRAME_MAX;
	enum h2_start start = start_of(s, max);

	/* Only a client says the preface. */
	return start == H2_START_PREFACE && p->msg == HTTP_RESPONSE ? H2_START_NO : start;
}

/* What is held, and `s`, are not understood. */
static void pass_over(struct h2 *h, struct half *p, struct span *s)
{
	h->unread += p->hold.len + s->len;
	buf_reset(&p->hold);
	*s = span_of(NULL, 0);
}

/* What may be the beginning of a frame is held until it is whole. */
static void in_lost(struct h2 *h, struct half *p, uint64_t ts, struct span *s)
{
	size_t before = p->hold.len;
	enum h2_start start;

	if ((!before && look(p, *s) == H2_START_NO) || s->len > p->hold.max - before) {
		pass_over(h, p, s);
		return;
	}
	buf_add(&p->hold, *s);
	start = look(p, buf_span(&p->hold));
	if (start == H2_START_NO) {
		/* What was held was none; this span may yet be. */
		h->unread += before;
		buf_drop(&p->hold, before);
		start = look(p, buf_span(&p->hold));
	}
	*s = span_of(NULL, 0);
	if (start == H2_START_NO || (start == H2_START_MORE && p->hold.len > LOST_MAX))
		pass_over(h, p, s);
	if (start == H2_START_NO || start == H2_START_MORE)
		return;
	p->guessed = start == H2_START_FRAMES;
	if (start == H2_START_FRAMES) {
		feed_held(h, p, S_HEAD, ts);
		return;
	}
	/* A client begins here: nothing of this direction was missed. */
	hpack_free(p->hpack);
	p->hpack = hpack_new(h->lim, true);
	h->roles_known = true;
	feed_held(h, p, S_PREFACE, ts);
}

/* ---- the face ---- */

static void feed_half(struct h2 *h, struct half *p, uint64_t ts, struct span s)
{
	bool was_lost = p->state == S_LOST;

	/* Where the grid was lost inside a span, it is looked for at the beginning of the next. */
	while (!h->over && s.len && (was_lost || p->state != S_LOST)) {
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
		case S_LOST:
			in_lost(h, p, ts, &s);
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
	if (p->block && part)
		hpack_lose(p->hpack);
	if (p->frame.type == H2FRAME_DATA && part)
		give_body(h, p, ts, span_of(NULL, 0), in_prefix ? 0 : part);
	if (!p->left && !p->pad)
		frame_end(h, p, ts);
}

/* Of a gap that goes past a frame, what the frame tells of it. */
static void gap_to_frame_end(struct h2 *h, struct half *p, uint64_t ts)
{
	if (p->frame.type == H2FRAME_DATA && p->state == S_PAYLOAD && !p->torn && p->left)
		give_body(h, p, ts, span_of(NULL, 0), p->left);
}

void h2_gap(struct h2 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct half *p = &h->half[m];
	bool in_frame;
	uint64_t room;

	if (!h->over && p->state == S_WAIT)
		out_of_step(h, ts_ns);
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
	lose(h, p, ts_ns);
	end_wait(h, ts_ns);
}

void h2_close(struct h2 *h, uint64_t ts_ns, bool ended)
{
	if (!h->over)
		out_of_step(h, ts_ns);
	for (int m = 0; m < 2 && !h->over; m++) {
		struct half *p = &h->half[m];

		h->unread += p->hold.len + (p->state == S_HEAD ? p->got : 0);
		buf_reset(&p->hold);
		if (!p->block)
			continue;
		/* The rest of the block does not come: what is there is shown. */
		hpack_lose(p->hpack);
		p->block_ends = false;
		block_end(h, p, ts_ns);
	}
	h2streams_end_all(&h->streams, ts_ns, HTTP_END_CUT);
	h->over = true;
}

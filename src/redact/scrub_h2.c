/* SPDX-License-Identifier: MIT */
#include "redact/scrub_h2.h"

/* Of a server's first SETTINGS frame; as many settings as h2frame_aligned takes for some. */
#define FIRST_MAX (6 * 32)

static const struct span preface = SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

enum state {
	S_START, /* `got` bytes of a preface or of a SETTINGS frame's header are in `small` */
	S_OTHER,
	S_PREFACE, /* in one that was found later */
	S_HEAD,	   /* in a frame's header, likewise */
	S_PREFIX,  /* in the front of its payload, likewise, of `need` bytes */
	S_PAYLOAD,
	S_LOST,
};

enum scrub_h2_is scrub_h2_is(const struct scrub_h2 *b)
{
	switch ((enum state)b->state) {
	case S_START:
		return H2BLANK_IS_OPEN;
	case S_OTHER:
		return H2BLANK_IS_OTHER;
	case S_LOST:
		return H2BLANK_IS_LOST;
	case S_PREFACE:
	case S_HEAD:
	case S_PREFIX:
	case S_PAYLOAD:
		break;
	}
	return H2BLANK_IS_H2;
}

static void enter(struct scrub_h2 *b, enum state state)
{
	b->state = (uint8_t)state;
	b->got = 0;
}

void scrub_h2_desync(struct scrub_h2 *b)
{
	enter(b, S_LOST);
	b->sure = false;
	b->block = b->data_stream = 0;
	scrub_hpack_desync(&b->fields);
	scrub_hpack_end(&b->fields);
}

/* ---- frames ---- */

/* Bodies that take turns are read anew with each. */
static void blank_body(struct scrub_h2 *b, uint8_t *bytes, size_t len)
{
	if (b->data_stream != b->frame.stream)
		redact_stream_init(&b->data, REDACT_TEXT);
	b->data_stream = b->frame.stream;
	redact_stream_blank(&b->data, bytes, len);
}

static bool has_block(const struct h2frame *f)
{
	return f->type == H2FRAME_HEADERS || f->type == H2FRAME_PUSH_PROMISE ||
	       f->type == H2FRAME_CONTINUATION;
}

static void end_frame(struct scrub_h2 *b)
{
	enter(b, S_HEAD);
	if (!has_block(&b->frame))
		return;
	b->block = b->frame.stream;
	if (b->frame.flags & H2FRAME_END_HEADERS) {
		b->block = 0;
		scrub_hpack_end(&b->fields);
	}
}

/* The prefix is in `small`. False where padding is longer than the frame. */
static bool begin_payload(struct scrub_h2 *b)
{
	if (b->need && b->frame.flags & H2FRAME_PADDED)
		b->pad = b->small[0];
	if (b->pad > b->left)
		return false;
	b->left -= b->pad;
	enter(b, S_PAYLOAD);
	if (!b->left && !b->pad)
		end_frame(b);
	return true;
}

/* The header is in `small`. False where a rule is broken: the frame is malformed, or comes inside
 * of another's header block (RFC 9113 section 6.10). */
static bool begin_frame(struct scrub_h2 *b)
{
	const struct h2frame *f = &b->frame;

	b->frame = h2frame_read(b->small);
	if (!h2frame_valid(f) || (f->type == H2FRAME_CONTINUATION) != (b->block != 0) ||
	    (b->block && f->stream != b->block))
		return false;
	/* What is in front of other frames' content makes no difference here. */
	b->need = has_block(f) || f->type == H2FRAME_DATA ? (uint8_t)h2frame_prefix(f) : 0;
	b->left = f->len - b->need;
	b->pad = 0;
	enter(b, S_PREFIX);
	return b->need || begin_payload(b);
}

/* ---- the beginning ---- */

/* The first bytes, as far as they go: a client's preface or a server's SETTINGS frame. */
static void in_start(struct scrub_h2 *b, uint8_t c)
{
	struct span s;

	b->small[b->got++] = c;
	s = span_of(b->small, b->got);
	if (span_starts(preface, s)) {
		if (s.len == preface.len) {
			b->sure = true;
			enter(b, S_HEAD);
		}
		return;
	}
	if (h2frame_aligned(s, FIRST_MAX) == H2FRAME_ALIGNED_NO ||
	    (s.len > 3 && s.ptr[3] != H2FRAME_SETTINGS)) {
		b->state = S_OTHER;
	} else if (s.len == H2FRAME_HEAD) {
		b->sure = true;
		begin_frame(b);
	}
}

/* The same for a span behind which nothing is known. A frame and the header of another, or what
 * h2frame_aligned takes for frames, are more than chance. */
enum scrub_h2_align scrub_h2_align(struct span s)
{
	enum h2frame_aligned aligned = h2frame_aligned(s, H2FRAME_MAX);
	struct h2frame f;

	if (span_starts(s, preface) || aligned == H2FRAME_ALIGNED_YES)
		return H2BLANK_LOOK_YES;
	if (aligned == H2FRAME_ALIGNED_NO || s.len < H2FRAME_HEAD)
		return H2BLANK_LOOK_NO;
	f = h2frame_read(s.ptr);
	return f.len && s.len >= 2 * H2FRAME_HEAD + f.len ? H2BLANK_LOOK_YES : H2BLANK_LOOK_MAYBE;
}

static void in_lost(struct scrub_h2 *b, struct span s)
{
	enum scrub_h2_align look = scrub_h2_align(s);

	if (look == H2BLANK_LOOK_NO)
		return;
	b->sure = look == H2BLANK_LOOK_YES;
	enter(b, span_starts(s, preface) ? S_PREFACE : S_HEAD);
}

/* ---- bytes ---- */

/* Moves bytes to `small`; whether `need` are there. */
static bool gather(struct scrub_h2 *b, struct span *s, size_t need)
{
	struct span part = span_first(*s, need - b->got);

	memcpy(b->small + b->got, part.ptr, part.len);
	b->got += (uint8_t)part.len;
	*s = span_from(*s, part.len);
	return b->got == need;
}

static void in_payload(struct scrub_h2 *b, uint8_t *bytes, struct span *s)
{
	struct span part = span_first(*s, b->left), rest = span_from(*s, part.len), pad;

	b->left -= (uint32_t)part.len;
	pad = span_first(rest, b->left ? 0 : b->pad);
	b->pad -= (uint32_t)pad.len;
	*s = span_from(rest, pad.len);
	if (has_block(&b->frame))
		scrub_hpack_feed(&b->fields, bytes, part.len);
	else if (b->frame.type == H2FRAME_DATA)
		blank_body(b, bytes, part.len);
	if (!b->left && !b->pad)
		end_frame(b);
}

/* The header of a frame was read, and ends `after` the span's beginning. A guess becomes sure by a
 * second header at the place that the first one told. That has to be whole in this span: what is
 * stored begins with it. Returns whether it was this one. */
static bool becomes_sure(struct scrub_h2 *b, bool first, size_t after)
{
	struct span head = span_of(b->small, H2FRAME_HEAD);

	if (b->sure || first || b->block || after < H2FRAME_HEAD ||
	    h2frame_aligned(head, H2FRAME_MAX) == H2FRAME_ALIGNED_NO)
		return false;
	b->sure = true;
	return true;
}

/* Takes bytes off the front of `s`, which stands at `bytes`. False when frames were lost. */
static bool step(struct scrub_h2 *b, uint8_t *bytes, struct span *s)
{
	switch ((enum state)b->state) {
	case S_START:
		in_start(b, s->ptr[0]);
		*s = span_from(*s, 1);
		return true;
	case S_PREFACE:
		if (gather(b, s, preface.len))
			enter(b, S_HEAD);
		return true;
	case S_HEAD:
		return !gather(b, s, H2FRAME_HEAD) || begin_frame(b);
	case S_PREFIX:
		return !gather(b, s, b->need) || begin_payload(b);
	case S_PAYLOAD:
		in_payload(b, bytes, s);
		return true;
	case S_OTHER:
	case S_LOST:
		break;
	}
	return false;
}

struct scrub_h2_part scrub_h2_feed(struct scrub_h2 *b, uint8_t *bytes, size_t len)
{
	struct span s = span_of(bytes, len);
	struct scrub_h2_part part = { 0 };
	bool guess = b->state == S_LOST;

	if (guess)
		in_lost(b, s);
	while (s.len && b->state != S_OTHER) {
		size_t at = len - s.len;
		bool in_head = b->state == S_HEAD;

		if (!step(b, bytes + at, &s)) {
			/* What broke the rule is stored: a reader is to see it too. */
			part.len = b->sure ? len - s.len - part.at : 0;
			scrub_h2_desync(b);
			return part;
		}
		at = len - s.len;
		if (in_head && b->state != S_HEAD &&
		    becomes_sure(b, guess && at == H2FRAME_HEAD, at))
			part.at = at - H2FRAME_HEAD;
	}
	part.len = b->sure && b->state != S_OTHER ? len - part.at : 0;
	return part;
}

/* ---- what is missing ---- */

void scrub_h2_gap(struct scrub_h2 *b, uint64_t nbytes)
{
	uint32_t room = b->left + b->pad, part;

	if (b->state == S_PREFIX)
		room += (uint32_t)(b->need - b->got);
	if (b->state == S_OTHER)
		return;
	if ((b->state != S_PREFIX && b->state != S_PAYLOAD) || nbytes > room) {
		scrub_h2_desync(b);
		return;
	}
	if (b->state == S_PREFIX) {
		/* How much is padding is not known: all of it is taken for the block. */
		b->left = room;
		enter(b, S_PAYLOAD);
	}
	b->data_stream = 0;
	part = nbytes < b->left ? (uint32_t)nbytes : b->left;
	b->left -= part;
	b->pad -= (uint32_t)nbytes - part;
	if (part && has_block(&b->frame))
		scrub_hpack_desync(&b->fields);
	if (!b->left && !b->pad)
		end_frame(b);
}

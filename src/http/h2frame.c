/* SPDX-License-Identifier: MIT */
#include "http/h2frame.h"

#define SETTINGS_MAX_FRAME_SIZE 5

/* Connection settings: a handful of pairs of 6 bytes; more than this is no SETTINGS frame. */
#define SETTINGS_MAX (6 * 32)

struct rule {
	uint8_t flags;	      /* those defined */
	bool stream;	      /* belongs to a stream; else to the connection */
	uint32_t least, most; /* bytes of payload; 0: no upper bound */
};

static const struct rule rules[] = {
	[H2FRAME_DATA] = { .flags = H2FRAME_END_STREAM | H2FRAME_PADDED, .stream = true },
	[H2FRAME_HEADERS] = { .flags = H2FRAME_END_STREAM | H2FRAME_END_HEADERS | H2FRAME_PADDED |
				       H2FRAME_WITH_PRIORITY,
			      .stream = true },
	[H2FRAME_PRIORITY] = { .stream = true, .least = 5, .most = 5 },
	[H2FRAME_RST_STREAM] = { .stream = true, .least = 4, .most = 4 },
	[H2FRAME_SETTINGS] = { .flags = H2FRAME_ACK },
	[H2FRAME_PUSH_PROMISE] = { .flags = H2FRAME_END_HEADERS | H2FRAME_PADDED,
				   .stream = true,
				   .least = 4 },
	[H2FRAME_PING] = { .flags = H2FRAME_ACK, .least = 8, .most = 8 },
	[H2FRAME_GOAWAY] = { .least = 8 },
	[H2FRAME_WINDOW_UPDATE] = { .least = 4, .most = 4 },
	[H2FRAME_CONTINUATION] = { .flags = H2FRAME_END_HEADERS, .stream = true },
};
#define RULES (sizeof(rules) / sizeof(*rules))

struct h2frame h2frame_read(const uint8_t head[H2FRAME_HEAD])
{
	struct cursor c = { .rest = span_of(head, H2FRAME_HEAD) };
	struct h2frame f = { 0 };

	f.len = (uint32_t)cursor_be(&c, 3);
	f.type = (uint8_t)cursor_be(&c, 1);
	f.flags = (uint8_t)cursor_be(&c, 1);
	f.stream = (uint32_t)cursor_be(&c, 4) & 0x7fffffff;
	return f;
}

size_t h2frame_prefix(const struct h2frame *f)
{
	size_t padded = f->flags & H2FRAME_PADDED ? 1 : 0;

	switch (f->type) {
	case H2FRAME_DATA:
		return padded;
	case H2FRAME_HEADERS:
		return padded + (f->flags & H2FRAME_WITH_PRIORITY ? 5 : 0);
	case H2FRAME_PUSH_PROMISE:
		return padded + 4;
	case H2FRAME_GOAWAY:
		return 8;
	}
	return 0;
}

uint8_t h2frame_padding(const struct h2frame *f, const uint8_t *prefix)
{
	bool can_pad = f->type == H2FRAME_DATA || f->type == H2FRAME_HEADERS ||
		       f->type == H2FRAME_PUSH_PROMISE;

	return can_pad && f->flags & H2FRAME_PADDED ? prefix[0] : 0;
}

bool h2frame_is_block(const struct h2frame *f)
{
	return f->type == H2FRAME_HEADERS || f->type == H2FRAME_PUSH_PROMISE ||
	       f->type == H2FRAME_CONTINUATION;
}

size_t h2frame_setting_max(const uint8_t pair[H2FRAME_SETTING])
{
	struct cursor c = { .rest = span_of(pair, H2FRAME_SETTING) };
	uint64_t name = cursor_be(&c, 2), value = cursor_be(&c, 4);

	if (name != SETTINGS_MAX_FRAME_SIZE || value < H2FRAME_MAX || value > 0xffffff)
		return 0;
	return (size_t)value;
}

uint32_t h2frame_goaway_last(const uint8_t prefix[4])
{
	struct cursor c = { .rest = span_of(prefix, 4) };

	return (uint32_t)cursor_be(&c, 4) & 0x7fffffff;
}

bool h2frame_valid(const struct h2frame *f)
{
	const struct rule *r = &rules[f->type < RULES ? f->type : 0];

	if (f->type >= RULES)
		return true;
	if (f->len < r->least || (r->most && f->len > r->most) || f->len < h2frame_prefix(f))
		return false;
	if (f->type == H2FRAME_SETTINGS && (f->len % 6 || (f->len && f->flags & H2FRAME_ACK)))
		return false;
	/* WINDOW_UPDATE may be for either. */
	return f->type == H2FRAME_WINDOW_UPDATE || r->stream == (f->stream != 0);
}

/* ---- alignment ---- */

/* Of a header of which `len` bytes are there: the rest reads as zero, which every check passes
 * that looks only at a part that is there. */
static bool is_plausible(const struct h2frame *f, const uint8_t *head, size_t len, size_t max)
{
	if (f->len > max)
		return false;
	if (len < H2FRAME_HEAD)
		return f->type < RULES && !(f->flags & ~rules[f->type].flags);
	if (f->type >= RULES || (f->flags & ~rules[f->type].flags) || !h2frame_valid(f))
		return false;
	/* The reserved bit; and clients' streams are odd, while nobody pushes any more. */
	if ((head[5] & 0x80) || (f->stream && f->stream % 2 == 0))
		return false;
	if (f->type == H2FRAME_SETTINGS && f->len > SETTINGS_MAX)
		return false;
	return f->type != H2FRAME_HEADERS || f->len > h2frame_prefix(f);
}

/* Header blocks are not interrupted, section 6.10. `open`: the stream whose block is, or 0. */
static bool is_in_order(const struct h2frame *f, uint32_t open)
{
	return f->type == H2FRAME_CONTINUATION ? f->stream == open && open : !open;
}

static bool opens_block(const struct h2frame *f)
{
	return h2frame_is_block(f) && !(f->flags & H2FRAME_END_HEADERS);
}

enum h2frame_aligned h2frame_aligned(struct span s, size_t max)
{
	uint32_t open = 0;
	unsigned whole = 0; /* empty frames are too little to count */

	while (s.len) {
		uint8_t head[H2FRAME_HEAD] = { 0 };
		struct span part = span_first(s, H2FRAME_HEAD);
		struct h2frame f;

		memcpy(head, part.ptr, part.len);
		f = h2frame_read(head);
		if (!is_plausible(&f, head, part.len, max))
			return H2FRAME_ALIGNED_NO;
		if (part.len < H2FRAME_HEAD)
			return H2FRAME_ALIGNED_MORE;
		if (!is_in_order(&f, open))
			return H2FRAME_ALIGNED_NO;
		if (s.len - H2FRAME_HEAD < f.len)
			return whole > 1 ? H2FRAME_ALIGNED_YES : H2FRAME_ALIGNED_MORE;
		whole += f.len > 0;
		open = opens_block(&f) ? f.stream : 0;
		s = span_from(s, H2FRAME_HEAD + f.len);
	}
	return whole ? H2FRAME_ALIGNED_YES : H2FRAME_ALIGNED_MORE;
}

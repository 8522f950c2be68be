/* SPDX-License-Identifier: MIT */
#include "http/ws_frame.h"

#include "base/buf.h"
#include "base/utf8.h"

#define CONTROL_MAX 125

size_t ws_frame_read(struct span s, struct ws_frame *ret)
{
	struct cursor c = { .rest = s };
	uint8_t first = (uint8_t)cursor_be(&c, 1), second = (uint8_t)cursor_be(&c, 1);
	uint8_t form = second & 0x7f;

	*ret = (struct ws_frame){
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

bool ws_frame_is_control(const struct ws_frame *f)
{
	return f->opcode >= WS_OP_CLOSE;
}

bool ws_frame_is_valid(const struct ws_setup *setup, const struct ws_frame *f)
{
	if (f->len >> 63)
		return false;
	if (ws_frame_is_control(f))
		return f->opcode <= WS_OP_PONG && f->fin && !f->rsv && f->len <= CONTROL_MAX;
	if (f->rsv)
		return setup->deflate && f->rsv == WS_FRAME_RSV1 &&
		       (f->opcode == WS_OP_TEXT || f->opcode == WS_OP_BINARY);
	return f->opcode <= WS_OP_BINARY;
}

bool ws_frame_is_reserved(const struct ws_frame *f)
{
	return f->rsv || f->opcode > WS_OP_PONG ||
	       (f->opcode > WS_OP_BINARY && !ws_frame_is_control(f));
}

void ws_frame_unmask(const struct ws_frame *f, uint64_t at, uint8_t *bytes, size_t len)
{
	if (f->masked)
		for (size_t i = 0; i < len; i++)
			bytes[i] ^= f->key[(at + i) & 3];
}

static bool is_json_text(const struct ws_frame *f, struct span payload)
{
	struct buf text;
	bool good;

	buf_init(&text, payload.len);
	buf_add(&text, payload);
	ws_frame_unmask(f, 0, (uint8_t *)text.ptr, text.len);
	good = text.len && text.ptr[0] == '{' && utf8_valid(buf_span(&text));
	buf_done(&text);
	return good;
}

bool ws_is_joined(struct span s, struct ws_setup *ret)
{
	bool any = s.len != 0;

	while (s.len) {
		struct ws_frame f;
		size_t n = ws_frame_read(s, &f);

		if (!n || s.ptr[0] != (0x80 | WS_OP_TEXT) || !f.masked || !f.minimal ||
		    f.len > s.len - n || !is_json_text(&f, span_first(span_from(s, n), f.len)))
			return false;
		s = span_from(s, n + f.len);
	}
	if (any)
		*ret = (struct ws_setup){ .deflate = true, .unknown = true };
	return any;
}

/* `s`, the last frame of a span, is incomplete; `n` is the length of its header, 0 when that is
 * incomplete too. Some programs read or write the header, or its first two bytes, with a call of
 * its own; else only what looks like JSON is trusted. */
static bool begins_frame(const struct ws_frame *f, struct span s, size_t n, bool alone)
{
	uint8_t first;

	if (f->opcode != WS_OP_TEXT && f->opcode != WS_OP_BINARY)
		return false;
	if (alone && (s.len == 2 || s.len == n))
		return true;
	if (!n || s.len == n || f->opcode != WS_OP_TEXT || f->rsv)
		return false;
	first = s.ptr[n];
	ws_frame_unmask(f, 0, &first, 1);
	return first == '{';
}

bool ws_frames_begin(struct span s, const struct ws_setup *setup, bool masked, uint64_t max)
{
	bool alone = true;

	while (s.len) {
		struct ws_frame f;
		size_t n = ws_frame_read(s, &f);

		if (s.len < 2 || f.masked != masked || !ws_frame_is_valid(setup, &f) || f.len > max)
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

/* SPDX-License-Identifier: MIT */
#include "http/h1_body.h"

#define CHUNK_LINE_MAX 4096

void h1_body_init(struct h1_body *b, size_t line_max)
{
	*b = (struct h1_body){ .state = H1_BODY_LENGTH };
	buf_init(&b->line, line_max);
}

void h1_body_done(struct h1_body *b)
{
	buf_done(&b->line);
}

void h1_body_begin(struct h1_body *b, const struct h1_framing *f, enum http_msg m)
{
	h1_body_begin_empty(b);
	if (f->chunked)
		b->state = H1_BODY_CHUNK_SIZE;
	else if (f->has_length)
		b->left = f->length;
	else if (m == HTTP_RESPONSE)
		b->state = H1_BODY_UNTIL_CLOSE;
}

void h1_body_begin_empty(struct h1_body *b)
{
	b->state = H1_BODY_LENGTH;
	b->left = 0;
	b->line_at = 0;
	buf_reset(&b->line);
}

bool h1_body_is_empty(const struct h1_body *b)
{
	return b->state == H1_BODY_LENGTH && !b->left;
}

/* ---- the states ---- */

/* Takes a line's bytes up to and with its end. True when the end was among them. */
static bool take_line(struct h1_body *b, struct span *s)
{
	size_t end = span_find(*s, '\n');
	bool whole = end < s->len;

	buf_add(&b->line, span_first(*s, end + whole));
	*s = span_from(*s, end + whole);
	return whole;
}

/* Takes what of `s` belongs to the counted part. */
static struct span take_counted(struct h1_body *b, struct span *s)
{
	struct span part = span_first(*s, b->left < s->len ? (size_t)b->left : s->len);

	*s = span_from(*s, part.len);
	b->left -= part.len;
	return part;
}

/* A chunk's size in hex, without extensions; -1 when it is malformed. */
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

static enum h1_body_step in_chunk_size(struct h1_body *b, struct span *s)
{
	bool whole = take_line(b, s);
	int64_t size;

	if (b->line.len > CHUNK_LINE_MAX)
		return H1_BODY_ERROR;
	if (!whole)
		return H1_BODY_MORE;
	size = read_chunk_size(buf_span(&b->line));
	buf_reset(&b->line);
	if (size < 0)
		return H1_BODY_ERROR;
	b->left = (uint64_t)size;
	b->state = size ? H1_BODY_CHUNK_DATA : H1_BODY_TRAILER;
	return H1_BODY_MORE;
}

static enum h1_body_step in_chunk_end(struct h1_body *b, struct span *s)
{
	uint8_t c = s->ptr[0];

	if (c == '\r' && !b->line.len) {
		buf_addc(&b->line, '\r');
	} else if (c == '\n') {
		buf_reset(&b->line);
		b->state = H1_BODY_CHUNK_SIZE;
	} else {
		return H1_BODY_ERROR;
	}
	*s = span_from(*s, 1);
	return H1_BODY_MORE;
}

/* The empty line behind the trailer fields is the body's end. */
static enum h1_body_step in_trailer(struct h1_body *b, struct span *s)
{
	bool whole = take_line(b, s);
	size_t len = b->line.len - b->line_at;

	if (b->line.full)
		return H1_BODY_ERROR;
	if (!whole)
		return H1_BODY_MORE;
	if (len == 1 || (len == 2 && b->line.ptr[b->line_at] == '\r'))
		return H1_BODY_DONE;
	b->line_at = b->line.len;
	return H1_BODY_MORE;
}

enum h1_body_step h1_body_take(struct h1_body *b, struct span *s, struct span *ret_content)
{
	*ret_content = span_of(NULL, 0);
	switch (b->state) {
	case H1_BODY_LENGTH:
		*ret_content = take_counted(b, s);
		return b->left ? H1_BODY_MORE : H1_BODY_DONE;
	case H1_BODY_CHUNK_SIZE:
		return in_chunk_size(b, s);
	case H1_BODY_CHUNK_DATA:
		*ret_content = take_counted(b, s);
		if (!b->left)
			b->state = H1_BODY_CHUNK_END;
		break;
	case H1_BODY_CHUNK_END:
		return in_chunk_end(b, s);
	case H1_BODY_TRAILER:
		return in_trailer(b, s);
	case H1_BODY_UNTIL_CLOSE:
		*ret_content = *s;
		*s = span_of(NULL, 0);
		break;
	}
	return H1_BODY_MORE;
}

bool h1_body_gap(struct h1_body *b, uint64_t nbytes, enum h1_body_step *ret)
{
	*ret = H1_BODY_MORE;
	if (b->state == H1_BODY_UNTIL_CLOSE)
		return true;
	if ((b->state != H1_BODY_LENGTH && b->state != H1_BODY_CHUNK_DATA) || nbytes > b->left)
		return false;
	b->left -= nbytes;
	if (!b->left && b->state == H1_BODY_LENGTH)
		*ret = H1_BODY_DONE;
	else if (!b->left)
		b->state = H1_BODY_CHUNK_END;
	return true;
}

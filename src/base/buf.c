/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
	free(b->ptr);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->ptr)
		b->ptr[0] = '\0';
}

/* Makes room for `n` more bytes and the NUL; n has been checked against the ceiling. */
static void reserve(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1;
	size_t cap = b->cap ? b->cap : 64;

	if (need <= b->cap)
		return;
	while (cap < need)
		cap += cap / 2 + 64;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->ptr = xrealloc(b->ptr, cap);
	b->cap = cap;
}

int buf_add(struct buf *b, struct span s)
{
	size_t fits = b->max - b->len;
	int err = 0;

	if (s.len > fits) {
		b->full = true;
		s.len = fits;
		err = -ENOBUFS;
	}
	if (s.len == 0 && b->ptr)
		return err;
	reserve(b, s.len);
	if (s.len)
		memcpy(b->ptr + b->len, s.ptr, s.len);
	b->len += s.len;
	b->ptr[b->len] = '\0';
	return err;
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, span_of(&c, 1));
}

int buf_add_le(struct buf *b, uint64_t v, size_t nbytes)
{
	uint8_t le[8];

	put_le(le, v, nbytes);
	return buf_add(b, span_of(le, nbytes));
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, span_str(s));
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	int n, err;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0) {
		err = -EINVAL;
	} else if ((size_t)n < sizeof(small)) {
		err = buf_add(b, span_of(small, (size_t)n));
	} else {
		char *big = xmalloc((size_t)n + 1);

		vsnprintf(big, (size_t)n + 1, fmt, again);
		err = buf_add(b, span_of(big, (size_t)n));
		free(big);
	}
	va_end(again);
	return err;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
	} else if (n) {
		memmove(b->ptr, b->ptr + n, b->len - n);
		b->len -= n;
	}
	if (b->ptr)
		b->ptr[b->len] = '\0';
}

char *buf_take(struct buf *b)
{
	char *out = b->ptr ? b->ptr : xstrdup("");

	b->ptr = NULL;
	b->len = b->cap = 0;
	b->full = false;
	return out;
}

/* SPDX-License-Identifier: MIT */
#include "web/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define LEVEL	    1  /* most of the gain, for a tenth of the time */
#define GZIP_WINDOW 31 /* the largest, in a gzip wrapper */
#define MEMORY	    8  /* zlib's default */

bool gzip_is_taken(struct span accept)
{
	while (accept.len) {
		size_t end = span_find(accept, ',');
		struct span one = span_trim(span_first(accept, end));
		size_t name = span_find(one, ';');

		accept = span_from(accept, end + 1);
		/* "gzip;q=0" refuses it. */
		if (span_caseeq(span_trim(span_first(one, name)), SPAN_LIT("gzip")))
			return !span_ends(one, SPAN_LIT("q=0"));
	}
	return false;
}

int gzip_pack(struct buf *text)
{
	z_stream z = { .next_in = (Bytef *)text->ptr, .avail_in = (uInt)text->len };
	uLong room;
	char *out;
	int err;

	if (text->len > UINT32_MAX / 2 ||
	    deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	room = deflateBound(&z, (uLong)text->len);
	out = malloc(room);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	err = out ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
	if (err == Z_STREAM_END) {
		buf_reset(text);
		text->max = room > text->max ? room : text->max;
		buf_add(text, span_of(out, z.total_out));
	}
	deflateEnd(&z);
	free(out);
	return err == Z_STREAM_END ? 0 : -ENOMEM;
}

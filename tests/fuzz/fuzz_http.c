/* SPDX-License-Identifier: MIT */
/* First byte: flags. Then pieces: a byte for direction and kind, one for its length, its bytes. */
#include <stdlib.h>

#include "http/http.h"
#include "tests/fuzz/fuzz.h"

struct count {
	uint64_t open[2];
};

/* Keeps the compiler from leaving the reading out. */
static volatile uint64_t read_all;

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	uint64_t sum = h->target.len + h->authority.len;

	for (size_t i = 0; i < h->nfields; i++)
		sum += h->fields[i].name.len + h->fields[i].value.len;
	((struct count *)arg)->open[h->msg]++;
	read_all = sum;
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	if (!s.len)
		abort();
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
}

static void on_end(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why)
{
}

static void on_trailer(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	on_head(arg, id, ts_ns, h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_out out = { .head = on_head,
					     .body = on_body,
					     .gap = on_gap,
					     .end = on_end,
					     .trailer = on_trailer };
	struct cursor c = { .rest = span_of(data, size) };
	bool from_start = cursor_be(&c, 1) & 1;
	struct count count = { { 0 } };
	struct limits lim;
	struct http *h;

	limits_init(&lim);
	lim.max[LIMIT_head] = 4096;
	h = http_new(&lim, from_start, &out, &count);
	while (c.rest.len && !c.bad) {
		uint64_t what = cursor_be(&c, 1), len = cursor_be(&c, 1);

		if (what & 2)
			http_gap(h, what & 1 ? DIR_READ : DIR_WRITE, 1, len + 1);
		else
			http_feed(h, what & 1 ? DIR_READ : DIR_WRITE, 1,
				  cursor_take(&c, what & 4	     ? c.rest.len
						  : len < c.rest.len ? len
								     : c.rest.len));
	}
	http_close(h, 2, true);
	(void)http_unread_bytes(h);
	http_free(h);
	return 0;
}

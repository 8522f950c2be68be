/* SPDX-License-Identifier: MIT */
/* First byte: flags; bit 1 puts the preface and two empty SETTINGS in front. Then pieces: a byte
 * for direction and kind, two for the length, its bytes. Asserts the order of callbacks. */
#include <stdlib.h>

#include "http/http.h"
#include "tests/fuzz/fuzz.h"

#define IDS 4096

/* What was seen of each message: 1 begun, 2 has a head, 4 ended. */
struct process_stats {
	uint8_t what[IDS][2];
};

static uint8_t *seen_of(void *arg, uint64_t id, enum http_msg m)
{
	struct process_stats *seen = arg;
	static uint8_t spare;

	spare = 0;
	return id < IDS ? &seen->what[id][m] : &spare;
}

static void check(bool good)
{
	if (!good)
		abort();
}

/* Keeps the compiler from leaving the reading out. */
static volatile uint64_t read_all;

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	uint8_t *what = seen_of(arg, id, h->msg);
	uint64_t sum = h->method.len + h->target.len + h->authority.len;

	check(!*what);
	*what |= 3;
	for (size_t i = 0; i < h->nfields; i++) {
		check(h->fields[i].name.len > 0 || h->version != HTTP_2);
		for (size_t k = 0; k < h->fields[i].name.len; k++)
			sum += h->fields[i].name.ptr[k];
		for (size_t k = 0; k < h->fields[i].value.len; k++)
			sum += h->fields[i].value.ptr[k];
	}
	read_all = sum;
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	uint8_t *what = seen_of(arg, id, m);

	check(s.len && !(*what & 4));
	*what |= 1;
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	uint8_t *what = seen_of(arg, id, m);

	check(!(*what & 4));
	*what |= 1;
}

static void on_end(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why)
{
	uint8_t *what = seen_of(arg, id, m);

	check(!(*what & 4));
	/* Only an answer that never came ends without a beginning. */
	check(*what & 1 || id >= IDS || (m == HTTP_RESPONSE && why == HTTP_END_CUT));
	*what |= 4;
}

static void feed_preface(struct http *h)
{
	static const uint8_t settings[] = { 0, 0, 0, 4, 0, 0, 0, 0, 0 };

	http_feed(h, DIR_WRITE, 1, SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	http_feed(h, DIR_WRITE, 1, span_of(settings, sizeof(settings)));
	http_feed(h, DIR_READ, 1, span_of(settings, sizeof(settings)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_out out = { on_head, on_body, on_gap, on_end };
	struct cursor c = { .rest = span_of(data, size) };
	uint64_t flags = cursor_be(&c, 1);
	struct process_stats *seen = calloc(1, sizeof(*seen));
	struct limits lim;
	struct http *h;

	limits_init(&lim);
	lim.max[LIMIT_head] = 4096;
	lim.max[LIMIT_streams] = 8;
	lim.max[LIMIT_reorder] = 8192;
	h = http_new(&lim, flags & 1, &out, seen);
	if (flags & 2)
		feed_preface(h);
	while (c.rest.len && !c.bad) {
		uint64_t what = cursor_be(&c, 1), len = cursor_be(&c, 2);
		enum dir d = what & 1 ? DIR_READ : DIR_WRITE;

		if (what & 2)
			http_gap(h, d, 1, len + 1);
		else
			http_feed(h, d, 1, cursor_take(&c, len < c.rest.len ? len : c.rest.len));
	}
	http_close(h, 2, true);
	(void)http_unread_bytes(h);
	http_free(h);
	free(seen);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* First byte: which framing in its low bits, and whether checksums are made right first, or else
 * nothing would get past them. Then the body, in which one byte value stands for a gap. Fed whole
 * and byte by byte, with the same outcome. */
#include <stdlib.h>
#include <zlib.h>

#include "http/framing.h"
#include "tests/fuzz/fuzz.h"

#define MEND	  0x80
#define EVENT_MAX 1024

/* What came out, in short. */
struct outcome {
	uint32_t crc;
	uint64_t count, unread, hits;
};

static void on_element(void *arg, struct span name, struct span data, bool cut)
{
	struct outcome *o = arg;
	uint8_t end[] = { cut, (uint8_t)name.len, (uint8_t)data.len, (uint8_t)(data.len >> 8) };

	if (data.len > 6 * EVENT_MAX + 64)
		abort();
	o->crc = (uint32_t)crc32(o->crc, name.len ? name.ptr : end, (uInt)name.len);
	o->crc = (uint32_t)crc32(o->crc, data.len ? data.ptr : end, (uInt)data.len);
	o->crc = (uint32_t)crc32(o->crc, end, sizeof(end));
	o->count++;
}

static struct outcome play(const struct framing_ops *ops, struct span s, uint8_t gap, size_t piece)
{
	struct outcome o = { 0 };
	struct limits lim;
	struct framing *f;

	limits_init(&lim);
	lim.max[LIMIT_event] = EVENT_MAX;
	f = framing_new(ops, &lim, on_element, &o);
	while (s.len) {
		size_t len = span_find(s, gap);

		if (!len) {
			framing_gap(f);
			s = span_from(s, 1);
			continue;
		}
		len = len < piece ? len : piece;
		framing_feed(f, span_first(s, len));
		s = span_from(s, len);
	}
	framing_finish(f);
	o.unread = framing_unread_bytes(f);
	o.hits = lim.hits[LIMIT_event];
	framing_free(f);
	return o;
}

static void put_be(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Makes an event stream of what lies there: each message's lengths, as far as they go, and its
 * checksums. A length whose lowest bits are all set keeps its checksums wrong. */
static void mend(uint8_t *data, size_t size)
{
	while (size >= 16) {
		size_t room = size - 16, left = (data[2] << 8 | data[3]) % (room + 1);
		uint32_t nheaders = (uint32_t)((data[6] << 8 | data[7]) % (left + 1));
		size_t total = 16 + left;

		put_be(data, (uint32_t)total);
		put_be(data + 4, nheaders);
		if (left % 32 != 31) {
			put_be(data + 8, (uint32_t)crc32(0, data, 8));
			put_be(data + total - 4, (uint32_t)crc32(0, data, (uInt)total - 4));
		}
		data += total;
		size -= total;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
#define FRAMING(type, ops) type,
#include "http/framings.def"
#undef FRAMING
	};
	const size_t ntypes = sizeof(types) / sizeof(*types);
	const struct framing_ops *ops = &framing_json_array; /* 0; then the rows; gRPC */
	struct outcome whole, bytes;
	uint8_t *body, gap = 0x01;
	size_t which;

	if (!size)
		return 0;
	which = (data[0] & ~MEND) % (ntypes + 2);
	if (which > ntypes)
		ops = &framing_grpc;
	else if (which)
		ops = framing_find(span_str(types[which - 1]));
	body = malloc(size);
	memcpy(body, data + 1, size - 1);
	if (data[0] & MEND) {
		mend(body, size - 1);
		gap = 0xfe; /* rarer in lengths */
	}
	whole = play(ops, span_of(body, size - 1), gap, SIZE_MAX);
	bytes = play(ops, span_of(body, size - 1), gap, 1);
	if (whole.crc != bytes.crc || whole.count != bytes.count || whole.unread != bytes.unread ||
	    whole.hits != bytes.hits)
		abort();
	free(body);
	return 0;
}

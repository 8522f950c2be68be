/* SPDX-License-Identifier: MIT */
#include "proxy/teller.h"

#include "base/clock.h"

#define FRAGMENT 32768

static void tell(struct teller *t, enum chunk_kind kind, struct span data)
{
	struct chunk c = t->common;

	c.kind = kind;
	c.ts_ns = now_ns();
	c.data = data;
	outlet_chunk(t->outlet, &c);
}

void teller_begin(struct teller *t, struct outlet *o, uint64_t number, const struct owner *who,
		  const struct endpoints *ends, const char *server, bool cleartext)
{
	uint8_t encoded[ENDPOINTS_ENCODED];

	*t = (struct teller){ .outlet = o };
	t->common = (struct chunk){
		.flags = (uint8_t)(CHUNK_FROM_START | (cleartext ? CHUNK_CLEARTEXT : 0)),
		.conn = { (uint32_t)who->pid, number, now_ns() },
		.tid = (uint32_t)who->pid,
		.uid = who->uid,
	};
	snprintf(t->common.comm, sizeof(t->common.comm), "%s", who->name);
	tell(t, CHUNK_PROC, buf_span(&who->process));
	if (ends->family) {
		endpoints_encode(ends, encoded);
		tell(t, CHUNK_ENDPOINTS, span_of(encoded, sizeof(encoded)));
	}
	tell(t, CHUNK_HOST, span_str(server));
}

void teller_data(struct teller *t, enum dir dir, struct span bytes)
{
	while (t->outlet && bytes.len) {
		struct chunk c = t->common;

		c.kind = CHUNK_DATA;
		c.dir = dir;
		c.ts_ns = now_ns();
		c.off = t->said[dir];
		c.data = span_first(bytes, FRAGMENT);
		c.io_len = (uint32_t)c.data.len;
		outlet_chunk(t->outlet, &c);
		t->said[dir] += c.data.len;
		bytes = span_from(bytes, c.data.len);
	}
}

void teller_end(struct teller *t)
{
	struct chunk c = t->common;

	if (!t->outlet)
		return;
	c.kind = CHUNK_CLOSE;
	c.ts_ns = now_ns();
	c.totals[0] = t->said[0];
	c.totals[1] = t->said[1];
	outlet_chunk(t->outlet, &c);
	t->outlet = NULL;
}

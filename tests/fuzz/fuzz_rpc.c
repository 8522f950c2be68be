/* SPDX-License-Identifier: MIT */
/* What two programs write to a pair of pipes: pieces with a byte for direction and kind, one for
 * their length, and their bytes. Messages keep to the ceiling, each exchange that was opened
 * ends, and nothing is kept. */
#include <stdlib.h>

#include "exchange/json.h"
#include "http/rpc.h"
#include "pipeline.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_MAX 3000

struct seen {
	size_t opened, ended;
};

static void on_opened(void *arg, struct exchange *x)
{
	((struct seen *)arg)->opened++;
}

static void on_ended(void *arg, struct exchange *x)
{
	json_t *v = exchange_to_json(x, EXCHANGE_JSON_BODIES);

	if (!v || (x->kind != EXCHANGE_MCP && x->kind != EXCHANGE_ACP))
		abort();
	json_decref(v);
	((struct seen *)arg)->ended++;
}

static const struct observer observer = { .opened = on_opened, .ended = on_ended };

static void on_message(void *arg, enum dir d, uint64_t ts_ns, struct span text, bool cut)
{
	if (text.len > MESSAGE_MAX)
		abort();
}

static void feed(struct pipeline *p, struct rpc *rpc, uint64_t *off, uint64_t ts, uint64_t what,
		 struct span s)
{
	enum dir d = what & 1 ? DIR_READ : DIR_WRITE;
	struct chunk c = { .kind = CHUNK_DATA,
			   .dir = d,
			   .flags = CHUNK_FROM_START | CHUNK_CLEARTEXT | CHUNK_STDIO,
			   .conn = { 10, 77, 5 },
			   .ts_ns = ts,
			   .off = off[d],
			   .io_len = (uint32_t)s.len,
			   .comm = "agent",
			   .data = s };

	off[d] += s.len;
	if (what & 2) {
		c.flags |= CHUNK_MISSING;
		c.missing = (uint32_t)s.len;
		c.data = span_of(NULL, 0);
		rpc_gap(rpc, d, ts);
	} else {
		rpc_feed(rpc, d, ts, s);
	}
	pipeline_chunk(p, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = { .rest = span_of(data, size) };
	uint64_t off[2] = { 0 }, ts = 1000;
	struct seen seen = { 0 };
	struct limits lim;
	struct pipeline *p;
	struct rpc *rpc;
	bool asks;

	(void)rpc_look(c.rest, &asks);
	limits_init(&lim);
	lim.max[LIMIT_event] = MESSAGE_MAX;
	lim.max[LIMIT_exchanges] = 8;
	p = pipeline_new(&lim);
	pipeline_observe(p, &observer, &seen);
	rpc = rpc_new(&lim, on_message, NULL);
	while (c.rest.len && !c.bad) {
		uint64_t what = cursor_be(&c, 1), len = cursor_be(&c, 1);
		struct span s =
			cursor_take(&c, what & 4 || len > c.rest.len ? c.rest.len : (size_t)len);

		if (s.len)
			feed(p, rpc, off, ts++, what, s);
	}
	rpc_close(rpc, ts);
	rpc_free(rpc);
	pipeline_finish(p, UINT64_MAX);
	pipeline_free(p);
	if (seen.opened > seen.ended || limits_memory(&lim))
		abort();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A recording through everything, up to what the sinks write. Its checksums are made right first,
 * or else nothing would get past them. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/limits.h"
#include "pipeline.h"
#include "sink/sink.h"
#include "source/record.h"
#include "source/replay.h"
#include "tests/fuzz/fuzz.h"

enum {
#define SINK(name, symbol) PLACE_##name,
#include "sink/sinks.def"
#undef SINK
	SINKS
};

/* Every sink, without a thread: crashes point at what they are about. */
struct all {
	struct sink *sinks[SINKS];
	struct error e;
};

static void on_request(void *arg, struct exchange *x)
{
	struct exchange *snapshot = exchange_snapshot(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
	struct all *a = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->request && a->sinks[i])
			sinks[i]->request(a->sinks[i], snapshot, &a->e);
	exchange_unref(snapshot);
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	struct exchange *snapshot = exchange_snapshot(x, 0);
	struct all *a = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->delta && a->sinks[i])
			sinks[i]->delta(a->sinks[i], snapshot, d, &a->e);
	exchange_unref(snapshot);
}

static void on_superseded(void *arg, struct exchange *x)
{
	struct all *a = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->superseded && a->sinks[i])
			sinks[i]->superseded(a->sinks[i], x, &a->e);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct exchange *copy = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
	struct all *a = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (a->sinks[i])
			sinks[i]->end(a->sinks[i], copy, &a->e);
	exchange_unref(copy);
}

static const struct observer observer = {
	.request = on_request, .delta = on_delta, .superseded = on_superseded, .ended = on_ended
};

static void mend_checksums(uint8_t *data, size_t size)
{
	size_t at = RECORD_MAGIC_LEN + 4;

	while (at + RECORD_HEAD_LEN <= size) {
		uint8_t *head = data + at;
		size_t len = head[4] | (size_t)head[5] << 8 | (size_t)head[6] << 16;
		uint32_t crc;

		head[7] = 0;
		at += RECORD_HEAD_LEN;
		if (len > size - at)
			return;
		crc = (uint32_t)crc32(0, data + at, (unsigned)len);
		for (int i = 0; i < 4; i++)
			head[8 + i] = (uint8_t)(crc >> 8 * i);
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sink_config config = {
		.mode = size % 2 ? SHOW_RAW : SHOW_SMART, .width = 40, .utf8 = true, .bodies = true
	};
	struct all all = { 0 };
	uint8_t *copy = malloc(size + 1);
	FILE *null = fopen("/dev/null", "w");
	struct error err;
	struct limits lim;
	struct pipeline *p;
	struct replay r;

	memcpy(copy, data, size);
	mend_checksums(copy, size);
	limits_init(&lim);
	lim.max[LIMIT_connections] = 8;
	lim.max[LIMIT_exchanges] = 16;
	config.out = null;
	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->wants & SINK_WRITES)
			sinks[i]->open(&all.sinks[i], &config, &all.e);
	p = pipeline_new(&lim);
	pipeline_observe(p, &observer, &all);
	replay_init(&r);
	replay_feed(&r, span_of(copy, size), pipeline_chunk, p, &err);
	replay_done(&r);
	pipeline_finish(p, UINT64_MAX);
	pipeline_free(p);
	for (size_t i = 0; sinks[i]; i++)
		sinks[i]->free(all.sinks[i]);
	fclose(null);
	free(copy);
	return 0;
}

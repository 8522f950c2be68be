/* SPDX-License-Identifier: MIT */
/* A recording through everything, up to what both sinks write. Its checksums are made right first,
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

struct both {
	struct sink *sinks[2];
};

static void on_request(void *arg, const struct exchange *x)
{
	struct both *b = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->request && sink_shows(SHOW_RAW, x))
			sinks[i]->request(b->sinks[i], x);
}

static void on_delta(void *arg, const struct exchange *x, const struct choice *c,
		     const struct part *p, struct span text)
{
	struct both *b = arg;

	for (size_t i = 0; sinks[i]; i++)
		if (sinks[i]->delta)
			sinks[i]->delta(b->sinks[i], x, c, p, text);
}

static void on_end(void *arg, const struct exchange *x)
{
	struct both *b = arg;

	for (size_t i = 0; sinks[i]; i++)
		sinks[i]->end(b->sinks[i], x);
}

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
	static const struct assembler_out out = { on_request, on_delta, on_end };
	struct sink_options so = {
		.mode = SHOW_RAW, .live = true, .width = 40, .utf8 = true, .bodies = true
	};
	struct both b = { { NULL } };
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
	for (size_t i = 0; sinks[i]; i++)
		b.sinks[i] = sinks[i]->new (null, &so);
	p = pipeline_new(&lim, &out, &b);
	replay_init(&r);
	replay_feed(&r, span_of(copy, size), pipeline_chunk, p, &err);
	replay_done(&r);
	pipeline_finish(p, UINT64_MAX);
	pipeline_free(p);
	for (size_t i = 0; sinks[i]; i++)
		sinks[i]->free(b.sinks[i]);
	fclose(null);
	free(copy);
	return 0;
}

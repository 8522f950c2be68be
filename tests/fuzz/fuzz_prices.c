/* SPDX-License-Identifier: MIT */
/* A file of prices, of any form; then its own beginning as a model's name, and as a usage object.
 * A cost is never negative, and a part of it never more than the whole. */
#include <stdlib.h>

#include "cost/price.h"
#include "tests/fuzz/fuzz.h"

static void ask(const struct prices *p, const char *model)
{
	static const char *const providers[] = { "openai", "bedrock",	  "openrouter", "azure",
						 "gemini", "huggingface", "a",		"local" };
	static const struct usage usages[] = {
		{ .input = 300000,
		  .cached_read = 100,
		  .cache_write_5m = 7,
		  .cache_write_1h = 3,
		  .output = 50,
		  .reasoning = 60,
		  .audio_in = 10,
		  .audio_out = 10,
		  .image_in = 1,
		  .image_out = 1,
		  .total = -1 },
		{ .input = INT64_MAX, .cached_read = INT64_MAX, .output = -1, .total = -1 },
	};

	for (size_t i = 0; i < 16; i++) {
		struct cost c;

		if (!price_of(p, providers[i / 2], i % 3 ? model : NULL, i % 5 ? model : "m",
			      i % 2 ? 1795500000 : 0, false, &usages[i % 2], &c))
			continue;
		if (!(c.usd >= 0 && c.input_usd <= c.usd && c.output_usd <= c.usd) ||
		    (c.source == COST_TABLE) != (c.row[0] != 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	struct prices *p = prices_new();
	struct error err;
	double usd = 0;
	char *copy = strndup((const char *)data, size < 300 ? size : 300);
	json_t *v = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);

	if (prices_load(p, text, &err) == 0) {
		ask(p, copy);
		ask(p, "m");
		ask(p, "us.acme.m-20250101-v1:0");
		(void)prices_load(p, text, &err);
	}
	if (prices_stated(v, &usd) && !(usd >= 0))
		abort();
	json_decref(v);
	free(copy);
	prices_free(p);
	return 0;
}

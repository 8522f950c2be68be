/* SPDX-License-Identifier: MIT */
/* A body, cut or not, read by every dialect as request, answer and event. */
#include <stdlib.h>

#include "json/read.h"
#include "llm/dialect.h"
#include "tests/fuzz/fuzz.h"

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	*(size_t *)arg += d->text.len + d->part;
}

static void read_with(const struct dialect *d, const json_t *v)
{
	static const char *const names[] = {
		"",
		"message",
		"chunk",
		"!exception",
		"contentBlockStart",
		"contentBlockDelta",
		"contentBlockStop",
		"metadata",
		"trace",
		"files",
		"returnControl",
	};
	size_t total = 0;
	void *state = calloc(1, d->state_size + 1);
	struct exchange *x = builder_new(1, 1 << 16, on_delta, &total);

	if (d->proves_request)
		d->proves_request(v);
	if (d->plausible_request)
		d->plausible_request(v);
	if (d->proves_response)
		d->proves_response(v);
	if (d->is_first)
		d->is_first(v);
	for (int client = 0; d->turn && client < 2; client++)
		d->turn(client, v);
	d->request(x, v);
	d->response(x, v);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		d->event(x, state, span_str(names[i]), v);
	if (json_is_array(v))
		for (size_t i = 0; i < json_array_size(v); i++)
			d->event(x, state, SPAN_LIT(""), json_array_get(v, i));
	if (d->state_done)
		d->state_done(state);
	free(state);
	exchange_unref(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool partial = false;
	struct limits lim;
	json_t *v;

	limits_init(&lim);
	v = json_read(&lim, span_of(data, size), &partial);

	for (size_t i = 0; v && dialects[i]; i++)
		read_with(dialects[i], v);
	json_decref(v);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A file of settings, whoever wrote it: names are names, values are texts, lines are counted. */
#include <stdlib.h>

#include "base/config_text.h"
#include "tests/fuzz/fuzz.h"

static int on_line(void *arg, const struct config_line *line, struct error *reterr)
{
	unsigned *last = arg;

	if (line->number <= *last || line->opens != !line->name.len ||
	    (line->value && strlen(line->value) > 4096) || line->name.len > 4096)
		abort();
	*last = line->number;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = { 0 };
	unsigned last = 0, at = 0;
	int err = config_text_read(span_of(data, size), on_line, &last, &at, &e);

	if (at < last || (err && !e.text[0]))
		abort();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A word with its value, from the command line, and whether a record has it; the record's own text
 * is what comes after the first newline. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "select/needle.h"
#include "select/select.h"
#include "select/when.h"
#include "tests/fuzz/fuzz.h"

static void add(struct select *s, const char *text)
{
	const char *equals = strchr(text, '=');
	AUTO_FREE char *word = xstrndup(text, equals ? (size_t)(equals - text) : 0);
	struct error e = { 0 };

	/* A regular expression of hundreds of repeats of repeats takes all memory: the user's own
	 * is theirs. */
	if (equals && equals[1] != '/')
		select_add(s, word, equals + 1, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = span_find(span_of(data, size), '\n');
	AUTO_FREE char *text = xstrndup((const char *)data, first);
	AUTO_FREE char *said = xstrndup((const char *)data, size);
	struct exchange *x = builder_new(1, 1 << 20, NULL, NULL);
	struct select s = { .recorded = true };
	int64_t ns;

	add(&s, text);
	x->model_asked = xstrdup(said);
	x->process = xstrdup(said);
	buf_add(&x->request_body.text, span_from(span_of(data, size), first + 1));
	select_has(&s, x);
	when_read(text, 1764410400, &ns);
	select_done(&s);
	exchange_unref(x);
	return 0;
}

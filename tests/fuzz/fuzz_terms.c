/* SPDX-License-Identifier: MIT */
/* A filter of one line; a record's texts are what comes after the first newline. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "select/search.h"
#include "select/terms.h"
#include "tests/fuzz/fuzz.h"

static bool texts_hold(const struct terms *t, const struct exchange *x)
{
	for (size_t i = 0; i < terms_texts(t); i++) {
		const struct needle *n = NULL;
		bool negated = false;

		if (!terms_text(t, i, &n, &negated) || !n)
			abort();
		if (search_exchange(n, x) == negated)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = span_find(span_of(data, size), '\n'), at = 0;
	AUTO_FREE char *text = xstrndup((const char *)data, first);
	AUTO_FREE char *said = xstrndup((const char *)data, size);
	struct exchange *x = builder_new(1, 1 << 20, NULL, NULL);
	struct terms *t = NULL;
	struct error e = { 0 };

	x->model_asked = xstrdup(said);
	x->host = xstrdup(said);
	x->usage.input = (int64_t)size;
	buf_add(&x->request_body.text, span_from(span_of(data, size), first + 1));
	if (terms_read(&t, text, 1764410400, &at, &e) != 0) {
		/* It says what is wrong, and where. */
		if (!e.text[0] || at > strlen(text))
			abort();
	} else if (terms_have(t, x) != (terms_have_facts(t, x) && texts_hold(t, x))) {
		abort();
	}
	terms_free(t);
	exchange_unref(x);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Whatever JSON is read as a record, its own JSON reads back as the same. */
#include <stdlib.h>
#include <string.h>

#include "exchange/json.h"
#include "json/write.h"
#include "tests/fuzz/fuzz.h"

static char *line_of(const struct exchange *x)
{
	json_t *v = exchange_to_json(x, EXCHANGE_JSON_BODIES);
	char *line = json_write_text(v);

	json_decref(v);
	return line;
}

static struct exchange *read_line(const char *data, size_t size)
{
	json_t *v = json_loadb(data, size, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	struct error e;
	struct exchange *x = exchange_from_json(v, &e);

	json_decref(v);
	return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exchange *x = read_line((const char *)data, size), *again;
	char *first, *second;

	if (!x)
		return 0;
	first = line_of(x);
	/* NULL: nested as deep as jansson reads, and written one deeper. */
	again = first ? read_line(first, strlen(first)) : NULL;
	if (again) {
		second = line_of(again);
		if (!second || strcmp(first, second) != 0)
			abort();
		free(second);
	} else if (first && size < 2048) {
		abort();
	}
	exchange_unref(again);
	exchange_unref(x);
	free(first);
	return 0;
}

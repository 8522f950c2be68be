/* SPDX-License-Identifier: MIT */
/* Whatever traffic holds, no control character but the line end reaches the terminal. */
#include <stdio.h>
#include <stdlib.h>

#include "sink/term.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);
	struct term t;

	term_init(&t, f, size % 90, size % 2);
	t.indent = 2;
	term_traffic(&t, span_of(data, size / 2));
	term_flush(&t, false);
	term_traffic(&t, span_of(data + size / 2, size - size / 2));
	term_flush(&t, true);
	term_inline(&t, span_of(data, size), 60);
	term_done(&t);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)got[i] < 0x20 && got[i] != '\n') || got[i] == 0x7f)
			abort();
	free(got);
	return 0;
}

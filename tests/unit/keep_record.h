/* SPDX-License-Identifier: MIT */
/* Records that test_schema.py judges: with a file as $LLM_SPY_TEST_RECORDS, they are appended. */
#ifndef SPY_TESTS_KEEP_RECORD_H
#define SPY_TESTS_KEEP_RECORD_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

static inline void keep_record(const char *line)
{
	const char *path = getenv("LLM_SPY_TEST_RECORDS");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%s\n", line);
	ok(fclose(f) == 0, "the record is appended to %s", path);
}

#endif

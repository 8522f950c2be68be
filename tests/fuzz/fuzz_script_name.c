/* SPDX-License-Identifier: MIT */
/* Whatever a program calls itself: executable, working directory and arguments, one a line. The
 * name lies in one of them. */
#include <stdlib.h>

#include "capture/script_name.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t separators[] = { '\n', ' ', '\0' };
	struct span all = span_of(data, size), exe = span_first(all, span_find(all, '\n')), rest;

	rest = span_from(all, exe.len + 1);
	for (size_t i = 0; i < sizeof(separators); i++) {
		struct command_line c = { .exe = exe, .separator = separators[i] };
		struct span name;

		c.cwd = span_first(rest, span_find(rest, '\n'));
		c.args = span_from(rest, c.cwd.len + 1);
		name = script_name(&c);
		if (name.len && (name.ptr < data || name.ptr + name.len > data + size))
			abort();
		script_is(name, exe);
	}
	return 0;
}

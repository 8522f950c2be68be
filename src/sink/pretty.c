/* SPDX-License-Identifier: MIT */
#include "sink/pretty.h"

#include "json/read.h"
#include "json/write.h"

/* Each level indents all that it holds, and all of it is in memory at once. */
#define PRETTY_BYTES (512 << 10)
#define PRETTY_DEPTH 64

static bool is_shallow(struct span s)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = s.ptr[i];

		in_string ^= b == '"';
		i += in_string && b == '\\';
		depth += !in_string && (b == '[' || b == '{');
		depth -= !in_string && (b == ']' || b == '}') && depth;
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest <= PRETTY_DEPTH;
}

char *pretty_json(struct span s)
{
	json_t *v = NULL;
	char *pretty;

	if (s.len && s.len <= PRETTY_BYTES && is_shallow(s))
		v = json_read_own(s);
	pretty = v ? json_write_lines(v, 2) : NULL;
	json_decref(v);
	return pretty;
}

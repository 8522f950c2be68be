/* SPDX-License-Identifier: MIT */
/* Rules, then files of patterns and texts to look at: whatever they are, what is named is known. */
#include <stdlib.h>
#include <string.h>

#include "alert/rules.h"
#include "base/xalloc.h"
#include "redact/pattern_list.h"
#include "tests/fuzz/fuzz.h"

static struct span file;

static int read_file(struct patterns *p, const char *path, unsigned **ret_lines,
		     struct error *reterr)
{
	return pattern_list_read(p, file, ret_lines, reterr);
}

/* Some regular expressions take for ever, or much memory: those of users are their own. */
static bool is_slow(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '{' || s.ptr[i] == '\\')
			return true;
	return s.len > 400;
}

static void look(const struct rules *r, struct span text)
{
	size_t from = 0, at;

	key_find(text, r->keys, true);
	key_find(text, r->keys, false);
	while (r->patterns && patterns_find(r->patterns, from, text, &at)) {
		if (at < from || at >= patterns_count(r->patterns) || !r->pattern_names[at])
			abort();
		from = at + 1;
	}
	for (size_t i = 0; i < r->nallowed; i++)
		allowed_has(&r->allowed[i], "claude-sonnet-4-5");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size);
	size_t line = span_find(all, '\n');
	char *text = xstrndup(line ? (const char *)data : "", line), *own = xcalloc(1, size + 1);
	struct rules r = { 0 };
	struct error e = { 0 };

	/* AddressSanitizer takes what regexec() looks at for a string, though its length is told.
	 */
	if (size)
		memcpy(own, data, size);
	file = span_from(span_of((const uint8_t *)own, size), line + 1);
	if (!is_slow(all)) {
		if (rules_read(&r, text, read_file, &e) != 0 && !e.text[0])
			abort();
		look(&r, file);
	}
	rules_done(&r);
	free(text);
	free(own);
	key_find(all, (key_set)-1, true);
	key_prefix(all);
	return 0;
}

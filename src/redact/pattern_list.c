/* SPDX-License-Identifier: MIT */
#include "redact/pattern_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Longer ones are not found in all places of a long line. */
#define TEXT_MAX (PATTERN_LINE_MAX / 2)

static int add_regex(struct patterns *p, struct span inner, struct error *reterr)
{
	AUTO_FREE char *regex = xstrndup((const char *)inner.ptr, inner.len);

	return patterns_add(p, regex, reterr);
}

/* Why, without the pattern, which stands first in what patterns_add says. */
static const char *reason_of(const struct error *e)
{
	const char *colon = strrchr(e->text, ':');

	return colon ? colon + 2 : "it is none";
}

static int add_line(struct patterns *p, struct span s, unsigned line, struct error *reterr)
{
	struct error why = { 0 };
	int err;

	if (s.len > TEXT_MAX || memchr(s.ptr, '\0', s.len))
		return error_set(reterr, -EINVAL, "line %u is no pattern: it has %s", line,
				 s.len > TEXT_MAX ? "more than 2048 characters" : "a NUL");
	if (patterns_count(p) >= PATTERN_LIST_MAX)
		return error_set(reterr, -EINVAL, "line %u: there are more than %d patterns", line,
				 PATTERN_LIST_MAX);
	if (s.len > 2 && s.ptr[0] == '/' && s.ptr[s.len - 1] == '/')
		err = add_regex(p, span_first(span_from(s, 1), s.len - 2), &why);
	else
		err = patterns_add_text(p, s, &why);
	return err ? error_set(reterr, err, "line %u is no regular expression: %.80s", line,
			       reason_of(&why))
		   : 0;
}

static struct span without_end(struct span s)
{
	s.len -= s.len && s.ptr[s.len - 1] == '\r';
	return span_trim(s);
}

int pattern_list_read(struct patterns *p, struct span text, unsigned **ret_lines,
		      struct error *reterr)
{
	unsigned *lines = NULL, line = 0;
	size_t count = 0;
	int err = 0;

	while (text.len && !err) {
		size_t len = span_find(text, '\n');
		struct span s = without_end(span_first(text, len));

		line++;
		text = span_from(text, len + 1);
		if (!s.len || s.ptr[0] == '#')
			continue;
		err = add_line(p, s, line, reterr);
		if (err)
			break;
		lines = xgrow(lines, count, sizeof(*lines));
		lines[count++] = line;
	}
	if (!err && !count)
		err = error_set(reterr, -EINVAL, "there is no pattern in it");
	if (!err && ret_lines)
		*ret_lines = lines;
	else
		free(lines);
	return err;
}

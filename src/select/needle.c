/* SPDX-License-Identifier: MIT */
#include "select/needle.h"

#include <errno.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <wctype.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#define NEEDLE_MAX 1000
/* The C library's memory for a line grows with its length: what is longer is searched in pieces. */
#define LINE_MAX_BYTES 65536

struct needle {
	bool is_regex;
	regex_t regex;
	uint32_t *folded; /* characters, in lower case */
	size_t count;
};

/* The character at the front in lower case; a byte that is part of none is one beyond Unicode. */
static size_t next_folded(struct span s, uint32_t *ret)
{
	size_t len;

	if (s.ptr[0] < 0x80) {
		*ret = s.ptr[0] >= 'A' && s.ptr[0] <= 'Z' ? s.ptr[0] | 0x20u : s.ptr[0];
		return 1;
	}
	len = utf8_next(s, ret);
	if (len)
		*ret = (uint32_t)towlower((wint_t)*ret);
	else
		*ret = 0x110000u + s.ptr[0];
	return len ? len : 1;
}

static int read_regex(struct needle *n, const char *text, size_t len, struct error *reterr)
{
	AUTO_FREE char *regex = xstrndup(text, len);
	char why[200];
	int err = regcomp(&n->regex, regex, REG_EXTENDED | REG_ICASE | REG_NOSUB);

	n->is_regex = !err;
	if (!err)
		return 0;
	regerror(err, &n->regex, why, sizeof(why));
	return error_set(reterr, -EINVAL, "not an extended regular expression: %s", why);
}

static void read_text(struct needle *n, struct span text)
{
	n->folded = xcalloc(text.len, sizeof(*n->folded));
	while (text.len)
		text = span_from(text, next_folded(text, &n->folded[n->count++]));
}

struct needle *needle_new(const char *text, struct error *reterr)
{
	struct needle *n = xcalloc(1, sizeof(*n));
	size_t len = strlen(text);
	int err = 0;

	if (!len || len > NEEDLE_MAX)
		err = error_set(reterr, -EINVAL, "expected a text of 1 to %d bytes, or /REGEX/",
				NEEDLE_MAX);
	else if (len > 2 && text[0] == '/' && text[len - 1] == '/')
		err = read_regex(n, text + 1, len - 2, reterr);
	else
		read_text(n, span_str(text));
	if (!err)
		return n;
	needle_free(n);
	return NULL;
}

void needle_free(struct needle *n)
{
	if (!n)
		return;
	if (n->is_regex)
		regfree(&n->regex);
	free(n->folded);
	free(n);
}

static bool starts_with(const struct needle *n, struct span text)
{
	uint32_t c;

	for (size_t i = 0; i < n->count; i++) {
		if (!text.len)
			return false;
		text = span_from(text, next_folded(text, &c));
		if (c != n->folded[i])
			return false;
	}
	return true;
}

static bool has_text(const struct needle *n, struct span text)
{
	uint32_t c;

	while (text.len) {
		size_t len = next_folded(text, &c);

		if (c == n->folded[0] && starts_with(n, text))
			return true;
		text = span_from(text, len);
	}
	return false;
}

/* `line` with a NUL behind it, which some implementations look for although its length is given. */
static bool matches_line(const regex_t *regex, struct span line, char copy[LINE_MAX_BYTES + 1])
{
	regmatch_t at = { .rm_so = 0, .rm_eo = (regoff_t)line.len };

	if (line.len)
		memcpy(copy, line.ptr, line.len);
	copy[line.len] = '\0';
	return regexec(regex, copy, 1, &at, REG_STARTEND) == 0;
}

static bool has_match(const struct needle *n, struct span text)
{
	AUTO_FREE char *copy = xmalloc(LINE_MAX_BYTES + 1);

	while (text.len) {
		struct span line = span_first(text, span_find(text, '\n'));
		size_t skipped = line.len + 1;

		if (line.len > LINE_MAX_BYTES) {
			/* Of pieces that overlap, one has any match up to half of their size. */
			line = span_first(line, LINE_MAX_BYTES);
			line = span_first(line, utf8_whole(line));
			skipped = utf8_whole(span_first(line, LINE_MAX_BYTES / 2));
		}
		if (matches_line(&n->regex, line, copy))
			return true;
		text = span_from(text, skipped);
	}
	return false;
}

bool needle_is_in(const struct needle *n, struct span text)
{
	return n->is_regex ? has_match(n, text) : has_text(n, text);
}

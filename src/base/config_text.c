/* SPDX-License-Identifier: MIT */
#include "base/config_text.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

/* A line that is longer is none that somebody wrote. */
#define LINE_MAX_LEN 4096

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
	while (s.len && is_blank(s.ptr[0]))
		s = span_from(s, 1);
	while (s.len && (is_blank(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static bool is_name(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", s.ptr[n]))
		n++;
	return s.len && n == s.len && s.ptr[0] != '-';
}

/* What is before the comment. */
static struct span without_comment(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '#' && (i == 0 || is_blank(s.ptr[i - 1])))
			return trim(span_first(s, i));
	return trim(s);
}

/* Of "...", where \" and \\ stand for themselves. *ret_rest: what follows. False: it has no end. */
static bool unquote(struct span s, struct buf *out, struct span *ret_rest)
{
	size_t i = 1;

	for (; i < s.len && s.ptr[i] != '"'; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len && strchr("\"\\", s.ptr[i + 1]))
			i++;
		buf_addc(out, (char)s.ptr[i]);
	}
	*ret_rest = span_from(s, i + 1);
	return i < s.len;
}

static int read_value(struct span s, struct buf *out, struct error *reterr)
{
	struct span rest;

	s = trim(s);
	if (!span_starts(s, SPAN_LIT("\""))) {
		s = without_comment(s);
		buf_add(out, s);
		return s.len ? 0 : error_set(reterr, -EINVAL, "no value stands behind '='");
	}
	if (!unquote(s, out, &rest))
		return error_set(reterr, -EINVAL, "a quote is not closed");
	if (without_comment(trim(rest)).len)
		return error_set(reterr, -EINVAL, "something stands behind the closing quote");
	return 0;
}

static int read_section(struct span s, struct config_line *line, struct error *reterr)
{
	struct span name = without_comment(s);

	name = span_from(name, 1);
	if (!span_ends(name, SPAN_LIT("]")))
		return error_set(reterr, -EINVAL, "a section is a name in brackets: [daemon]");
	line->section = trim(span_first(name, name.len - 1));
	line->opens = true;
	line->name = span_of(NULL, 0);
	if (!is_name(line->section))
		return error_set(reterr, -EINVAL, "a section is a name in brackets: [daemon]");
	return 0;
}

static int refuse_name(struct span name, struct error *reterr)
{
	struct span rest = name;

	while (span_starts(rest, SPAN_LIT("-")))
		rest = span_from(rest, 1);
	if (rest.len < name.len && is_name(rest))
		return error_set(reterr, -EINVAL, "names have no dashes in front here: %.*s",
				 (int)(rest.len < 60 ? rest.len : 60), (const char *)rest.ptr);
	return error_set(reterr, -EINVAL, "expected NAME = VALUE, or a name alone");
}

static int read_setting(struct span s, struct config_line *line, struct buf *value,
			struct error *reterr)
{
	size_t equals = span_find(s, '=');
	struct span name = without_comment(span_first(s, equals));
	int err = 0;

	line->opens = false;
	line->name = name;
	line->value = NULL;
	if (!is_name(name))
		return refuse_name(name, reterr);
	/* Behind a comment, it is no sign of a value. */
	if (equals < s.len && without_comment(s).len > equals) {
		err = read_value(span_from(s, equals + 1), value, reterr);
		buf_addc(value, '\0');
		line->value = value->ptr;
	}
	return err;
}

static bool has_controls(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < ' ' && s.ptr[i] != '\t' && s.ptr[i] != '\r') || s.ptr[i] == 0x7f)
			return true;
	return false;
}

static int read_line(struct span s, struct config_line *line, struct buf *value,
		     struct error *reterr)
{
	if (s.len > LINE_MAX_LEN)
		return error_set(reterr, -EINVAL, "the line is too long");
	if (has_controls(s))
		return error_set(reterr, -EINVAL, "there is a control character: this is no text");
	return span_starts(trim(s), SPAN_LIT("[")) ? read_section(trim(s), line, reterr)
						   : read_setting(trim(s), line, value, reterr);
}

int config_text_read(struct span text, config_line_fn fn, void *arg, unsigned *ret_line,
		     struct error *reterr)
{
	struct config_line line = { .section = SPAN_LIT("") };
	struct buf value;
	int err = 0;

	*ret_line = 0;
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	buf_init(&value, LINE_MAX_LEN + 1);
	while (text.len && !err) {
		struct span s = span_first(text, span_find(text, '\n'));

		text = span_from(text, s.len < text.len ? s.len + 1 : s.len);
		line.number = ++*ret_line;
		buf_reset(&value);
		if (!without_comment(trim(s)).len)
			continue;
		err = read_line(s, &line, &value, reterr);
		if (!err)
			err = fn(arg, &line, reterr);
	}
	buf_done(&value);
	return err;
}

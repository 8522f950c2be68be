/* SPDX-License-Identifier: MIT */
#include "view/volatile.h"

#include <ctype.h>

/* A date is not longer, nor does it stand further from its words. */
#define DATE_MAX 80

enum kind { MEMBER, QUERY, DATE, LINE };

static const struct volatile_row {
	enum kind kind;
	struct span name;
} rows[] = {
#define VOLATILE(kind_, name_, why_) { kind_, SPAN_LIT(name_) },
#include "view/volatile.def"
#undef VOLATILE
};

static bool is_row(enum kind kind, struct span name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].kind == kind && span_caseeq(name, rows[i].name))
			return true;
	return false;
}

/* Where "[]" stands for any number in brackets. */
static bool is_path(struct span path, struct span name)
{
	size_t mark;

	while ((mark = span_find(name, ']')) < name.len) {
		if (!span_caseeq(span_first(path, mark), span_first(name, mark)))
			return false;
		path = span_from(path, mark);
		path = span_from(path, span_find(path, ']') + 1);
		name = span_from(name, mark + 1);
	}
	return span_caseeq(path, name);
}

bool volatile_member(struct span path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].kind == MEMBER && is_path(path, rows[i].name))
			return true;
	return false;
}

bool volatile_query(struct span name)
{
	return is_row(QUERY, name);
}

/* ---- texts ---- */

/* The row whose words stand at `at` in the text; NULL: none. */
static const struct volatile_row *row_at(struct span text, size_t at)
{
	struct span rest = span_from(text, at);
	bool begins = at == 0 || text.ptr[at - 1] == '\n';

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if ((rows[i].kind == DATE || (rows[i].kind == LINE && begins)) &&
		    span_caseeq(span_first(rest, rows[i].name.len), rows[i].name))
			return &rows[i];
	return NULL;
}

/* Letters with which a row begins, so that most of a text costs one look. */
static bool may_begin(uint8_t c)
{
	c |= 0x20;
	return c == 't' || c == 'c' || c == 'x';
}

static bool is_calendar_word(struct span word)
{
	static const char *const begins[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
					      "aug", "sep", "oct", "nov", "dec", "mon", "tue",
					      "wed", "thu", "fri", "sat", "sun" };

	for (size_t i = 0; word.len <= 9 && i < sizeof(begins) / sizeof(*begins); i++)
		if (span_caseeq(span_first(word, 3), span_str(begins[i])))
			return true;
	return false;
}

static size_t run_of(struct span s, int (*is)(int))
{
	size_t n = 0;

	while (n < s.len && is(s.ptr[n]))
		n++;
	return n;
}

/* Numbers and names of days and months become one mark each. */
static void add_without_date(struct span s, struct buf *out)
{
	while (s.len) {
		size_t digits = run_of(s, isdigit), letters = run_of(s, isalpha);
		size_t n = digits ? digits : letters ? letters : 1;

		if (digits)
			buf_addc(out, '0');
		else if (letters && is_calendar_word(span_first(s, letters)))
			buf_addc(out, '@');
		else
			buf_add(out, span_first(s, n));
		s = span_from(s, n);
	}
}

/* What follows the words of the row in its line; returns how many bytes of the text that is. */
static size_t add_rest(const struct volatile_row *r, struct span rest, struct buf *out)
{
	struct span line = span_first(rest, span_find(rest, '\n'));

	if (r->kind == LINE)
		return line.len;
	line = span_first(line, DATE_MAX);
	add_without_date(line, out);
	return line.len;
}

bool volatile_text(struct span text, struct buf *out)
{
	size_t from = 0;
	bool any = false;

	for (size_t at = 0; at < text.len; at++) {
		const struct volatile_row *r = may_begin(text.ptr[at]) ? row_at(text, at) : NULL;

		if (!r)
			continue;
		any = true;
		buf_add(out, span_of(text.ptr + from, at + r->name.len - from));
		from = at + r->name.len;
		from += add_rest(r, span_from(text, from), out);
		at = from - 1;
	}
	if (any)
		buf_add(out, span_from(text, from));
	return any;
}

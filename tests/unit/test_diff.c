/* SPDX-License-Identifier: MIT */
#include "sink/diff.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "tests/unit/tap.h"

static const struct {
	const char *before, *after, *want;
	size_t first;
} rows[] = {
	{ "a\nb\nc\n", "a\nb\nc\n", "", 4 },
	{ "", "", "", 1 },
	{ "a\nb\nc\n", "a\nx\nc\n", "-2 b\n+2 x\n", 2 },
	{ "a\nb\nc\n", "a\nc\n", "-2 b\n", 2 },
	{ "a\nc\n", "a\nb\nc\n", "+2 b\n", 2 },
	{ "", "one\ntwo", "+1 one\n+2 two\n", 1 },
	{ "one\ntwo", "", "-1 one\n-2 two\n", 1 },
	{ "a\nb\nc\nd\ne\n", "a\nB\nc\nd\nE\n", "-2 b\n+2 B\n-5 e\n+5 E\n", 2 },
	{ "a\na\na\n", "a\na\n", "-3 a\n", 3 },
	{ "no end", "no end\n", "", 2 },
};

static char *text_of(const struct diff *d)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < d->count; i++) {
		buf_addf(&out, "%c%zu ", d->lines[i].added ? '+' : '-', d->lines[i].number);
		buf_add(&out, d->lines[i].text);
		buf_addc(&out, '\n');
	}
	return buf_take(&out);
}

static void test_table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct diff d;
		AUTO_FREE char *got = NULL;

		diff_make(&d, span_str(rows[i].before), span_str(rows[i].after));
		got = text_of(&d);
		is_str(got, rows[i].want, "row %zu", i);
		is_int(d.first, rows[i].first, "row %zu: where it begins", i);
		diff_done(&d);
	}
}

/* The lines of `before` without those removed, and with those added, are the lines of `after`. */
static bool leads_to(const struct diff *d, struct span before, struct span after)
{
	size_t old_line = 1, new_line = 1, at = 0;

	while (before.len || after.len || at < d->count) {
		const struct diff_line *l = at < d->count ? &d->lines[at] : NULL;
		size_t n = span_find(before, '\n'), m = span_find(after, '\n');

		if (l && !l->added && l->number == old_line) {
			if (!span_eq(l->text, span_first(before, n)))
				return false;
			before = span_from(before, n + 1);
			old_line++;
			at++;
		} else if (l && l->added && l->number == new_line) {
			if (!span_eq(l->text, span_first(after, m)))
				return false;
			after = span_from(after, m + 1);
			new_line++;
			at++;
		} else {
			if (!span_eq(span_first(before, n), span_first(after, m)))
				return false;
			before = span_from(before, n + 1);
			after = span_from(after, m + 1);
			old_line++;
			new_line++;
		}
	}
	return true;
}

static void random_text(struct buf *out, unsigned lines, unsigned letters)
{
	for (unsigned i = 0; i < lines; i++)
		buf_addf(out, "%c\n", 'a' + (int)((unsigned)rand() % letters));
}

static void test_random(void)
{
	unsigned wrong = 0;

	srand(3);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned letters = 1 + (unsigned)rand() % 5;
		struct buf a, b;
		struct diff d;

		buf_init(&a, 1 << 20);
		buf_init(&b, 1 << 20);
		random_text(&a, (unsigned)rand() % 30, letters);
		random_text(&b, (unsigned)rand() % 30, letters);
		diff_make(&d, buf_span(&a), buf_span(&b));
		wrong += !leads_to(&d, buf_span(&a), buf_span(&b));
		diff_done(&d);
		buf_done(&a);
		buf_done(&b);
	}
	is_int(wrong, 0, "each of 2000 differences leads from one text to the other");
}

/* Each line is another one: the most work there is. */
static void test_bounded(void)
{
	struct buf a, b;
	struct diff d;

	buf_init(&a, 64 << 20);
	buf_init(&b, 64 << 20);
	for (unsigned i = 0; i < 1000000; i++) {
		buf_addf(&a, "a%u\n", i);
		buf_addf(&b, "b%u\n", i);
	}
	diff_make(&d, buf_span(&a), buf_span(&b));
	is_int(d.added + d.removed, 2000000, "what is too long is replaced as a whole");
	is_int(d.count, DIFF_LINES_MAX, "and not all of it is kept");
	diff_done(&d);
	diff_make(&d, span_first(buf_span(&a), 120000), span_first(buf_span(&b), 120000));
	ok(d.added == d.removed && d.added > 1000, "what is too different is replaced as well");
	diff_done(&d);
	buf_done(&a);
	buf_done(&b);
}

int main(void)
{
	test_table();
	test_random();
	test_bounded();
	return tap_done();
}

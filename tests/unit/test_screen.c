/* SPDX-License-Identifier: MIT */
/* The screen, seen through a small terminal: what scrolled away, and what stands there. */
#include <stdlib.h>

#include "base/buf.h"
#include "sink/screen.h"
#include "tests/unit/tap.h"

/* ---- a terminal ---- */

#define ROWS_MAX 64
#define COLS_MAX 100

struct terminal {
	unsigned columns, rows, row, column;
	char cells[ROWS_MAX][COLS_MAX + 1];
	struct buf scrolled;
	bool wraps, pending; /* the next character goes to the next line */
};

static void erase_from(struct terminal *t, unsigned row, unsigned column)
{
	memset(t->cells[row] + column, ' ', t->columns - column);
}

static void line_feed(struct terminal *t)
{
	t->pending = false;
	if (++t->row < t->rows)
		return;
	t->row--;
	for (unsigned end = t->columns; end && t->cells[0][end - 1] == ' ';)
		t->cells[0][--end] = '\0';
	buf_addf(&t->scrolled, "%.*s\n", (int)strlen(t->cells[0]), t->cells[0]);
	memmove(t->cells[0], t->cells[1], sizeof(t->cells[0]) * (t->rows - 1));
	erase_from(t, t->rows - 1, 0);
}

static void print(struct terminal *t, char c)
{
	if (t->pending && t->wraps) {
		line_feed(t);
		t->column = 0;
	}
	t->cells[t->row][t->column] = c;
	t->pending = t->column + 1 == t->columns;
	t->column += !t->pending;
}

/* ESC [ what final */
static void sequence(struct terminal *t, const char *what, size_t len, char final)
{
	if (final == 'J') {
		erase_from(t, t->row, t->column);
		for (unsigned i = t->row + 1; i < t->rows; i++)
			erase_from(t, i, 0);
	} else if (final == 'K') {
		erase_from(t, t->row, t->column);
	} else if (final == 'A') {
		unsigned n = (unsigned)atoi(what);

		t->row -= n < t->row ? n : t->row;
	} else if (len == 2 && memcmp(what, "?7", 2) == 0) {
		t->wraps = final == 'h';
	}
}

static void feed(struct terminal *t, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\r') {
			t->column = 0;
			t->pending = false;
		} else if (s[i] == '\n') { /* as a terminal driver makes of it */
			line_feed(t);
			t->column = 0;
		} else if (s[i] == '\x1b') {
			size_t n = strcspn(s + i, "hlJKAm");

			sequence(t, s + i + 2, n - 2, s[i + n]);
			i += n;
		} else {
			print(t, s[i]);
		}
	}
}

static void reset(struct terminal *t, unsigned columns, unsigned rows)
{
	*t = (struct terminal){ .columns = columns, .rows = rows, .wraps = true };
	for (unsigned i = 0; i < rows; i++)
		erase_from(t, i, 0);
	buf_init(&t->scrolled, 1 << 20);
}

/* All lines so far without blanks at their ends, and without empty ones below. */
static char *picture(struct terminal *t)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	buf_add(&out, buf_span(&t->scrolled));
	for (unsigned i = 0; i < t->rows; i++) {
		unsigned end = t->columns;

		while (end && t->cells[i][end - 1] == ' ')
			end--;
		buf_addf(&out, "%.*s\n", (int)end, t->cells[i]);
	}
	while (out.len > 1 && out.ptr[out.len - 1] == '\n' && out.ptr[out.len - 2] == '\n')
		out.len--;
	out.ptr[out.len] = '\0';
	return buf_take(&out);
}

/* ---- a screen on it ---- */

struct setup {
	struct terminal t;
	struct screen *s;
	FILE *f;
	char *bytes;
	size_t len, fed;
};

static void setup(struct setup *x, unsigned columns, unsigned rows)
{
	*x = (struct setup){ 0 };
	reset(&x->t, columns, rows);
	x->f = open_memstream(&x->bytes, &x->len);
	x->s = screen_new(x->f);
	screen_resize(x->s, columns, rows);
}

static void teardown(struct setup *x)
{
	screen_free(x->s);
	fclose(x->f);
	free(x->bytes);
	buf_done(&x->t.scrolled);
}

static size_t draw(struct setup *x, const char *above, const char *region)
{
	size_t before = x->fed;

	screen_print(x->s, span_str(above));
	buf_adds(screen_region(x->s), region);
	screen_draw(x->s);
	fflush(x->f);
	feed(&x->t, x->bytes + before, x->len - before);
	x->fed = x->len;
	return x->len - before;
}

static void shows(struct setup *x, const char *want, const char *what)
{
	char *got = picture(&x->t);

	is_str(got, want, "%s", what);
	free(got);
}

static void test_frames(void)
{
	struct setup x;
	size_t all, part;

	setup(&x, 20, 6);
	draw(&x, "", "one\ntwo\n");
	shows(&x, "one\ntwo\n", "a region");
	is_int(x.t.row, 0, "the cursor waits at its beginning");
	draw(&x, "block\n", "one\ntwo\n");
	shows(&x, "block\none\ntwo\n", "text goes above it");
	draw(&x, "", "one\n2\nthree\n");
	shows(&x, "block\none\n2\nthree\n", "it grows");
	draw(&x, "a\nb\nc\nd\n", "one\n2\nthree\n");
	shows(&x, "block\na\nb\nc\nd\none\n2\nthree\n", "what is above scrolls away");
	draw(&x, "", "one\n");
	shows(&x, "block\na\nb\nc\nd\none\n", "it shrinks");
	all = draw(&x, "", "one\ntwo\nthree\n");
	part = draw(&x, "", "one\ntwo\n3\n");
	ok(part < all, "what has not changed is not written again: %zu bytes, not %zu", part, all);
	is_int(draw(&x, "", "one\ntwo\n3\n"), 0, "nothing is, where nothing has changed");
	draw(&x, "", "");
	shows(&x, "block\na\nb\nc\nd\n", "it goes");
	is_int(screen_is_drawn(x.s), false, "and is known to be gone");
	teardown(&x);
}

static void test_width(void)
{
	struct setup x;

	setup(&x, 20, 5);
	draw(&x, "", "12345678901234567890\n123456789012345678901\nlast\n");
	shows(&x, "12345678901234567890\n12345678901234567890\nlast\n",
	      "a line that is too long is cut, and erases none of its end");
	draw(&x, "", "\x1b[2mdim\x1b[0m 345678901234567890\nb\nlast\n");
	shows(&x, "dim 3456789012345678\nb\nlast\n", "colours take no column");
	ok(strstr(x.bytes, "\x1b[?7h") != NULL, "lines wrap again after a frame");
	teardown(&x);
}

static void test_height(void)
{
	struct setup x;

	setup(&x, 20, 4);
	draw(&x, "text\n", "1\n2\n3\n4\n5\n6\n");
	shows(&x, "text\n4\n5\n6\n", "a region that is too high shows its last lines");
	draw(&x, "more\n", "1\n2\n");
	shows(&x, "text\nmore\n1\n2\n", "and leaves nothing behind");
	teardown(&x);
}

/* A terminal that is made smaller or larger leaves the cursor in its line. */
static void test_resize(void)
{
	struct setup x;

	setup(&x, 20, 6);
	draw(&x, "block\n", "one\ntwo\n");
	x.t.columns = 10;
	screen_resize(x.s, 10, 6);
	draw(&x, "", "one is cut off\ntwo\n");
	shows(&x, "block\none is cut\ntwo\n", "a resize draws all anew");
	draw(&x, "", "one\ntwo\n");
	memset(x.t.cells, 'x', sizeof(x.t.cells));
	screen_forget(x.s);
	draw(&x, "", "one\ntwo\n");
	ok(memcmp(x.t.cells[x.t.row], "one   ", 6) == 0, "so does what others wrote");
	teardown(&x);
}

/* Whatever is printed and drawn in whatever order: all text is there once, and the last region
 * below it. */
static void test_any_order(void)
{
	struct buf want;
	struct setup x;
	unsigned seed = 1;
	char region[200], line[40], *got;
	bool same = true;

	setup(&x, 30, 10);
	buf_init(&want, 1 << 20);
	for (unsigned i = 0; i < 500 && same; i++) {
		unsigned lines = (seed = seed * 1103515245 + 12345) >> 16 & 7;
		size_t n = 0;

		region[0] = line[0] = '\0';
		for (unsigned k = 0; k < lines; k++)
			n += (size_t)snprintf(region + n, sizeof(region) - n, "line %u of %u\n", k,
					      i / 3);
		if (seed & 1 << 10)
			snprintf(line, sizeof(line), "text %u\nof two lines\n", i);
		buf_adds(&want, line);
		draw(&x, line, region);
		n = want.len;
		buf_adds(&want, region);
		got = picture(&x.t);
		same = strcmp(want.len ? want.ptr : "\n", got) == 0;
		if (!same)
			printf("# step %u: got\n%s# want\n%s", i, got, want.ptr);
		free(got);
		buf_drop(&want, 0);
		want.len = n;
		if (want.ptr)
			want.ptr[n] = '\0';
	}
	ok(same, "500 frames leave what they should");
	buf_done(&want);
	teardown(&x);
}

static void test_scroll(void)
{
	struct setup x;

	setup(&x, 20, 4);
	screen_print(x.s, span_str("plain\n"));
	is_int(screen_has_text(x.s), true, "text waits");
	screen_scroll(x.s);
	fflush(x.f);
	is_str(x.bytes, "plain\n", "where nothing may be drawn, there is text alone");
	teardown(&x);
}

int main(void)
{
	test_frames();
	test_width();
	test_height();
	test_resize();
	test_any_order();
	test_scroll();
	return tap_done();
}

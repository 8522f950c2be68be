/* SPDX-License-Identifier: MIT */
/* Myers, "An O(ND) difference algorithm and its variations" (1986): the greedy one, which keeps the
 * furthest points of each step. */
#include "sink/diff.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Steps, each a line that was removed or added. Their points take 1 MiB at most. */
#define STEPS_MAX 360
/* Lines of each text that are looked at one by one. */
#define LINES_MAX 20000

struct text {
	struct span *lines;
	size_t count;
};

static size_t count_lines(struct span s)
{
	size_t n = 0;

	for (; s.len; n++)
		s = span_from(s, span_find(s, '\n') + 1);
	return n;
}

static struct text split(struct span s)
{
	struct text t = { .count = count_lines(s) };

	t.lines = malloc((t.count + 1) * sizeof(*t.lines));
	if (!t.lines)
		t.count = 0;
	for (size_t i = 0; i < t.count; i++) {
		size_t n = span_find(s, '\n');

		t.lines[i] = span_first(s, n);
		s = span_from(s, n + 1);
	}
	return t;
}

static void add(struct diff *d, bool added, size_t number, struct span text)
{
	if (added)
		d->added++;
	else
		d->removed++;
	if (d->count == DIFF_LINES_MAX)
		return;
	d->lines = xgrow(d->lines, d->count, sizeof(*d->lines));
	d->lines[d->count++] = (struct diff_line){ .added = added, .number = number, .text = text };
}

/* What is compared: the lines between those that both texts begin and end with. */
struct middle {
	const struct span *a, *b;
	int na, nb;
	size_t skipped; /* lines before it */
};

/* Furthest points of step d: x on the diagonals -d to d. */
struct steps {
	int *at[STEPS_MAX + 1];
	int count;
};

static int x_of(const struct steps *s, int d, int k)
{
	return d < 0 || k < -d || k > d ? -1 : s->at[d][k + d];
}

/* Where step d begins on diagonal k; *ret_down: by a line that was added. */
static int begin_of(const struct steps *s, int d, int k, bool *ret_down)
{
	int right = x_of(s, d - 1, k - 1), down = x_of(s, d - 1, k + 1);

	*ret_down = k == -d || (k != d && right < down);
	return d == 0 ? 0 : *ret_down ? down : right + 1;
}

static bool step(struct steps *s, const struct middle *m, int d)
{
	bool down;

	s->at[d] = xmalloc((2 * (size_t)d + 1) * sizeof(int));
	s->count = d + 1;
	for (int k = -d; k <= d; k += 2) {
		int x = begin_of(s, d, k, &down), y = x - k;

		while (x >= 0 && y >= 0 && x < m->na && y < m->nb && span_eq(m->a[x], m->b[y])) {
			x++;
			y++;
		}
		s->at[d][k + d] = x;
		if (x >= m->na && y >= m->nb)
			return true;
	}
	return false;
}

/* Goes back from the end; true in `gone` and `came` is what is in one text alone. */
static void trace(const struct steps *s, const struct middle *m, int d, bool *gone, bool *came)
{
	int x = m->na, y = m->nb;

	for (; d > 0; d--) {
		bool down;
		int k = x - y, begin = begin_of(s, d, k, &down);

		if (down) {
			y = begin - k - 1;
			x = begin;
			came[y] = true;
		} else {
			x = begin - 1;
			y = x - (k - 1);
			gone[x] = true;
		}
	}
}

/* Whether the texts were close enough. */
static bool compare(const struct middle *m, bool *gone, bool *came)
{
	struct steps s = { .count = 0 };
	bool found = false;
	int d = 0;

	for (; d <= STEPS_MAX && !found; d++)
		found = step(&s, m, d);
	if (found)
		trace(&s, m, d - 1, gone, came);
	for (int i = 0; i < s.count; i++)
		free(s.at[i]);
	return found;
}

/* What was removed and added, in the order of the texts. */
static void collect(struct diff *d, const struct middle *m, const bool *gone, const bool *came)
{
	int x = 0, y = 0;

	while (x < m->na || y < m->nb) {
		if (x < m->na && gone[x]) {
			add(d, false, m->skipped + (size_t)x + 1, m->a[x]);
			x++;
		} else if (y < m->nb && came[y]) {
			add(d, true, m->skipped + (size_t)y + 1, m->b[y]);
			y++;
		} else {
			x++;
			y++;
		}
	}
}

static void all_replaced(struct diff *d, const struct text *a, const struct text *b, size_t skipped,
			 size_t na, size_t nb)
{
	for (size_t i = 0; i < na; i++)
		add(d, false, skipped + i + 1, a->lines[skipped + i]);
	for (size_t i = 0; i < nb; i++)
		add(d, true, skipped + i + 1, b->lines[skipped + i]);
}

static void diff_lines(struct diff *d, const struct text *a, const struct text *b)
{
	size_t head = 0, na = a->count, nb = b->count;
	bool *gone, *came;
	struct middle m;

	while (head < na && head < nb && span_eq(a->lines[head], b->lines[head]))
		head++;
	while (na > head && nb > head && span_eq(a->lines[na - 1], b->lines[nb - 1])) {
		na--;
		nb--;
	}
	na -= head;
	nb -= head;
	d->first = head + 1;
	if (na > LINES_MAX || nb > LINES_MAX) {
		all_replaced(d, a, b, head, na, nb);
		return;
	}
	m = (struct middle){ a->lines + head, b->lines + head, (int)na, (int)nb, head };
	gone = xcalloc(na + 1, sizeof(*gone));
	came = xcalloc(nb + 1, sizeof(*came));
	if (compare(&m, gone, came))
		collect(d, &m, gone, came);
	else
		all_replaced(d, a, b, head, na, nb);
	free(gone);
	free(came);
}

void diff_make(struct diff *d, struct span before, struct span after)
{
	struct text a = split(before), b = split(after);

	*d = (struct diff){ .count = 0 };
	diff_lines(d, &a, &b);
	free(a.lines);
	free(b.lines);
}

void diff_done(struct diff *d)
{
	free(d->lines);
	*d = (struct diff){ .count = 0 };
}

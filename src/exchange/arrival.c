/* SPDX-License-Identifier: MIT */
#include "exchange/arrival.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define MARKS_MAX 4096

static uint64_t count_lines(struct span s)
{
	uint64_t n = 0;

	for (size_t at; (at = span_find(s, '\n')) < s.len; n++)
		s = span_from(s, at + 1);
	return n;
}

/* The later of each two stays: by its time, the lines of both had come. */
static void thin_out(struct arrival *a)
{
	for (size_t i = 0; i < a->count / 2; i++)
		a->marks[i] = a->marks[2 * i + 1];
	a->count /= 2;
}

void arrival_add(struct arrival *a, uint64_t ns, struct span s)
{
	uint64_t n = count_lines(s);

	if (!n)
		return;
	a->lines += n;
	/* Times of events may go back a little: what came is there by the later one. */
	if (a->count && a->marks[a->count - 1].ns >= ns) {
		a->marks[a->count - 1].lines = a->lines;
		return;
	}
	if (a->count == MARKS_MAX)
		thin_out(a);
	a->marks = xgrow(a->marks, a->count, sizeof(*a->marks));
	a->marks[a->count++] = (struct arrival_mark){ .ns = ns, .lines = a->lines };
}

void arrival_done(struct arrival *a)
{
	free(a->marks);
	*a = (struct arrival){ 0 };
}

struct arrival arrival_copy(const struct arrival *a)
{
	struct arrival copy = { .lines = a->lines };

	for (size_t i = 0; i < a->count; i++) {
		copy.marks = xgrow(copy.marks, copy.count, sizeof(*copy.marks));
		copy.marks[copy.count++] = a->marks[i];
	}
	return copy;
}

uint64_t arrival_of_line(const struct arrival *a, uint64_t n)
{
	size_t first = 0, end = a->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (a->marks[middle].lines < n)
			first = middle + 1;
		else
			end = middle;
	}
	return first < a->count ? a->marks[first].ns : 0;
}

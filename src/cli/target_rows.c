/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/target_row.h"

struct target_rows {
	struct target_row *rows;
	size_t count;
};

struct target_rows *target_rows_new(void)
{
	return xcalloc(1, sizeof(struct target_rows));
}

/* Text that the row owns. */
#define TEXTS(r)                                                                                   \
	{                                                                                          \
		&(r)->program, &(r)->reason, &(r)->remedy, &(r)->user, &(r)->script,               \
			&(r)->container, &(r)->pod, &(r)->unit                                     \
	}
#define TEXT_COUNT 8

static void row_done(struct target_row *r)
{
	const char **const texts[TEXT_COUNT] = TEXTS(r);

	for (size_t i = 0; i < TEXT_COUNT; i++)
		free((char *)*texts[i]);
	if (r->c)
		coverage_done((struct coverage *)r->c);
	free((struct coverage *)r->c);
	free((struct process_row *)r->seen);
}

void target_rows_free(struct target_rows *t)
{
	for (size_t i = 0; i < t->count; i++)
		row_done(&t->rows[i]);
	free(t->rows);
	free(t);
}

void target_rows_add(struct target_rows *t, const struct target_row *from)
{
	struct target_row r = *from;
	const char **const texts[TEXT_COUNT] = TEXTS(&r);

	for (size_t i = 0; i < TEXT_COUNT; i++)
		*texts[i] = *texts[i] ? xstrdup(*texts[i]) : NULL;
	if (from->seen) {
		struct process_row *seen = xmalloc(sizeof(*seen));

		*seen = *from->seen;
		r.seen = seen;
	}
	t->rows = xgrow(t->rows, t->count, sizeof(*t->rows));
	t->rows[t->count++] = r;
}

static uint64_t talked_ns(const struct target_row *r)
{
	return r->seen ? r->seen->last_ns : 0;
}

static int by_activity(const void *a, const void *b)
{
	const struct target_row *x = a, *y = b;
	bool blind_x = x->reason != NULL, blind_y = y->reason != NULL;

	if (!x->c != !y->c)
		return x->c ? -1 : 1;
	if (talked_ns(x) != talked_ns(y))
		return talked_ns(x) < talked_ns(y) ? 1 : -1;
	if (blind_x != blind_y)
		return blind_x ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

const struct target_row *target_rows_sorted(struct target_rows *t, size_t *ret_count)
{
	if (t->count)
		qsort(t->rows, t->count, sizeof(*t->rows), by_activity);
	*ret_count = t->count;
	return t->rows;
}

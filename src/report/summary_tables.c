/* SPDX-License-Identifier: MIT */
/* The two tables of the summary. Their columns stand below each other; the names get what the
 * terminal leaves. */
#include "report/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/spend_cells.h"

#define WIDTH 80
/* All columns but the first. */
#define NUMBERS_COLUMNS 57
#define NAME_MIN	20
#define NAME_MAX	60
#define NAME_AT_80	22
#define USER_MAX	12
#define ROWS_SHOWN	10

static const char local[] = " (local)";

static size_t longest_of(const struct spend_table *t)
{
	size_t most = 0, len;

	for (size_t i = 0; i < t->count && i < ROWS_SHOWN; i++) {
		len = strlen(t->rows[i]->name) + (t->rows[i]->user ? USER_MAX + 1 : sizeof(local));
		most = len > most ? len : most;
	}
	return most;
}

/* How wide the names' column is: as the longest name, as far as there is room. */
static unsigned name_width(const struct run_report *r)
{
	const struct spend *s = r->totals->spend;
	unsigned width = r->width ? r->width : WIDTH, left;
	size_t models = longest_of(&s->models), who = longest_of(&s->who);
	size_t most = models > who ? models : who;

	left = width > NUMBERS_COLUMNS + 1 ? width - NUMBERS_COLUMNS - 1 : 0;
	if (left > NAME_MAX)
		left = NAME_MAX;
	if (most < left && left > NAME_AT_80)
		left = most < NAME_AT_80 ? NAME_AT_80 : (unsigned)most;
	return left < NAME_MIN ? NAME_MIN : left;
}

static void pad(struct buf *out, unsigned columns, unsigned width)
{
	if (columns < width)
		buf_addf(out, "%*s", (int)(width - columns), "");
}

static void write_numbers(struct buf *out, const struct spend_cells *c)
{
	buf_addf(out, "%6s%5s%8s%7s%8s%9s", c->calls, c->failed, c->in, c->cached, c->out, c->usd);
}

static void write_model(struct buf *out, const struct run_report *r, const struct spend_row *row,
			unsigned width)
{
	bool free = row->sum.free && row->sum.free == spend_owing(&row->sum);
	unsigned room = free ? width - (unsigned)sizeof(local) + 1 : width, n;
	struct spend_cells c;

	buf_addc(out, ' ');
	n = summary_name(out, r, row->nameless ? "(no model named)" : row->name, room);
	if (free) {
		buf_adds(out, local);
		n += (unsigned)sizeof(local) - 1;
	}
	pad(out, n, width);
	spend_cells_make(&c, &row->sum);
	write_numbers(out, &c);
	buf_addf(out, "%7s%7s\n", c.median, c.most);
}

static void write_who(struct buf *out, const struct run_report *r, const struct spend_row *row,
		      unsigned user, unsigned width)
{
	struct spend_cells c;
	unsigned n = 0;

	buf_addc(out, ' ');
	if (row->user)
		n = summary_name(out, r, row->user, user);
	if (!row->others) {
		pad(out, n, user + 1);
		n = user + 1;
	}
	n += summary_name(out, r, row->name, width - n);
	pad(out, n, width);
	spend_cells_make(&c, &row->sum);
	write_numbers(out, &c);
	if (row->others || row->npids == SPEND_PIDS)
		buf_adds(out, "  many\n");
	else if (row->npids == 1)
		buf_addf(out, "  pid %u\n", row->pids[0]);
	else
		buf_addf(out, "  %zu processes\n", row->npids);
}

static void write_title(struct buf *out, const char *title, const char *end, unsigned width)
{
	static const struct spend_cells heads = { .calls = "CALLS",
						  .failed = "FAIL",
						  .in = "IN",
						  .cached = "CACHED",
						  .out = "OUT",
						  .usd = "USD" };

	buf_addf(out, " %-*s", (int)width, title);
	write_numbers(out, &heads);
	buf_addf(out, "%s\n", end);
}

static void write_more(struct buf *out, size_t count)
{
	if (count > ROWS_SHOWN)
		buf_addf(out, " and %zu more\n", count - ROWS_SHOWN);
}

/* The users' names stand below each other, within reason. */
static unsigned user_width(const struct spend_table *t)
{
	size_t most = 0;

	for (size_t i = 0; i < t->count && i < ROWS_SHOWN; i++)
		if (t->rows[i]->user && strlen(t->rows[i]->user) > most)
			most = strlen(t->rows[i]->user);
	return most > USER_MAX ? USER_MAX : (unsigned)most;
}

void summary_write_tables(struct buf *out, const struct run_report *r)
{
	struct spend *s = r->totals->spend;
	unsigned width = name_width(r), user;

	if (!s->all.calls)
		return;
	spend_sort(s);
	write_title(out, "MODEL", "    P50    MAX", width);
	for (size_t i = 0; i < s->models.count && i < ROWS_SHOWN; i++)
		write_model(out, r, s->models.rows[i], width);
	write_more(out, s->models.count);
	user = user_width(&s->who);
	write_title(out, "WHO", "", width);
	for (size_t i = 0; i < s->who.count && i < ROWS_SHOWN; i++)
		write_who(out, r, s->who.rows[i], user, width);
	write_more(out, s->who.count);
}

/* SPDX-License-Identifier: MIT */
/* How what was kept is shown. */
#include <errno.h>
#include <stdio.h>

#include "options/read.h"

/* More would not be read by a person. */
#define ROWS_MAX 1000000000

int read_by(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "BY", &choice, reterr);

	o->by = (enum spend_by)choice; /* both lists have one order */
	return err;
}

int read_rows(struct options *o, const char *arg, struct error *reterr)
{
	unsigned long n;

	if (read_number(arg, ROWS_MAX, &n) != 0)
		return error_set(reterr, -EINVAL, "expected a number of rows, or 0 for all");
	o->table_rows = (unsigned)n;
	return 0;
}

int read_csv(struct options *o, const char *arg, struct error *reterr)
{
	o->format = sink_find(SPAN_LIT("csv"));
	return 0;
}

/* ---- processes ---- */

static int add(struct options *o, const char *word, const char *value, struct error *reterr)
{
	int err = select_add(&o->select, word, value, reterr);

	return err < 0 ? err : 0;
}

static int add_names(struct options *o, const char *word, const struct own_names *n,
		     struct error *reterr)
{
	int err = 0;

	for (size_t i = 0; i < n->count && !err; i++)
		err = add(o, word, n->items[i], reterr);
	return err;
}

static int add_numbers(struct options *o, struct error *reterr)
{
	char number[16];
	int err = 0;

	for (size_t i = 0; i < o->filter.npids && !err; i++) {
		snprintf(number, sizeof(number), "%d", (int)o->pids[i]);
		err = add(o, "pid", number, reterr);
	}
	for (size_t i = 0; i < o->filter.nusers && !err; i++) {
		snprintf(number, sizeof(number), "%u", o->users[i].uid);
		err = add(o, "user", o->users[i].name ? o->users[i].name : number, reterr);
	}
	return err;
}

int options_select_processes(struct options *o, struct error *reterr)
{
	int err;

	o->select.recorded = true;
	err = add_numbers(o, reterr);
	if (!err)
		err = add_names(o, "process", &o->processes, reterr);
	if (!err)
		err = add_names(o, "container", &o->containers, reterr);
	return err ? err : add_names(o, "unit", &o->units, reterr);
}

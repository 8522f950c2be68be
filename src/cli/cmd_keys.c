/* SPDX-License-Identifier: MIT */
/* Which API key was used by which programs, for which provider. */
#include <inttypes.h>

#include "base/log.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "view/key_uses.h"

static const struct column columns[] = {
	{ "KEY", "key", CELL_TEXT, 8 },
	{ "BEGINS", "hint", CELL_TEXT, 6 },
	{ "PROVIDER", "provider", CELL_TEXT, 6 },
	{ "PROGRAMS", "programs", CELL_TEXT, 6 },
	{ "USERS", "users", CELL_TEXT, 5 },
	{ "CALLS", "calls", CELL_NUMBER, 0 },
	{ "USD", "cost_usd", CELL_USD, 0 },
	{ NULL, "cost_unknown", CELL_NUMBER, 0 },
	{ "FIRST", "first", CELL_MOMENT, MOMENT_LEAST },
	{ "LAST", "last", CELL_MOMENT, MOMENT_LEAST },
	{ NULL, NULL, CELL_TEXT, 0 },
};

static void add_names(struct table *t, const struct key_names *n)
{
	struct buf text;

	buf_init(&text, 4096);
	for (size_t i = 0; i < n->count; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", n->items[i]);
	if (n->more)
		buf_adds(&text, ", ...");
	table_span(t, buf_span(&text));
	buf_done(&text);
}

static void add_row(struct table *t, const struct key_use *u)
{
	AUTO_FREE char *usd = NULL, *id = NULL;

	table_text(t, u->id[0] ? u->id : NULL);
	if (u->id[0]) {
		id = xasprintf("%.8s", u->id);
		table_shown(t, id);
	}
	table_text(t, u->hint);
	table_text(t, u->provider);
	add_names(t, &u->programs);
	add_names(t, &u->users);
	table_number(t, (int64_t)u->calls);
	table_usd(t, u->usd);
	if (u->cost_unknown) {
		usd = u->cost_unknown == u->calls ? xstrdup("unknown")
						  : xasprintf("%s+", text_usd_number(u->usd).text);
		table_shown(t, usd);
	}
	table_number(t, (int64_t)u->cost_unknown);
	table_number(t, u->first_ns ? u->first_ns : COUNT_UNKNOWN);
	table_number(t, u->last_ns ? u->last_ns : COUNT_UNKNOWN);
}

int keys_run(struct kept *k, struct error *reterr)
{
	struct table *t = table_new(columns, k->form);
	struct key_uses uses;
	int err = key_uses_read(&uses, k->view, &k->query, reterr);

	for (size_t i = 0; i < uses.count; i++)
		add_row(t, &uses.rows[i]);
	kept_print(k, t, false, err);
	if (uses.left_out)
		log_say("%" PRIu64 " calls of more keys than these are left out", uses.left_out);
	table_free(t);
	key_uses_done(&uses);
	return err;
}

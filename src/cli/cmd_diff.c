/* SPDX-License-Identifier: MIT */
/* What differs between two exchanges, part by part and line by line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "sink/diff.h"
#include "view/asked_texts.h"

#define TEXT_MAX ((size_t)256 << 20)

/* ---- each exchange as lines ---- */

static void add_system(struct buf *out, const struct exchange *x)
{
	asked_message(out, &x->system, false);
}

static void add_tools(struct buf *out, const struct exchange *x)
{
	for (size_t i = 0; i < x->ntools; i++)
		asked_tool(out, &x->tools[i]);
}

static void add_messages(struct buf *out, const struct exchange *x)
{
	for (size_t i = 0; i < x->nmessages; i++)
		asked_message(out, &x->messages[i], true);
}

static const struct {
	const char *name;
	void (*add)(struct buf *out, const struct exchange *x);
} sections[] = {
	{ "settings", asked_settings }, { "system", add_system },   { "tools", add_tools },
	{ "messages", add_messages },	{ "answer", asked_answer },
};

/* ---- what differs ---- */

static const struct column columns[] = {
	{ NULL, "section", CELL_TEXT, 0 }, { NULL, "line", CELL_NUMBER, 0 },
	{ NULL, "change", CELL_TEXT, 0 },  { NULL, "text", CELL_TEXT, 0 },
	{ NULL, NULL, CELL_TEXT, 0 },
};

struct difference {
	const struct kept *k;
	struct table *table;
	size_t changes;
};

static void print_line(const struct kept *k, const struct diff_line *l)
{
	struct buf text;

	buf_init(&text, 16 * l->text.len + 16);
	buf_addc(&text, l->added ? '+' : '-');
	safe_text_add(&text, l->text, k->utf8, UINT32_MAX);
	buf_addc(&text, '\n');
	fwrite(text.ptr, 1, text.len, stdout);
	buf_done(&text);
}

static void print_section(const struct kept *k, const char *name, const struct diff *d)
{
	printf("@@ %s, line %zu: %zu removed, %zu added @@\n", name, d->first, d->removed,
	       d->added);
	for (size_t i = 0; i < d->count; i++)
		print_line(k, &d->lines[i]);
	if (d->count < d->added + d->removed)
		printf("... and %zu more\n", d->added + d->removed - d->count);
}

static void add_lines(struct table *t, const char *name, const struct diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		table_text(t, name);
		table_number(t, (int64_t)d->lines[i].number);
		table_text(t, d->lines[i].added ? "added" : "removed");
		table_span(t, d->lines[i].text);
	}
}

static void compare(struct difference *f, size_t section, const struct exchange *a,
		    const struct exchange *b)
{
	struct buf before, after;
	struct diff d;

	buf_init(&before, TEXT_MAX);
	buf_init(&after, TEXT_MAX);
	sections[section].add(&before, a);
	sections[section].add(&after, b);
	diff_make(&d, buf_span(&before), buf_span(&after));
	f->changes += d.added + d.removed;
	if (d.added + d.removed && f->table)
		add_lines(f->table, sections[section].name, &d);
	else if (d.added + d.removed)
		print_section(f->k, sections[section].name, &d);
	diff_done(&d);
	buf_done(&before);
	buf_done(&after);
}

static void compare_all(const struct kept *k, const struct exchange *a, const struct exchange *b)
{
	struct difference f = { .k = k };

	if (k->form != TABLE_TEXT)
		f.table = table_new(columns, k->form);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		compare(&f, i, a, b);
	if (f.table)
		table_print(f.table, stdout, k->width, k->utf8);
	else if (!f.changes)
		printf("#%llu and #%llu say the same\n", (unsigned long long)a->id,
		       (unsigned long long)b->id);
	table_free(f.table);
}

int diff_run(struct kept *k, struct error *reterr)
{
	struct exchange *a = kept_one(k, k->o->operands[0], reterr);
	struct exchange *b = a ? kept_one(k, k->o->operands[1], reterr) : NULL;
	int err = b ? 0 : reterr->code;

	if (!err)
		compare_all(k, a, b);
	exchange_unref(a);
	exchange_unref(b);
	return err;
}

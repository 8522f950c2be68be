/* SPDX-License-Identifier: MIT */
/* What changed since the turn before: system prompt, tools, messages, and what that cost. */
#include <stdlib.h>

#include "base/units.h"
#include "sink/block_int.h"
#include "sink/diff.h"

/* Rows of a changed system prompt or list of tools. */
#define DIFF_ROWS    8
#define SYSTEM_BYTES (512u << 10)

/* ---- what changed ---- */

static size_t diff_rows(const struct layouter *l)
{
	return l->style->full ? SIZE_MAX : l->style->lines ? l->style->lines : DIFF_ROWS;
}

static void put_diff_lines(struct layouter *l, const struct diff *d, size_t max)
{
	size_t all = d->added + d->removed, rows = all <= max ? all : max - 1;

	for (size_t i = 0; i < d->count && i < rows; i++) {
		enum ink ink = d->lines[i].added ? INK_GOOD : INK_ERROR;

		page_more(l->p);
		page_put(l->p, ink, d->lines[i].added ? "+ " : "- ");
		page_traffic(l->p, ink, d->lines[i].text, page_room(l->p));
	}
	if (all > rows) {
		page_more(l->p);
		page_putf(l->p, INK_META, "%s %s lines more", page_sign(l->p, "…", "..."),
			  page_number(all - rows).text);
	}
}

static void put_change(struct layouter *l, const struct diff *d)
{
	page_putf(l->p, INK_WARN, "changed at line %s ", page_number(d->first).text);
	page_putf(l->p, INK_META, "(%s%s +%s)", page_sign(l->p, "−", "-"),
		  page_number(d->removed).text, page_number(d->added).text);
}

/* ---- system prompt and tools ---- */

static void put_tool_count(struct layouter *l, const char *what)
{
	char text[64];

	if (!l->x->ntools)
		return;
	snprintf(text, sizeof(text), "%zu tool%s%s", l->x->ntools, l->x->ntools == 1 ? "" : "s",
		 what);
	page_item(l->p, INK_META, text);
}

static const char *tools_word(const struct layouter *l)
{
	switch (l->news.tools) {
	case SEEN_BEFORE:
	case SEEN_ELSEWHERE:
		return " unchanged";
	case SEEN_CHANGED:
		return ", changed";
	case SEEN_NEVER:
		break;
	}
	return "";
}

static void put_lines_and_tools(struct layouter *l, struct span system)
{
	char text[40];
	size_t lines = page_lines(system);

	if (lines > 1) {
		snprintf(text, sizeof(text), "(%s lines)", page_number(lines).text);
		page_put(l->p, INK_META, " ");
		page_put(l->p, INK_META, text);
	}
	put_tool_count(l, tools_word(l));
}

/* The text, cut so that the counts have room behind it. */
static void put_new_system(struct layouter *l, struct span system)
{
	size_t rows = block_rows(l, TEXT_SYSTEM);
	unsigned counts = 0;
	char tools[64] = "";

	if (l->x->ntools)
		snprintf(tools, sizeof(tools), "%s%zu tool%s%s", page_sign(l->p, " · ", " | "),
			 l->x->ntools, l->x->ntools == 1 ? "" : "s", tools_word(l));
	counts = page_columns(l->p, span_str(tools));
	if (rows == 1 && page_room(l->p) > counts + 40) {
		page_one_row(l->p, INK_PLAIN, system, page_room(l->p) - counts);
		page_put(l->p, INK_META, tools);
		return;
	}
	page_text(l->p, INK_PLAIN, system, rows);
	if (l->x->ntools)
		page_more(l->p);
	put_tool_count(l, tools_word(l));
}

static void put_changed_system(struct layouter *l, struct span system)
{
	struct diff d;

	diff_make(&d, l->news.system_before, system);
	put_change(l, &d);
	put_tool_count(l, tools_word(l));
	put_diff_lines(l, &d, diff_rows(l));
	diff_done(&d);
}

static void put_tool_names(struct layouter *l)
{
	size_t i = 0;

	page_put(l->p, INK_META, ": ");
	for (; i < l->x->ntools && page_room(l->p) > 20; i++) {
		if (i)
			page_put(l->p, INK_META, ", ");
		page_traffic(l->p, INK_PLAIN,
			     span_str(l->x->tools[i].name ? l->x->tools[i].name : "?"),
			     page_room(l->p));
	}
	if (i < l->x->ntools)
		page_put(l->p, INK_META, page_sign(l->p, " …", " ..."));
}

static void system_row(struct layouter *l, struct span system)
{
	page_row(l->p, INK_META, "sys");
	if (!system.len) {
		put_tool_count(l, tools_word(l));
		if (l->news.tools == SEEN_NEVER)
			put_tool_names(l);
		return;
	}
	if (l->style->full || l->news.system == SEEN_NEVER) {
		put_new_system(l, system);
		return;
	}
	switch (l->news.system) {
	case SEEN_ELSEWHERE:
		page_putf(l->p, INK_META, "same as #%llu", (unsigned long long)l->news.system_id);
		put_lines_and_tools(l, system);
		break;
	case SEEN_CHANGED:
		put_changed_system(l, system);
		break;
	case SEEN_BEFORE:
		page_put(l->p, INK_META, "unchanged");
		put_tool_count(l, tools_word(l));
		break;
	case SEEN_NEVER:
		break;
	}
}

static const struct tool_text *tool_of(const struct tool_text *tools, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

static void put_named(struct layouter *l, enum ink ink, const char *sign, const char *name)
{
	if (page_columns(l->p, span_str(name)) + 2 > page_room(l->p))
		page_more(l->p);
	page_put(l->p, ink, sign);
	page_traffic(l->p, ink, span_str(name), 40);
	page_put(l->p, ink, " ");
}

static void put_tool_change(struct layouter *l, const struct tool_text *before,
			    const struct tool_text *after)
{
	struct diff d;

	diff_make(&d, span_str(before->text), span_str(after->text));
	page_more(l->p);
	page_traffic(l->p, INK_TOOL, span_str(after->name), 40);
	page_put(l->p, INK_PLAIN, " ");
	put_change(l, &d);
	put_diff_lines(l, &d, diff_rows(l) < 5 ? diff_rows(l) : 5);
	diff_done(&d);
}

/* Those added, those removed, and what changed in the first ones that did. */
static void tools_row(struct layouter *l)
{
	const struct tool_text *before = l->news.tools_before;
	size_t nbefore = l->news.ntools_before, n, changed = 0;
	struct tool_text *tools = history_tools(l->x, &n);

	page_row(l->p, INK_META, "tools");
	page_putf(l->p, INK_META, "%zu %s %zu ", nbefore, page_sign(l->p, "→", "->"), n);
	for (size_t i = 0; i < n; i++)
		if (!tool_of(before, nbefore, tools[i].name))
			put_named(l, INK_GOOD, "+", tools[i].name);
	for (size_t i = 0; i < nbefore; i++)
		if (!tool_of(tools, n, before[i].name))
			put_named(l, INK_ERROR, page_sign(l->p, "−", "-"), before[i].name);
	for (size_t i = 0; i < n; i++) {
		const struct tool_text *was = tool_of(before, nbefore, tools[i].name);

		if (was && strcmp(was->text, tools[i].text) != 0 && changed++ < 3)
			put_tool_change(l, was, &tools[i]);
	}
	history_tools_free(tools, n);
}

static bool has_system_row(const struct layouter *l, const struct buf *system)
{
	if (!system->len && !l->x->ntools)
		return false;
	return l->style->full || (system->len && l->news.system != SEEN_BEFORE) ||
	       (l->x->ntools && (l->news.tools == SEEN_NEVER || l->news.tools == SEEN_ELSEWHERE));
}

void block_system(struct layouter *l)
{
	struct buf system;

	buf_init(&system, SYSTEM_BYTES);
	history_system(l->x, &system);
	if (has_system_row(l, &system))
		system_row(l, buf_span(&system));
	if (l->news.tools == SEEN_CHANGED)
		tools_row(l);
	buf_done(&system);
}

bool block_was_edited(const struct exchange *x)
{
	return x->conversation.broke && x->conversation.broke_by == BREAK_MESSAGES;
}

/* What changed in the first message that is another one than in the turn before. */
void block_edit(struct layouter *l)
{
	const struct conversation *k = &l->x->conversation;
	char *now;
	struct diff d;

	if (!block_was_edited(l->x) || k->broke_at >= l->x->nmessages ||
	    k->broke_at >= l->news.nmessages_before)
		return;
	now = history_message(&l->x->messages[k->broke_at]);
	diff_make(&d, span_str(l->news.messages_before[k->broke_at]), span_str(now));
	if (d.added + d.removed) {
		page_row(l->p, INK_META, "edit");
		page_putf(l->p, INK_META, "message %zu ", k->broke_at + 1);
		put_change(l, &d);
		put_diff_lines(l, &d, diff_rows(l));
	}
	diff_done(&d);
	free(now);
}

/* ---- the cache ---- */

/* What the provider says of its own cache. */
static void diagnosis(struct layouter *l)
{
	const struct exchange *x = l->x;

	if (!x->cache_miss)
		return;
	page_row(l->p, INK_WARN, "cache");
	page_put(l->p, INK_WARN, "the provider says ");
	page_put(l->p, INK_WARN, x->cache_miss);
	if (x->cache_missed != COUNT_UNKNOWN)
		page_putf(l->p, INK_WARN, ": %s tokens missed",
			  page_number((uint64_t)x->cache_missed).text);
}

void block_cache(struct layouter *l)
{
	const struct conversation *k = &l->x->conversation;
	double usd;

	diagnosis(l);
	if (!k->broke || k->lost_cache == 0)
		return;
	page_row(l->p, INK_WARN, "cache");
	if (k->lost_cache == COUNT_UNKNOWN) {
		page_put(l->p, INK_WARN, "its prefix broke");
	} else {
		page_putf(l->p, INK_WARN, "missed: %s tokens",
			  page_number((uint64_t)k->lost_cache).text);
		usd = history_price_again(&l->news, l->x) * (double)k->lost_cache;
		if (usd > 0)
			page_putf(l->p, INK_WARN, " (%s)", text_usd(usd).text);
		page_put(l->p, INK_WARN, " paid again");
	}
	switch (k->broke_by) {
	case BREAK_MESSAGES:
		page_putf(l->p, INK_WARN, " - message %zu was edited", k->broke_at + 1);
		break;
	case BREAK_SYSTEM:
		page_put(l->p, INK_WARN, " - the system prompt changed");
		break;
	case BREAK_TOOLS:
		page_put(l->p, INK_WARN, " - the tools changed");
		break;
	}
}

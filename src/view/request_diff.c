/* SPDX-License-Identifier: MIT */
#include "view/request_diff.h"

#include <string.h>

#include "base/str.h"
#include "view/asked_texts.h"

#define TEXT_MAX ((size_t)256 << 20)

struct comparing {
	const struct exchange *before, *after;
	piece_fn fn;
	void *arg;
	size_t *same;
};

/* The piece as it was and as it is; what is not there has no text. */
static void compare(const struct comparing *c, struct piece p, bool was, bool is,
		    const struct buf *before, const struct buf *after)
{
	struct diff d;

	p.change = !was ? PIECE_ADDED : !is ? PIECE_REMOVED : PIECE_CHANGED;
	if (was && is && span_eq(buf_span(before), buf_span(after))) {
		c->same[p.kind]++;
		return;
	}
	diff_make(&d, buf_span(before), buf_span(after));
	p.diff = &d;
	c->fn(c->arg, &p);
	diff_done(&d);
}

struct texts {
	struct buf before, after;
};

static void texts_init(struct texts *t)
{
	buf_init(&t->before, TEXT_MAX);
	buf_init(&t->after, TEXT_MAX);
}

static void texts_done(struct texts *t)
{
	buf_done(&t->before);
	buf_done(&t->after);
}

/* ---- kinds ---- */

static void compare_settings(const struct comparing *c)
{
	struct texts t;

	texts_init(&t);
	asked_settings(&t.before, c->before);
	asked_settings(&t.after, c->after);
	compare(c, (struct piece){ .kind = PIECE_SETTINGS }, true, true, &t.before, &t.after);
	texts_done(&t);
}

static void compare_system(const struct comparing *c)
{
	bool was = c->before->system.nparts, is = c->after->system.nparts;
	struct texts t;

	if (!was && !is)
		return;
	texts_init(&t);
	asked_message(&t.before, &c->before->system, false);
	asked_message(&t.after, &c->after->system, false);
	compare(c, (struct piece){ .kind = PIECE_SYSTEM }, was, is, &t.before, &t.after);
	texts_done(&t);
}

static const struct tool *tool_named(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->ntools; i++)
		if (string_eq(x->tools[i].name, name))
			return &x->tools[i];
	return NULL;
}

static void compare_tool(const struct comparing *c, const struct tool *was, const struct tool *is)
{
	struct texts t;

	texts_init(&t);
	if (was)
		asked_tool(&t.before, was);
	if (is)
		asked_tool(&t.after, is);
	compare(c, (struct piece){ .kind = PIECE_TOOL, .name = is ? is->name : was->name }, was, is,
		&t.before, &t.after);
	texts_done(&t);
}

static void compare_tools(const struct comparing *c)
{
	const struct exchange *a = c->before, *b = c->after;

	for (size_t i = 0; i < a->ntools; i++)
		if (!tool_named(b, a->tools[i].name))
			compare_tool(c, &a->tools[i], NULL);
	for (size_t i = 0; i < b->ntools; i++)
		compare_tool(c, tool_named(a, b->tools[i].name), &b->tools[i]);
}

/* By their places: a conversation grows at its end. */
static void compare_message(const struct comparing *c, size_t i)
{
	const struct message *was = i < c->before->nmessages ? &c->before->messages[i] : NULL;
	const struct message *is = i < c->after->nmessages ? &c->after->messages[i] : NULL;
	struct texts t;

	texts_init(&t);
	if (was)
		asked_message(&t.before, was, true);
	if (is)
		asked_message(&t.after, is, true);
	compare(c,
		(struct piece){
			.kind = PIECE_MESSAGE, .number = i + 1, .name = is ? is->role : was->role },
		was, is, &t.before, &t.after);
	texts_done(&t);
}

void request_diff(const struct exchange *before, const struct exchange *after, piece_fn fn,
		  void *arg, size_t ret_same[4])
{
	const struct comparing c = { before, after, fn, arg, ret_same };
	size_t n = before->nmessages > after->nmessages ? before->nmessages : after->nmessages;

	memset(ret_same, 0, 4 * sizeof(*ret_same));
	compare_settings(&c);
	compare_system(&c);
	compare_tools(&c);
	for (size_t i = 0; i < n; i++)
		compare_message(&c, i);
}

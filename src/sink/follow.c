/* SPDX-License-Identifier: MIT */
#include "sink/follow.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "sink/block_int.h"

/* Calls that are followed at once; others are shown when they end. */
#define CALLS_MAX 256
/* Text that waits for the end of its line, and arguments for the end of theirs. */
#define LINE_MAX      (64u << 10)
#define ARGUMENTS_MAX (4u << 20)

struct followed {
	uint64_t serial; /* of the exchange, 0: free */
	uint32_t next_seq;
	bool any; /* output was shown */
	bool gap; /* some was left out: the end shows the whole */
	/* The part that is coming. */
	bool in_part, begun;
	unsigned choice;
	size_t part;
	enum part_kind kind;
	char *name;
	struct buf text; /* not yet written */
};

struct follow {
	FILE *out;
	struct followed calls[CALLS_MAX];
};

/* A page whose rows begin with the number of the call. */
struct numbered {
	struct page p;
	char prefix[48];
	struct layouter l;
	struct block block;
};

static void numbered_begin(struct numbered *n, const struct follow *f, const struct block_style *s,
			   const struct history *h, const struct exchange *x)
{
	unsigned columns;

	n->block = (struct block){ .x = x, .history = h };
	columns = (unsigned)snprintf(n->prefix, sizeof(n->prefix), "#%llu",
				     (unsigned long long)x->id) +
		  1;
	page_init(&n->p, f->out, s->width > columns ? s->width - columns : s->width, s->color,
		  s->utf8);
	snprintf(n->prefix, sizeof(n->prefix), "%s#%llu%s%s", s->color ? "\x1b[2m" : "",
		 (unsigned long long)x->id, s->utf8 ? "│" : "|", s->color ? "\x1b[0m" : "");
	n->p.prefix = n->prefix;
	layouter_begin(&n->l, &n->p, s, &n->block);
}

static struct followed *free_place(struct follow *f)
{
	for (size_t i = 0; i < CALLS_MAX; i++)
		if (!f->calls[i].serial)
			return &f->calls[i];
	return NULL;
}

static struct followed *followed_of(struct follow *f, const struct exchange *x)
{
	for (size_t i = 0; i < CALLS_MAX && x->serial; i++)
		if (f->calls[i].serial == x->serial)
			return &f->calls[i];
	return NULL;
}

bool follow_has(const struct follow *f, const struct exchange *x)
{
	return followed_of((struct follow *)f, x) != NULL;
}

void follow_request(struct follow *f, const struct block_style *s, const struct history *h,
		    const struct exchange *x)
{
	struct followed *c = free_place(f);
	struct numbered n;

	if (!c || !x->serial)
		return;
	*c = (struct followed){ .serial = x->serial };
	buf_init(&c->text, ARGUMENTS_MAX);
	numbered_begin(&n, f, s, h, x);
	block_head(&n.l);
	block_request(&n.l);
	page_done(&n.p);
}

/* ---- output as it comes ---- */

static void put_line(struct followed *c, struct layouter *l, struct span line)
{
	bool thought = c->kind == PART_REASONING;

	if (!c->begun)
		page_row(l->p, thought ? INK_META : INK_SAY, thought ? "think" : "say");
	else
		page_more(l->p);
	page_text(l->p, thought ? INK_META : INK_PLAIN, line, 0);
	c->begun = true;
}

/* Lines that have come; with `all` also one that has no end. */
static void put_lines(struct followed *c, struct layouter *l, bool all)
{
	l->p->indent = 8;
	while (c->text.len) {
		struct span s = buf_span(&c->text);
		size_t n = span_find(s, '\n');

		if (n == s.len && !all && s.len < LINE_MAX)
			return;
		if (n || c->begun)
			put_line(c, l, span_first(s, n));
		buf_drop(&c->text, n < s.len ? n + 1 : n);
	}
}

static void end_part(struct followed *c, struct layouter *l)
{
	struct part p = { .kind = c->kind, .name = c->name, .text = c->text };

	if (!c->in_part)
		return;
	if (c->kind == PART_TOOL_CALL)
		block_part(l, &p, "tool", INK_PLAIN, TEXT_TOOL);
	else
		put_lines(c, l, true);
	free(c->name);
	c->name = NULL;
	buf_reset(&c->text);
	c->in_part = c->begun = false;
}

static void begin_part(struct followed *c, const struct exchange_delta *d)
{
	c->in_part = c->any = true;
	c->choice = d->choice;
	c->part = d->part;
	c->kind = d->kind;
}

void follow_delta(struct follow *f, const struct block_style *s, const struct history *h,
		  const struct exchange *x, const struct exchange_delta *d)
{
	struct followed *c = followed_of(f, x);
	struct numbered n;

	if (!c)
		return;
	c->gap |= d->seq != c->next_seq;
	c->next_seq = d->seq + 1;
	if (c->gap)
		return;
	numbered_begin(&n, f, s, h, x);
	if (c->in_part && (c->choice != d->choice || c->part != d->part))
		end_part(c, &n.l);
	if (!c->in_part)
		begin_part(c, d);
	set_string(&c->name, d->name);
	buf_add(&c->text, d->text);
	if (c->kind != PART_TOOL_CALL)
		put_lines(c, &n.l, false);
	page_done(&n.p);
}

/* ---- the end ---- */

static void forget(struct followed *c)
{
	free(c->name);
	buf_done(&c->text);
	*c = (struct followed){ .serial = 0 };
}

/* What is no text, and so did not come in pieces. */
static void put_quiet_parts(struct layouter *l)
{
	const struct exchange *x = l->x;

	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++) {
			const struct part *p = &x->choices[i].msg.parts[n];

			if (p->kind > PART_TOOL_CALL)
				block_part(l, p, "say", INK_PLAIN, TEXT_SAY);
		}
}

static void put_rest(struct followed *c, struct layouter *l)
{
	if (!c) {
		block_head(l);
		if (l->x->kind == EXCHANGE_LLM)
			block_request(l);
		else
			block_other(l);
	}
	if (c && c->any && !c->gap) {
		end_part(c, l);
		put_quiet_parts(l);
	} else if (l->x->kind == EXCHANGE_LLM) {
		block_answer(l);
	}
	block_tail(l);
}

void follow_end(struct follow *f, const struct block_style *s, const struct history *h,
		const struct exchange *x)
{
	struct followed *c = followed_of(f, x);
	struct numbered n;

	numbered_begin(&n, f, s, h, x);
	put_rest(c, &n.l);
	page_done(&n.p);
	if (c)
		forget(c);
}

void follow_superseded(struct follow *f, const struct block_style *s, const struct exchange *x)
{
	struct followed *c = followed_of(f, x);
	struct page p;

	if (!c)
		return;
	forget(c);
	page_init(&p, f->out, s->width, s->color, s->utf8);
	page_row(&p, INK_META, NULL);
	page_putf(&p, INK_META, "#%llu%s  the same call as #%llu", (unsigned long long)x->id,
		  page_sign(&p, "│", "|"), (unsigned long long)x->twin_of);
	page_done(&p);
}

struct follow *follow_new(FILE *out)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->out = out;
	return f;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < CALLS_MAX; i++)
		forget(&f->calls[i]);
	free(f);
}

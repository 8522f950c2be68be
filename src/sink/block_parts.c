/* SPDX-License-Identifier: MIT */
/* Parts of messages and answers as rows. */
#include "base/units.h"
#include "sink/arguments.h"
#include "sink/block_int.h"

/* Parts of one answer that are shown. */
#define PARTS_SHOWN 100

static void put_binary(struct layouter *l, const struct part *p)
{
	struct page *page = l->p;

	page_putf(page, INK_META, "[%s", part_kind_name(p->kind));
	if (p->name) {
		page_put(page, INK_META, " ");
		page_traffic(page, INK_META, span_str(p->name), 40);
	}
	if (p->media_type) {
		page_put(page, INK_META, " ");
		page_traffic(page, INK_META, span_str(p->media_type), 40);
	}
	if (p->size)
		page_putf(page, INK_META, " %s", text_bytes(p->size).text);
	if (p->text.len) {
		page_put(page, INK_META, " ");
		page_traffic(page, INK_META, buf_span(&p->text), 60);
	}
	page_put(page, INK_META, "]");
}

static void put_tool_call(struct layouter *l, const struct part *p)
{
	page_traffic(l->p, INK_TOOL, span_str(p->name ? p->name : "?"), 60);
	page_put(l->p, INK_PLAIN, "  ");
	arguments_put(l->p, buf_span(&p->text), block_rows(l, TEXT_TOOL));
}

/* The tool that gave the result, and how long it took: from the answer that asked for it. */
static void put_result(struct layouter *l, const struct part *p)
{
	struct called call = { .name = p->name };
	bool known = history_called(l->block->history, p->id, &call);
	uint64_t now = l->x->t.request_first;

	if (call.name) {
		page_traffic(l->p, INK_TOOL, span_str(call.name), 60);
		if (known && call.at_ns && now > call.at_ns)
			page_putf(l->p, INK_META, " %s", text_duration(now - call.at_ns).text);
		page_put(l->p, INK_PLAIN, "  ");
	}
	if (p->is_error)
		page_put(l->p, INK_ERROR, "failed  ");
	if (l->style->full)
		page_text(l->p, p->is_error ? INK_ERROR : INK_PLAIN, buf_span(&p->text), 0);
	else
		result_put(l->p, p->is_error ? INK_ERROR : INK_PLAIN, buf_span(&p->text),
			   block_rows(l, TEXT_RESULT));
}

static void put_other(struct layouter *l, const struct part *p)
{
	page_put(l->p, INK_META, "[");
	page_traffic(l->p, INK_META, span_str(p->type_raw ? p->type_raw : "?"), 40);
	page_put(l->p, INK_META, "] ");
	page_text(l->p, INK_PLAIN, buf_span(&p->text), l->style->full ? 0 : 1);
}

static void put_part(struct layouter *l, const struct part *p, enum ink ink, enum text_kind kind)
{
	switch (p->kind) {
	case PART_TEXT:
	case PART_REASONING:
	case PART_REFUSAL:
		page_text(l->p, ink, buf_span(&p->text), block_rows(l, kind));
		break;
	case PART_TOOL_CALL:
		put_tool_call(l, p);
		break;
	case PART_TOOL_RESULT:
		put_result(l, p);
		break;
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
		put_binary(l, p);
		break;
	case PART_OTHER:
		put_other(l, p);
		break;
	}
}

void block_part(struct layouter *l, const struct part *p, const char *label, enum ink ink,
		enum text_kind kind)
{
	switch (p->kind) {
	case PART_REASONING:
		page_row(l->p, INK_META, "think");
		put_part(l, p, INK_META, TEXT_THINK);
		break;
	case PART_REFUSAL:
		page_row(l->p, INK_ERROR, "no");
		put_part(l, p, INK_ERROR, kind);
		break;
	case PART_TOOL_CALL:
		page_row(l->p, INK_TOOL, "tool");
		put_part(l, p, INK_PLAIN, TEXT_TOOL);
		break;
	case PART_TOOL_RESULT:
		page_row(l->p, INK_TOOL, "res");
		put_part(l, p, INK_PLAIN, TEXT_RESULT);
		break;
	case PART_TEXT:
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
	case PART_OTHER:
		page_row(l->p, kind == TEXT_USER ? INK_USER : INK_SAY, label);
		put_part(l, p, ink, kind);
		break;
	}
	if (p->text.full) {
		page_more(l->p);
		page_put(l->p, INK_WARN, "the text above was cut by a limit");
	}
}

/* A part that would show nothing: reasoning that is encrypted, text that never came. */
static bool is_empty(const struct part *p)
{
	return (p->kind == PART_TEXT || p->kind == PART_REASONING) &&
	       !page_lines(buf_span(&p->text));
}

static void label_of(const struct layouter *l, const struct choice *c, char *out, size_t size)
{
	if (l->x->nchoices > 1)
		snprintf(out, size, "say %u", c->index + 1 < 10 ? c->index + 1 : 9);
	else
		snprintf(out, size, "say");
}

/* ---- sources ---- */

/* Sources of one answer that are shown. */
#define SOURCES_SHOWN	 4
#define SOURCES_COMPARED 256

/* Whether one of the last sources before it is the same. */
static bool is_named_before(const struct exchange *x, size_t n)
{
	for (size_t i = n < SOURCES_COMPARED ? 0 : n - SOURCES_COMPARED; i < n; i++)
		if (x->citations[n].url && x->citations[i].url &&
		    strcmp(x->citations[i].url, x->citations[n].url) == 0)
			return true;
	return false;
}

static void put_source(struct layouter *l, const struct citation *c)
{
	const char *name = c->title ? c->title : c->document;

	page_row(l->p, INK_META, "cite");
	if (name)
		page_traffic(l->p, INK_PLAIN, span_str(name), c->url ? 40 : page_room(l->p));
	if (name && c->url)
		page_put(l->p, INK_PLAIN, "  ");
	if (c->url)
		page_traffic(l->p, INK_META, span_str(c->url), page_room(l->p));
	else if (!name)
		page_one_row(l->p, INK_META, span_str(c->text), page_room(l->p));
}

static void put_more_sources(struct layouter *l, size_t more)
{
	if (!more)
		return;
	page_more(l->p);
	page_putf(l->p, INK_META, "%s %s more", page_sign(l->p, "…", "..."),
		  page_number(more).text);
}

/* What the provider looked for, and each source that the answer names, once. */
static void block_sources(struct layouter *l)
{
	const struct exchange *x = l->x;
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < x->nsearches && (i < SOURCES_SHOWN || l->style->full); i++) {
		page_row(l->p, INK_TOOL, "find");
		page_one_row(l->p, INK_PLAIN, span_str(x->searches[i]), page_room(l->p));
	}
	if (x->nsearches > SOURCES_SHOWN && !l->style->full)
		put_more_sources(l, x->nsearches - SOURCES_SHOWN);
	for (size_t i = 0; i < x->ncitations; i++) {
		if (!l->style->full && shown == SOURCES_SHOWN)
			more++;
		else if (!is_named_before(x, i) && ++shown)
			put_source(l, &x->citations[i]);
	}
	put_more_sources(l, more);
}

const struct part *block_numbers(const struct exchange *x)
{
	const struct message *m = x->nchoices == 1 ? &x->choices[0].msg : NULL;
	const struct part *p = m && m->nparts == 1 ? &m->parts[0] : NULL;

	return p && p->kind == PART_OTHER && p->type_raw && strcmp(p->type_raw, "embeddings") == 0
		       ? p
		       : NULL;
}

void block_answer(struct layouter *l)
{
	const struct exchange *x = l->x;
	size_t shown = 0, more = 0;
	char label[16];

	if (block_numbers(x))
		return;

	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++) {
			const struct part *p = &x->choices[i].msg.parts[n];

			if (is_empty(p))
				continue;
			if (shown == PARTS_SHOWN && !l->style->full) {
				more++;
				continue;
			}
			label_of(l, &x->choices[i], label, sizeof(label));
			block_part(l, p, label, INK_PLAIN, TEXT_SAY);
			shown++;
		}
	if (more) {
		page_more(l->p);
		page_putf(l->p, INK_META, "%s %s parts more", page_sign(l->p, "…", "..."),
			  page_number(more).text);
	}
	block_sources(l);
}

void block_streamed(struct layouter *l, const struct streamed *s)
{
	for (size_t i = 0; i < s->nparts; i++) {
		const struct streamed_part *from = &s->parts[i];
		struct part p = { .kind = from->kind, .name = from->name, .text = from->text };

		if (is_empty(&p))
			continue;
		block_part(l, &p, "say", INK_PLAIN, TEXT_SAY);
	}
}

/* SPDX-License-Identifier: MIT */
#include "sink/transcript.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "conversation/own_words.h"
#include "sink/ledger.h"
#include "sink/pretty.h"

#define SYSTEM_MAX (64u << 20)
#define TOOLS_MAX  (4u << 20)

struct walk {
	const struct transcript *t;
	const struct history *history;
	const struct transcript_ops *ops;
	void *arg;
};

static void note(const struct walk *w, const char *own, const char *traffic)
{
	w->ops->note(w->arg, own, traffic);
}

/* ---- parts ---- */

static void tool_text(const struct walk *w, const char *own, const char *tool, enum tone tone,
		      struct span text)
{
	char *pretty = pretty_json(text);

	w->ops->tool(w->arg, own, tool, tone, pretty ? span_str(pretty) : text);
	free(pretty);
}

static void result(const struct walk *w, const struct part *p)
{
	struct called call = { .name = p->name };

	history_called(w->history, p->id, &call);
	tool_text(w, p->is_error ? "Tool failed" : "Tool result", call.name,
		  p->is_error ? TONE_FAILED : TONE_CODE, buf_span(&p->text));
}

/* What is no text is named: of which kind and how large. */
static void binary(const struct walk *w, const struct part *p)
{
	char own[120];

	snprintf(own, sizeof(own), "%s%s%s%s%.16s:", part_kind_name(p->kind), p->size ? ", " : "",
		 p->size ? text_bytes(p->size).text : "", p->sha256[0] ? ", sha256 " : "",
		 p->sha256);
	note(w, own, p->text.len ? p->text.ptr : p->media_type ? p->media_type : p->name);
}

static void prose(const struct walk *w, enum tone tone, const struct part *p)
{
	struct span text = buf_span(&p->text);

	while (text.len && (text.ptr[0] == '\n' || text.ptr[0] == '\r'))
		text = span_from(text, 1);
	while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]) && text.ptr[text.len - 1])
		text.len--;
	if (text.len)
		w->ops->text(w->arg, tone, text);
}

static void part(const struct walk *w, const struct part *p)
{
	switch (p->kind) {
	case PART_TEXT:
		prose(w, TONE_SAID, p);
		break;
	case PART_REASONING:
		prose(w, TONE_THOUGHT, p);
		break;
	case PART_REFUSAL:
		note(w, "Refused:", NULL);
		prose(w, TONE_SAID, p);
		break;
	case PART_TOOL_CALL:
		tool_text(w, "Tool call", p->name, TONE_CODE, buf_span(&p->text));
		break;
	case PART_TOOL_RESULT:
		result(w, p);
		break;
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
		binary(w, p);
		break;
	case PART_OTHER:
		tool_text(w, "Other content", p->type_raw, TONE_CODE, buf_span(&p->text));
		break;
	}
	if (p->text.full)
		w->ops->problem(w->arg, "The text above was cut by a limit.", NULL);
}

/* ---- request ---- */

static const char *const unchanged[SEEN_CHANGED + 1] = {
	[SEEN_BEFORE] = "System prompt unchanged.",
	[SEEN_ELSEWHERE] = "System prompt as in an earlier call.",
};

static void system_prompt(const struct walk *w)
{
	enum seen seen = w->t->full ? SEEN_NEVER : w->t->news.system;
	struct buf text;

	buf_init(&text, SYSTEM_MAX);
	history_system(w->t->x, &text);
	if (text.len && unchanged[seen])
		note(w, unchanged[seen], NULL);
	else if (text.len)
		w->ops->fold(w->arg,
			     seen == SEEN_CHANGED ? "System prompt, changed" : "System prompt",
			     NULL, buf_span(&text));
	buf_done(&text);
}

/* A line for each: its name, and the first line of what it is for. */
static void tools(const struct walk *w)
{
	const struct exchange *x = w->t->x;
	struct buf text;
	char own[64];

	if (!x->ntools ||
	    (!w->t->full && w->t->news.tools != SEEN_NEVER && w->t->news.tools != SEEN_CHANGED))
		return;
	buf_init(&text, TOOLS_MAX);
	for (size_t i = 0; i < x->ntools; i++) {
		struct span about = span_str(x->tools[i].description);

		about = span_first(about, span_find(about, '\n'));
		buf_adds(&text, x->tools[i].name ? x->tools[i].name : "?");
		buf_adds(&text, about.len ? ": " : "");
		buf_add(&text, about);
		buf_adds(&text, i + 1 < x->ntools ? "\n" : "");
	}
	snprintf(own, sizeof(own), "Tools offered: %zu", x->ntools);
	w->ops->fold(w->arg, own, NULL, buf_span(&text));
	buf_done(&text);
}

/* What the user wrote, and what a client put around it. */
static void user_part(const struct walk *w, const struct part *p)
{
	struct span rest = buf_span(&p->text);
	struct words piece;

	while (own_words_next(&rest, &piece)) {
		AUTO_FREE char *tag =
			piece.tag.len ? xstrndup((const char *)piece.tag.ptr, piece.tag.len) : NULL;

		if (piece.own)
			w->ops->text(w->arg, TONE_SAID, piece.text);
		else
			w->ops->fold(w->arg, "Added by the client", tag, piece.text);
	}
}

static bool is_of_user(const struct message *m)
{
	return m->role && strcmp(m->role, "user") == 0;
}

static bool is_shown(const struct walk *w, const struct message *m, const struct part *p)
{
	return w->t->full || !history_is_answer(m) || !history_is_echo(w->history, &w->t->news, p);
}

/* They say themselves what they are; in some APIs their role is the user's. */
static bool is_results(const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind != PART_TOOL_RESULT)
			return false;
	return true;
}

static void message(const struct walk *w, const struct message *m)
{
	const char *role = m->role ? m->role : "?";
	bool begun = false;

	for (size_t i = 0; i < m->nparts; i++) {
		const struct part *p = &m->parts[i];

		if (!is_shown(w, m, p))
			continue;
		if (!begun)
			w->ops->speaker(w->arg, is_results(m) ? NULL : role);
		begun = true;
		if (p->kind == PART_TEXT && is_of_user(m) && !p->text.full)
			user_part(w, p);
		else
			part(w, p);
	}
}

static void skipped(const struct walk *w, size_t n)
{
	char own[80];

	if (!n)
		return;
	snprintf(own, sizeof(own), "%zu earlier message%s not repeated.", n, n == 1 ? "" : "s");
	note(w, own, NULL);
}

static void messages(const struct walk *w)
{
	const struct exchange *x = w->t->x;
	size_t head = history_system_messages(x);
	size_t first = w->t->full ? head : w->t->news.first;

	skipped(w, first - head);
	for (size_t i = first; i < x->nmessages; i++)
		message(w, &x->messages[i]);
}

/* ---- answer ---- */

static void sources(const struct walk *w)
{
	const struct exchange *x = w->t->x;

	for (size_t i = 0; i < x->nsearches; i++)
		note(w, "Searched for:", x->searches[i]);
	for (size_t i = 0; i < x->ncitations; i++) {
		const struct citation *c = &x->citations[i];

		note(w, "Cites:", c->url ? c->url : c->title ? c->title : c->document);
	}
}

static void answer(const struct walk *w)
{
	const struct exchange *x = w->t->x;
	char own[64];

	for (size_t i = 0; i < x->nchoices; i++) {
		const struct message *m = &x->choices[i].msg;

		if (x->kind == EXCHANGE_LLM)
			w->ops->speaker(w->arg, m->role ? m->role : "assistant");
		snprintf(own, sizeof(own), "Answer %zu of %zu:", i + 1, x->nchoices);
		if (x->nchoices > 1)
			note(w, own, NULL);
		for (size_t n = 0; n < m->nparts; n++)
			part(w, &m->parts[n]);
	}
	sources(w);
}

static void error(const struct walk *w)
{
	const struct api_error *e = w->t->x->error;

	if (!e)
		return;
	w->ops->problem(w->arg, "Error:", e->code ? e->code : e->type);
	if (e->message && *e->message)
		w->ops->text(w->arg, TONE_FAILED, span_str(e->message));
}

static void missing(void *arg, const char *text)
{
	const struct walk *w = arg;

	w->ops->problem(w->arg, "Incomplete:", text);
}

static void alerted(void *arg, const char *text)
{
	const struct walk *w = arg;

	w->ops->problem(w->arg, "Alert:", text);
}

/* ---- what is no call to a model ---- */

static void arguments(const struct walk *w)
{
	const struct exchange *x = w->t->x;

	for (size_t i = 0; i < x->nmessages; i++)
		for (size_t n = 0; n < x->messages[i].nparts; n++)
			tool_text(w, "Called", x->rpc_name ? x->rpc_name : x->rpc_method, TONE_CODE,
				  buf_span(&x->messages[i].parts[n].text));
}

static void body(const struct walk *w, const char *own, const struct body *b)
{
	if (b->text.len && !b->binary)
		tool_text(w, own, b->media_type, TONE_CODE, buf_span(&b->text));
}

static void other(const struct walk *w)
{
	const struct exchange *x = w->t->x;

	if (x->kind == EXCHANGE_MCP || x->kind == EXCHANGE_ACP) {
		arguments(w);
		answer(w);
	} else if (x->kind == EXCHANGE_HTTP) {
		body(w, "Sent", &x->request_body);
		body(w, "Received", &x->response_body);
	}
}

void transcript_walk(const struct transcript *t, const struct history *h,
		     const struct transcript_ops *ops, void *arg)
{
	struct walk w = { t, h, ops, arg };

	if (t->x->kind == EXCHANGE_LLM) {
		system_prompt(&w);
		tools(&w);
		messages(&w);
		answer(&w);
	} else {
		other(&w);
	}
	error(&w);
	ledger_each(t->x, missing, &w);
	ledger_alerts(t->x, alerted, &w);
}

/* SPDX-License-Identifier: MIT */
/* The blocks of a model call. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include "base/str.h"
#include "json/number.h"
#include "json/write.h"
#include "sink/pretty.h"
#include "sink/verbose_int.h"

#define BODY_INDENT 6
/* Of one tool call that is shown while it comes; the limits of the record are wider. */
#define ARGUMENTS_MAX (4u << 20)

static void traffic(struct sink *s, struct span text, unsigned indent)
{
	s->t.indent = indent;
	term_traffic(&s->t, text);
	term_fresh_line(&s->t);
	s->t.indent = 0;
}

/* Valid JSON indented, anything else unchanged. */
static void arguments(struct sink *s, const struct part *p, unsigned indent)
{
	char *pretty = pretty_json(buf_span(&p->text));

	traffic(s, pretty ? span_str(pretty) : buf_span(&p->text), indent);
	free(pretty);
}

static void binary(struct sink *s, const struct part *p)
{
	struct term *t = &s->t;

	term_ownf(t, "[%s", part_kind_name(p->kind));
	if (p->name) {
		term_own(t, " ");
		term_inline(t, span_str(p->name), 60);
	}
	if (p->media_type) {
		term_own(t, " ");
		term_inline(t, span_str(p->media_type), 40);
	}
	if (p->sha256[0])
		term_ownf(t, ", %llu bytes, sha256 %.16s", (unsigned long long)p->size, p->sha256);
	if (p->text.len) {
		term_own(t, " ");
		term_inline(t, buf_span(&p->text), 200);
	}
	term_own(t, "]");
	term_newline(t);
}

/* The label before a part's text, which follows on the same line. */
static void label(struct sink *s, const struct part *p)
{
	struct term *t = &s->t;

	switch (p->kind) {
	case PART_TEXT:
		break;
	case PART_REASONING:
		term_own(t, "[reasoning] ");
		break;
	case PART_REFUSAL:
		term_own(t, "[refusal] ");
		break;
	case PART_TOOL_CALL:
		term_own(t, "[tool call] ");
		term_inline(t, span_str(p->name ? p->name : "?"), 80);
		term_own(t, " ");
		break;
	case PART_TOOL_RESULT:
		term_own(t, p->is_error ? "[tool error] " : "[tool result] ");
		break;
	case PART_OTHER:
		term_own(t, "[");
		term_inline(t, span_str(p->type_raw ? p->type_raw : "?"), 60);
		term_own(t, "] ");
		break;
	case PART_IMAGE:
	case PART_AUDIO:
	case PART_FILE:
		break;
	}
}

static void part(struct sink *s, const struct part *p, unsigned indent)
{
	if (s->t.column == 0)
		term_ownf(&s->t, "%*s", (int)indent, "");
	label(s, p);
	if (p->kind == PART_IMAGE || p->kind == PART_AUDIO || p->kind == PART_FILE)
		binary(s, p);
	else if (p->kind == PART_TOOL_CALL)
		arguments(s, p, indent);
	else
		traffic(s, buf_span(&p->text), indent);
	if (p->text.full)
		verbose_warn(s, "the text above was cut by a limit");
}

void verbose_parts(struct sink *s, const struct message *m, unsigned indent)
{
	for (size_t i = 0; i < m->nparts; i++)
		part(s, &m->parts[i], indent);
	term_fresh_line(&s->t);
}

/* "max_tokens" -> "Max Tokens" */
static void param_name(struct sink *s, const char *name)
{
	char title[64];
	size_t n = 0;
	bool begin = true;

	for (; name[n] && n + 1 < sizeof(title); n++) {
		title[n] = name[n] == '_' ? ' '
			   : begin	  ? (char)toupper((unsigned char)name[n])
					  : name[n];
		begin = name[n] == '_';
	}
	title[n] = '\0';
	term_inline(&s->t, span_str(title), 60);
	term_own(&s->t, ": ");
}

static void param(struct sink *s, const struct param *p)
{
	char *text;

	param_name(s, p->name);
	if (json_is_text(p->value)) {
		term_inline(&s->t, span_str(json_string_value(p->value)), 400);
	} else {
		text = json_write_text(p->value);
		term_inline(&s->t, span_str(text), 400);
		free(text);
	}
	term_newline(&s->t);
}

static void tools(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;

	if (!x->ntools)
		return;
	if (x->conversation.same_tools && !s->o.full) {
		term_ownf(t, "Tools: %zu unchanged", x->ntools);
		term_newline(t);
		return;
	}
	term_ownf(t, "Tools: %zu: ", x->ntools);
	t->indent = 2;
	for (size_t i = 0; i < x->ntools; i++) {
		term_traffic(t, span_str(x->tools[i].name ? x->tools[i].name : "?"));
		if (i + 1 < x->ntools)
			term_traffic(t, SPAN_LIT(", "));
	}
	term_fresh_line(t);
	t->indent = 0;
}

/* Nothing for a call that only begins a conversation. */
static void conversation(struct sink *s, const struct conversation *k)
{
	struct term *t = &s->t;

	if (!k->id[0] || (k->turn == 1 && !k->turns_before && !k->retry && !k->session))
		return;
	term_ownf(t, "Conversation: %.6s turn %u", k->id, k->turn);
	if (k->turns_before)
		term_ownf(t, ", joined late (at least %u before)", k->turns_before);
	if (k->retry)
		term_own(t, ", tried again");
	if (k->parent[0])
		term_ownf(t, ", branched off %.6s after turn %u", k->parent, k->parent_turn);
	if (k->session) {
		term_own(t, ", session ");
		term_inline(t, span_str(k->session), 60);
	}
	term_newline(t);
}

static void agent(struct sink *s, const struct agent *a)
{
	struct term *t = &s->t;

	if (!a->id && !a->kind && !a->parent_conversation[0])
		return;
	term_own(t, "Agent: ");
	term_inline(t, span_str(a->kind ? a->kind : a->id ? a->id : "unnamed"), 60);
	if (a->kind && a->id) {
		term_own(t, " ");
		term_inline(t, span_str(a->id), 60);
	}
	if (a->parent_conversation[0])
		term_ownf(t, ", begun by %.6s%s", a->parent_conversation,
			  a->inferred ? " (its tool call has this text)" : "");
	term_newline(t);
}

static void system_prompt(struct sink *s, const struct exchange *x)
{
	if (!x->system.nparts)
		return;
	if (x->conversation.same_system && !s->o.full) {
		verbose_field(s, "System", "unchanged");
		return;
	}
	term_own(&s->t, "System: ");
	verbose_parts(s, &x->system, BODY_INDENT);
}

static void messages(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;
	size_t repeated = s->o.full ? 0 : x->conversation.repeated;

	for (size_t i = 0; i < x->nmessages; i++) {
		const struct message *m = &x->messages[i];

		if (repeated && i == x->conversation.repeated_from) {
			term_ownf(t, "  %zu earlier message%s not repeated", repeated,
				  repeated == 1 ? "" : "s");
			term_newline(t);
			i += repeated - 1;
			continue;
		}
		term_ownf(t, "  [%zu] ", i + 1);
		term_inline(t, span_str(m->role ? m->role : "?"), 40);
		term_own(t, ": ");
		verbose_parts(s, m, BODY_INDENT);
	}
}

void verbose_llm_request(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;

	verbose_head(s, MARK_REQUEST, "LLM API REQUEST", x, x->t.request_first);
	verbose_field(s, "Provider", x->provider_label);
	verbose_field(s, "Model", x->model_asked ? x->model_asked : "unknown");
	if (x->stream_requested)
		verbose_field(s, "Stream", "yes");
	conversation(s, &x->conversation);
	agent(s, &x->agent);
	system_prompt(s, x);
	if (x->request_parsed) {
		term_ownf(t, "Messages: %zu", x->nmessages);
		term_newline(t);
	}
	messages(s, x);
	tools(s, x);
	for (size_t i = 0; i < x->nparams; i++)
		param(s, &x->params[i]);
	if (x->request_partial && x->request_parsed)
		verbose_warn(s, "only the beginning of the request could be read");
	else if (!x->request_parsed && x->request_body.wire)
		verbose_warn(s, "the request's body could not be read as %s", x->api);
}

/* ---- the answer ---- */

void verbose_llm_envelope(struct sink *s, const struct exchange *x)
{
	verbose_field(s, "Provider", x->provider_label);
	verbose_field(s, "ID", x->response_id ? x->response_id : x->request_id);
	verbose_field(s, "Model", x->model_answered);
}

static void choice(struct sink *s, const struct exchange *x, const struct choice *c)
{
	struct term *t = &s->t;

	term_ownf(t, "Choice %u:", c->index);
	term_newline(t);
	for (size_t i = 0; i < c->msg.nparts; i++) {
		const struct part *p = &c->msg.parts[i];

		term_own(t, p->kind == PART_TEXT ? "  Content: " : "  ");
		part(s, p, 4);
	}
	if (c->finish_raw && !x->stream) {
		term_own(t, "  ");
		verbose_field(s, "Finish Reason", c->finish_raw);
	}
}

static void error(struct sink *s, const struct exchange *x)
{
	if (x->status) {
		term_ownf(&s->t, "Status: %u", x->status);
		term_newline(&s->t);
	}
	if (!x->error)
		return;
	verbose_field(s, "Type", x->error->type);
	verbose_field(s, "Code", x->error->code);
	if (x->error->message) {
		term_own(&s->t, "Message: ");
		traffic(s, span_str(x->error->message), 2);
	}
}

void verbose_llm_response(struct sink *s, const struct exchange *x)
{
	bool failed = x->status >= 400 || (x->error && !x->nchoices);

	if (!x->response_seen && !x->nchoices) {
		verbose_head(s, MARK_ERROR, "LLM API: NO RESPONSE SEEN", x, x->t.request_last);
		return;
	}
	verbose_head(s, failed ? MARK_ERROR : MARK_RESPONSE,
		     failed ? "LLM API ERROR" : "LLM API RESPONSE", x, x->t.response_first);
	verbose_llm_envelope(s, x);
	for (size_t i = 0; i < x->nchoices; i++)
		choice(s, x, &x->choices[i]);
	if (failed)
		error(s, x);
}

/* "12 (4 from cache)"; unknown counts are left out of the brackets. */
static void tokens(struct sink *s, const char *name, int64_t n, const char *const *what,
		   const int64_t *of, size_t count)
{
	struct term *t = &s->t;
	bool any = false;

	term_ownf(t, "  %s: ", name);
	if (n == COUNT_UNKNOWN)
		term_own(t, "unknown");
	else
		term_ownf(t, "%lld", (long long)n);
	for (size_t i = 0; i < count; i++) {
		if (of[i] <= 0)
			continue;
		term_ownf(t, "%s%lld %s", any ? ", " : " (", (long long)of[i], what[i]);
		any = true;
	}
	term_own(t, any ? ")" : "");
	term_newline(t);
}

static void usage(struct sink *s, const struct usage *u)
{
	static const char *const in[] = { "from cache", "written to cache",
					  "written to cache for 1 h", "audio", "image" };
	static const char *const out[] = { "reasoning", "audio", "image" };
	const int64_t ins[] = { u->cached_read, u->cache_write_5m, u->cache_write_1h, u->audio_in,
				u->image_in };
	const int64_t outs[] = { u->reasoning, u->audio_out, u->image_out };

	if (!u->raw) {
		verbose_field(s, "Token Usage", "unknown (the answer does not say)");
		return;
	}
	term_own(&s->t, "Token Usage:");
	term_newline(&s->t);
	tokens(s, "Prompt", u->input, in, ins, 5);
	tokens(s, "Completion", u->output, out, outs, 3);
	if (u->total != COUNT_UNKNOWN)
		tokens(s, "Total", u->total, NULL, NULL, 0);
}

/* Dollars with as many digits as are significant. */
static void dollars(struct sink *s, double usd)
{
	term_ownf(&s->t, usd >= 1 ? "$%.2f" : usd >= 0.01 ? "$%.4f" : "$%.6f", usd);
}

static void cost(struct sink *s, const struct exchange *x)
{
	static const char *const what[] = { "input", "cached", "cache write", "output", "call" };
	const struct cost *c = &x->cost;
	const double parts[] = { c->input_usd, c->cached_usd, c->write_usd, c->output_usd,
				 c->request_usd };
	const char *before = " (";

	if (c->source == COST_UNKNOWN) {
		verbose_field(s, "Cost", "unknown");
		return;
	}
	term_own(&s->t, c->partial ? "Cost: at least " : "Cost: ");
	dollars(s, c->usd);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i] <= 0)
			continue;
		term_own(&s->t, before);
		dollars(s, parts[i]);
		term_ownf(&s->t, " %s", what[i]);
		before = ", ";
	}
	term_own(&s->t, before[0] == ',' ? ")" : "");
	if (c->source != COST_TABLE)
		term_own(&s->t, c->source == COST_STATED ? " (stated by the provider)"
							 : " (runs locally)");
	term_newline(&s->t);
}

static void print_span(struct sink *s, const char *what, uint64_t from, uint64_t to)
{
	double ns = to > from ? (double)(to - from) : 0;

	if (ns < 1e7)
		term_ownf(&s->t, "%s %.1f ms", what, ns / 1e6);
	else
		term_ownf(&s->t, "%s %.3f s", what, ns / 1e9);
}

static void duration(struct sink *s, const struct exchange *x)
{
	uint64_t begin = x->t.request_first;

	if (!begin || !x->t.response_last)
		return;
	term_own(&s->t, "Time: ");
	/* For an answer that was not streamed, the time of the first token says nothing new. */
	if (x->stream && x->t.first_token) {
		print_span(s, "first token", begin, x->t.first_token);
		term_own(&s->t, ", ");
	}
	print_span(s, "total", begin, x->t.response_last);
	term_newline(&s->t);
}

/* Where the cached prefix broke, unless that is known to have cost nothing. */
static void broken_prefix(struct sink *s, const struct conversation *k)
{
	static const char *const what[] = {
		[BREAK_MESSAGES] = "messages edited",
		[BREAK_SYSTEM] = "system prompt changed",
		[BREAK_TOOLS] = "tools changed",
	};

	if (!k->broke || k->lost_cache == 0)
		return;
	if (k->lost_cache == COUNT_UNKNOWN) {
		verbose_warn(s, "the shared prefix broke at message %zu (%s)", k->broke_at + 1,
			     what[k->broke_by]);
		return;
	}
	verbose_warn(s,
		     "the shared prefix broke at message %zu (%s): "
		     "%lld tokens could no longer be read from cache",
		     k->broke_at + 1, what[k->broke_by], (long long)k->lost_cache);
}

/* Beginning of a part in a stream. */
static void begin_part(struct sink *s, const struct exchange_delta *d, unsigned choice,
		       const struct part *p)
{
	struct term *t = &s->t;

	term_fresh_line(t);
	if (d->choices > 1)
		term_ownf(t, "Choice %u: ", choice);
	else if (p->kind == PART_TEXT)
		term_own(t, "Content: ");
	label(s, p);
}

static void drop_tool_calls(struct live *l)
{
	for (size_t i = 0; i < l->ncalls; i++) {
		free(l->calls[i].name);
		buf_done(&l->calls[i].arguments);
	}
	l->ncalls = 0;
}

void verbose_llm_live_done(struct live *l)
{
	drop_tool_calls(l);
	*l = (struct live){ 0 };
}

/* Shows the tool calls whose arguments have come. */
static void show_tool_calls(struct sink *s, struct live *l, const struct exchange_delta *d)
{
	for (size_t i = 0; i < l->ncalls; i++) {
		const struct held_tool_call *h = &l->calls[i];
		struct part p = { .kind = PART_TOOL_CALL, .name = h->name, .text = h->arguments };

		begin_part(s, d, h->choice, &p);
		arguments(s, &p, 4);
		if (p.text.full)
			verbose_warn(s, "the text above was cut by a limit");
	}
	drop_tool_calls(l);
}

/* Arguments of one call may come between those of others. */
static void hold_tool_call(struct sink *s, struct live *l, const struct exchange_delta *d)
{
	struct held_tool_call *h = l->calls;

	while (h < l->calls + l->ncalls && (h->choice != d->choice || h->part != d->part))
		h++;
	if (h == l->calls + CALLS_HELD) {
		show_tool_calls(s, l, d);
		h = l->calls;
	}
	if (h == l->calls + l->ncalls) {
		l->ncalls++;
		*h = (struct held_tool_call){ .choice = d->choice, .part = d->part };
		buf_init(&h->arguments, ARGUMENTS_MAX);
	}
	set_string(&h->name, d->name);
	buf_add(&h->arguments, d->text);
}

/* Shows parts of a stream that are no text: images, audio, results of the provider's own tools. */
static void show_quiet(struct sink *s, const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++) {
			const struct part *p = &x->choices[i].msg.parts[n];

			if (p->kind == PART_TEXT || p->kind == PART_REASONING ||
			    p->kind == PART_REFUSAL || p->kind == PART_TOOL_CALL)
				continue;
			term_fresh_line(&s->t);
			part(s, p, 4);
		}
}

/* The lines below an answer; l: state of a stream that was shown, or NULL. */
void verbose_llm_tail(struct sink *s, struct live *l, const struct exchange *x)
{
	struct term *t = &s->t;
	bool over = x->response_body.state == BODY_COMPLETE;

	if (l) {
		show_tool_calls(s, l, &(struct exchange_delta){ .choices = x->nchoices });
		show_quiet(s, x);
	}
	term_fresh_line(t);
	if (x->stream && !x->error) {
		term_own(t, verbose_mark(s, over ? MARK_DONE : MARK_WARN));
		term_own(t, over ? "Streaming Complete: Model: " : "Streaming Cut Off: Model: ");
		term_inline(t, span_str(x->model_answered ? x->model_answered : "unknown"), 80);
		term_ownf(t,
			  ", Chunks: %llu, Finish Reason: ", (unsigned long long)x->stream_events);
		term_inline(t,
			    span_str(x->nchoices && x->choices[0].finish_raw
					     ? x->choices[0].finish_raw
					     : "unknown"),
			    60);
		term_newline(t);
	}
	if (x->error && (l || x->nchoices)) {
		verbose_warn(s, "the stream ended in an error");
		error(s, x);
	}
	if (x->response_seen && x->status < 400 && !(x->error && !x->nchoices)) {
		usage(s, &x->usage);
		cost(s, x);
	}
	duration(s, x);
	broken_prefix(s, &x->conversation);
}

/* One piece of output as it arrives. */
void verbose_llm_delta(struct sink *s, struct live *l, const struct exchange_delta *d)
{
	struct term *t = &s->t;

	if (d->kind == PART_TOOL_CALL) {
		l->any = true;
		hold_tool_call(s, l, d);
		l->choice = UINT_MAX; /* text that continues it begins a line */
		return;
	}
	show_tool_calls(s, l, d);
	if (!l->any || l->choice != d->choice || l->part != d->part) {
		begin_part(s, d, d->choice, &(struct part){ .kind = d->kind });
		l->any = true;
		l->choice = d->choice;
		l->part = d->part;
	}
	t->indent = 4;
	term_traffic(t, d->text);
	/* On a terminal, a word waits for its end, so that it is not broken at the edge. */
	if (!t->width)
		term_flush(t, false);
	t->indent = 0;
}

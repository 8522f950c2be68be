/* SPDX-License-Identifier: MIT */
#include "exchange/exchange_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/alerts.h"
#include "exchange/arrival.h"
#include "exchange/citations.h"

static void body_init(struct body *b, size_t text_max)
{
	b->expected = COUNT_UNKNOWN;
	b->kept = COUNT_UNKNOWN;
	buf_init(&b->text, text_max);
}

void exchange_init(struct exchange *x, uint64_t id, size_t text_max)
{
	x->id = id;
	x->kind = EXCHANGE_HTTP;
	x->refs = 1;
	x->usage = USAGE_UNKNOWN;
	x->counted = COUNT_UNKNOWN;
	x->conversation.lost_cache = COUNT_UNKNOWN;
	x->cache_missed = COUNT_UNKNOWN;
	body_init(&x->request_body, text_max);
	body_init(&x->response_body, text_max);
}

struct exchange *exchange_new(uint64_t id, size_t text_max)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	exchange_init(x, id, text_max);
	return x;
}

void message_clear(struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++) {
		struct part *p = &m->parts[i];

		buf_done(&p->text);
		free(p->masking);
		free(p->id);
		free(p->name);
		free(p->type_raw);
		free(p->media_type);
	}
	free(m->parts);
	m->parts = NULL;
	m->nparts = 0;
}

static void message_done(struct message *m)
{
	message_clear(m);
	free(m->role);
	free(m->name);
}

static void headers_done(struct headers *h)
{
	for (size_t i = 0; i < h->count; i++) {
		free(h->items[i].name);
		free(h->items[i].value);
	}
	free(h->items);
}

static void body_done(struct body *b)
{
	buf_done(&b->text);
	arrival_done(&b->arrival);
	free(b->masking);
	free(b->media_type);
	free(b->coding);
}

static void request_done(struct exchange *x)
{
	message_done(&x->system);
	for (size_t i = 0; i < x->nmessages; i++)
		message_done(&x->messages[i]);
	free(x->messages);
	for (size_t i = 0; i < x->ntools; i++) {
		free(x->tools[i].name);
		free(x->tools[i].type);
		free(x->tools[i].description);
		json_decref(x->tools[i].schema);
	}
	free(x->tools);
	for (size_t i = 0; i < x->nparams; i++) {
		free(x->params[i].name);
		json_decref(x->params[i].value);
	}
	free(x->params);
}

static void answer_done(struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++) {
		message_done(&x->choices[i].msg);
		free(x->choices[i].finish_raw);
		free(x->choices[i].by_slot);
	}
	free(x->choices);
	citations_done(x);
	json_decref(x->usage.raw);
	if (x->error) {
		free(x->error->type);
		free(x->error->code);
		free(x->error->message);
		free(x->error);
	}
}

char **other_end_string(struct other_end *o, size_t i)
{
	char **const strings[OTHER_END_STRINGS] = { &o->process, &o->exe, &o->cmdline, &o->script,
						    &o->user };

	return strings[i];
}

void exchange_set_other_end(struct exchange *x, const struct exchange *at)
{
	struct other_end *o = x->other;

	if (o) {
		for (size_t i = 0; i < OTHER_END_STRINGS; i++)
			free(*other_end_string(o, i));
		free(o);
	}
	x->other = NULL;
	if (!at)
		return;
	o = x->other = xcalloc(1, sizeof(*o));
	*o = (struct other_end){ .tgid = at->tgid, .uid = at->uid, .cgroup = at->cgroup };
	set_string(&o->process, span_str(at->process));
	set_string(&o->exe, span_str(at->exe));
	set_string(&o->cmdline, span_str(at->cmdline));
	set_string(&o->script, span_str(at->script));
	set_string(&o->user, span_str(at->user));
}

void exchange_done(struct exchange *x)
{
	exchange_set_other_end(x, NULL);
	request_done(x);
	answer_done(x);
	headers_done(&x->request_headers);
	headers_done(&x->response_headers);
	body_done(&x->request_body);
	body_done(&x->response_body);
	char **const strings[] = { EXCHANGE_STRINGS(x) };
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		free(*strings[i]);
	alerts_done(&x->alerts);
	alerts_done(&x->suspects);
	for (size_t i = 0; i < x->nowned; i++)
		free(x->owned[i]);
	free(x->owned);
}

const char *exchange_own(struct exchange *x, const char *text)
{
	x->owned = xgrow(x->owned, x->nowned, sizeof(*x->owned));
	return x->owned[x->nowned++] = xstrdup(text);
}

uint64_t body_kept(const struct body *b)
{
	return b->kept == COUNT_UNKNOWN ? b->text.len : (uint64_t)b->kept;
}

uint64_t exchange_missing(const struct exchange *x)
{
	return x->request_body.missing + x->response_body.missing;
}

static bool body_whole(const struct body *b)
{
	return b->state == BODY_COMPLETE && b->ngaps == 0 && !b->coding_error && !b->text.full;
}

bool exchange_complete(const struct exchange *x)
{
	return x->request_seen && x->response_seen && !x->request_headers.cut &&
	       !x->response_headers.cut && body_whole(&x->request_body) &&
	       body_whole(&x->response_body) && !x->request_partial && !x->response_partial;
}

int64_t exchange_wall_ns(const struct exchange *x, uint64_t monotonic_ns)
{
	/* A recording may hold any numbers. */
	int64_t wall = (int64_t)(monotonic_ns + (uint64_t)x->wall_offset);

	return monotonic_ns && x->wall_offset && wall > 0 ? wall : 0;
}

int64_t exchange_began_ns(const struct exchange *x)
{
	return exchange_wall_ns(x, x->t.request_first ? x->t.request_first : x->t.response_first);
}

const char *exchange_program(const struct exchange *x)
{
	return x->script ? x->script : x->process ? x->process : "?";
}

const char *exchange_model(const struct exchange *x)
{
	return x->model_answered ? x->model_answered : x->model_asked;
}

const char *exchange_callee(const struct exchange *x)
{
	return x->kind == EXCHANGE_LLM ? exchange_model(x)
	       : x->rpc_method	       ? x->rpc_method
				       : x->host;
}

bool exchange_is_stdio(const struct exchange *x)
{
	return x->protocol && strcmp(x->protocol, "stdio") == 0;
}

const json_t *exchange_param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->nparams; i++)
		if (strcmp(x->params[i].name, name) == 0)
			return x->params[i].value;
	return NULL;
}

bool exchange_counts(const struct exchange *x)
{
	struct span api = span_str(x->api);

	return span_ends(api, SPAN_LIT(".count")) || span_eq(api, SPAN_LIT("tokenize"));
}

static bool has_output(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].msg.nparts)
			return true;
	return false;
}

/* Of a stream that states running counts, those that came last may be too low. */
static bool ended_early(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].finish != FINISH_NONE && x->choices[i].finish != FINISH_ERROR)
			return false;
	return x->stream && (x->error || x->response_partial || !body_whole(&x->response_body));
}

bool exchange_tokens_unknown(const struct exchange *x)
{
	const struct usage *u = &x->usage;

	if (x->tokens != TOKENS_FOLLOW)
		return x->tokens == TOKENS_UNKNOWN;
	if (x->kind != EXCHANGE_LLM || exchange_counts(x))
		return false;
	if (x->status >= 400 || (x->error && !has_output(x)))
		return false;
	return u->input == COUNT_UNKNOWN || ended_early(x) ||
	       (u->output == COUNT_UNKNOWN && x->stream && u->total != u->input);
}

const char *exchange_container(const struct exchange *x)
{
	return x->container.name ? x->container.name : x->container.id;
}

const char *exchange_kind_name(enum exchange_kind k)
{
	static const char *const names[] = { "llm", "mcp", "acp", "a2a", "rpc", "http" };

	return names[k];
}

const char *exchange_kind_label(enum exchange_kind k)
{
	static const char *const labels[] = { "LLM", "MCP", "ACP", "A2A", "RPC", "HTTP" };

	return labels[k];
}

const char *part_kind_name(enum part_kind k)
{
	switch (k) {
	case PART_TEXT:
		return "text";
	case PART_REASONING:
		return "reasoning";
	case PART_REFUSAL:
		return "refusal";
	case PART_TOOL_CALL:
		return "tool_call";
	case PART_TOOL_RESULT:
		return "tool_result";
	case PART_IMAGE:
		return "image";
	case PART_AUDIO:
		return "audio";
	case PART_FILE:
		return "file";
	case PART_OTHER:
		return "other";
	}
	return "other";
}

const char *finish_name(enum finish f)
{
	switch (f) {
	case FINISH_NONE:
		return "none";
	case FINISH_STOP:
		return "stop";
	case FINISH_LENGTH:
		return "length";
	case FINISH_TOOL_CALL:
		return "tool_call";
	case FINISH_CONTENT_FILTER:
		return "content_filter";
	case FINISH_ERROR:
		return "error";
	case FINISH_PAUSE:
		return "pause";
	case FINISH_OTHER:
		return "other";
	}
	return "other";
}

const char *body_state_name(enum body_state s)
{
	switch (s) {
	case BODY_NONE:
		return "none";
	case BODY_OPEN:
		return "open";
	case BODY_COMPLETE:
		return "complete";
	case BODY_CUT:
		return "cut";
	}
	return "none";
}

const char *conversation_break_name(enum conversation_break b)
{
	switch (b) {
	case BREAK_MESSAGES:
		return "messages";
	case BREAK_SYSTEM:
		return "system";
	case BREAK_TOOLS:
		return "tools";
	}
	return "messages";
}

const char *cost_source_name(enum cost_source s)
{
	switch (s) {
	case COST_UNKNOWN:
		return "unknown";
	case COST_STATED:
		return "stated";
	case COST_TABLE:
		return "table";
	case COST_LOCAL:
		return "local";
	}
	return "unknown";
}

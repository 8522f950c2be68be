/* SPDX-License-Identifier: MIT */
/* Rows of what is no call to a model: tools by MCP, agents by ACP and A2A, RPC, other HTTP. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sink/arguments.h"
#include "sink/block_int.h"

#define PARTS_SHOWN 16

/* Of a resource that is read, the arguments name it again. */
static bool is_named_only(const struct exchange *x)
{
	return x->rpc_name && x->rpc_method &&
	       span_starts(span_str(x->rpc_method), SPAN_LIT("resources/"));
}

/* A tool's arguments as those of a call that a model asks for. */
static void mcp_arguments(struct layouter *l)
{
	const struct exchange *x = l->x;

	page_row(l->p, INK_TOOL, "call");
	page_traffic(l->p, INK_TOOL, span_str(x->rpc_name ? x->rpc_name : x->rpc_method), 60);
	page_put(l->p, INK_PLAIN, "  ");
	if (is_named_only(x))
		return;
	for (size_t n = 0; x->nmessages && n < x->messages[0].nparts && n < PARTS_SHOWN; n++)
		arguments_put(l->p, buf_span(&x->messages[0].parts[n].text),
			      block_rows(l, TEXT_TOOL));
}

/* From message number `i` on. */
static void sent(struct layouter *l, size_t i)
{
	for (; i < l->x->nmessages; i++)
		for (size_t n = 0; n < l->x->messages[i].nparts && n < PARTS_SHOWN; n++)
			block_part(l, &l->x->messages[i].parts[n], "send", INK_PLAIN, TEXT_RESULT);
}

/* The task and its state, and the call that this one goes on with. */
static void task(struct layouter *l)
{
	const struct exchange *x = l->x;

	if (!x->rpc_task && !x->rpc_state && !x->rpc_continues)
		return;
	page_row(l->p, INK_META, "task");
	page_traffic(l->p, INK_PLAIN, span_str(x->rpc_task), 40);
	page_put(l->p, INK_PLAIN, x->rpc_task && x->rpc_state ? "  " : "");
	page_traffic(l->p, INK_PLAIN, span_str(x->rpc_state), 40);
	if (x->rpc_continues)
		page_putf(l->p, INK_META, "%sgoes on with #%llu",
			  x->rpc_task || x->rpc_state ? "  " : "",
			  (unsigned long long)x->rpc_continues);
}

/* What is told about a result beside it says nothing new in each. */
static bool is_aside(const struct part *p)
{
	return p->kind == PART_OTHER && p->type_raw &&
	       (strcmp(p->type_raw, "_meta") == 0 || strcmp(p->type_raw, "requestState") == 0);
}

static void received(struct layouter *l, const struct message *m)
{
	for (size_t n = 0; n < m->nparts && n < PARTS_SHOWN; n++)
		if (!is_aside(&m->parts[n]))
			block_part(l, &m->parts[n], "res", INK_PLAIN, TEXT_RESULT);
}

static void mcp(struct layouter *l)
{
	const struct exchange *x = l->x;

	if (x->kind == EXCHANGE_A2A)
		sent(l, 0);
	else if (x->rpc_name || x->nmessages)
		mcp_arguments(l);
	if (x->kind != EXCHANGE_A2A)
		sent(l, 1);
	if (x->rpc_mismatch) {
		page_row(l->p, INK_WARN, "note");
		page_traffic(l->p, INK_WARN, span_str(x->rpc_mismatch), 60);
		page_put(l->p, INK_WARN, " differs from the body");
	}
	for (size_t i = 0; i < x->nchoices; i++)
		received(l, &x->choices[i].msg);
	task(l);
}

static void rpc(struct layouter *l)
{
	const struct exchange *x = l->x;

	page_row(l->p, INK_TOOL, "call");
	page_traffic(l->p, INK_PLAIN,
		     span_str(x->provider_label ? x->provider_label : "unknown service"), 40);
	page_putf(l->p, INK_META, "  %llu message(s) sent, %llu received",
		  (unsigned long long)x->rpc_messages[0], (unsigned long long)x->rpc_messages[1]);
}

/* Of a body that is text or JSON, its beginning. */
static void body(struct layouter *l, const char *label, const struct body *b)
{
	struct span text = buf_span(&b->text);

	if (!text.len || b->binary)
		return;
	page_row(l->p, INK_META, label);
	page_text(l->p, INK_PLAIN, text, block_rows(l, TEXT_RESULT));
}

static void http(struct layouter *l)
{
	const struct exchange *x = l->x;

	page_row(l->p, INK_TOOL, "http");
	page_traffic(l->p, INK_PLAIN, span_str(x->target ? x->target : "?"),
		     l->style->full ? page_room(l->p) : 2 * page_room(l->p));
	body(l, "sent", &x->request_body);
	body(l, "got", &x->response_body);
}

void block_other(struct layouter *l)
{
	switch (l->x->kind) {
	case EXCHANGE_MCP:
	case EXCHANGE_ACP:
	case EXCHANGE_A2A:
		mcp(l);
		break;
	case EXCHANGE_RPC:
		rpc(l);
		break;
	case EXCHANGE_HTTP:
		http(l);
		break;
	case EXCHANGE_LLM:
		break;
	}
}

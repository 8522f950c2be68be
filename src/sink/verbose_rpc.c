/* SPDX-License-Identifier: MIT */
/* One block for a call of an agent to a tool server, and for RPC whose messages are not decoded. */
#include "sink/verbose_int.h"

static void took(struct sink *s, const struct exchange *x)
{
	uint64_t begin = x->t.request_first;

	if (begin && x->t.response_last >= begin)
		term_ownf(&s->t, ", %.1f ms", (double)(x->t.response_last - begin) / 1e6);
	term_newline(&s->t);
}

void verbose_mcp(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;
	bool failed = x->rpc_failed || x->error || x->status >= 400;

	verbose_head(s, failed ? MARK_ERROR : MARK_TOOL, exchange_kind_label(x->kind), x,
		     x->t.request_first);
	term_inline(t, span_str(x->rpc_method ? x->rpc_method : "(method not seen)"), 80);
	term_own(t, " ");
	term_inline(t, span_str(x->rpc_name), 120);
	term_newline(t);
	verbose_field(s, "Task", x->rpc_task);
	verbose_field(s, "State", x->rpc_state);
	verbose_field(s, "Differs from the body", x->rpc_mismatch);
	if (x->rpc_continues) {
		term_ownf(t, "Goes on with: #%llu", (unsigned long long)x->rpc_continues);
		term_newline(t);
	}
	for (size_t i = 0; i < x->nmessages; i++)
		verbose_parts(s, &x->messages[i], 2);
	if (x->status)
		term_ownf(t, "%s %u", failed ? "Failed:" : "Result:", x->status);
	else if (x->response_seen && !x->response_body.wire)
		term_own(t, "No response expected");
	else if (x->response_seen)
		term_own(t, failed ? "Failed" : "Result");
	else
		term_own(t, "No response seen");
	took(s, x);
	if (x->error) {
		verbose_field(s, "Code", x->error->code);
		verbose_field(s, "Message", x->error->message);
	}
	for (size_t i = 0; i < x->nchoices; i++)
		verbose_parts(s, &x->choices[i].msg, 2);
}

void verbose_rpc(struct sink *s, const struct exchange *x)
{
	struct term *t = &s->t;

	verbose_head(s, MARK_HTTP, "RPC", x, x->t.request_first);
	verbose_field(s, "Provider", x->provider_label);
	verbose_field(s, "Method", x->rpc_method);
	verbose_field(s, "Form", x->request_body.media_type);
	term_ownf(t, "Sent: %llu message(s), %llu bytes", (unsigned long long)x->rpc_messages[0],
		  (unsigned long long)x->request_body.wire);
	term_newline(t);
	term_ownf(t, "Received: %llu message(s), %llu bytes",
		  (unsigned long long)x->rpc_messages[1],
		  (unsigned long long)x->response_body.wire);
	if (x->status)
		term_ownf(t, ", status %u", x->status);
	took(s, x);
}

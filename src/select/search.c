/* SPDX-License-Identifier: MIT */
#include "select/search.h"

static bool in_string(const struct needle *n, const char *text)
{
	return text && needle_is_in(n, span_str(text));
}

static bool in_message(const struct needle *n, const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (needle_is_in(n, buf_span(&m->parts[i].text)) || in_string(n, m->parts[i].name))
			return true;
	return false;
}

static bool is_repeated(const struct conversation *c, size_t message)
{
	return message >= c->repeated_from && message < c->repeated_from + c->repeated;
}

static bool in_request(const struct needle *n, const struct exchange *x)
{
	const struct conversation *c = &x->conversation;

	if (!c->same_system && in_message(n, &x->system))
		return true;
	for (size_t i = 0; i < x->nmessages; i++)
		if (!is_repeated(c, i) && in_message(n, &x->messages[i]))
			return true;
	return false;
}

static bool in_answer(const struct needle *n, const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (in_message(n, &x->choices[i].msg))
			return true;
	return x->error && (in_string(n, x->error->message) || in_string(n, x->error->code) ||
			    in_string(n, x->error->type));
}

/* Calls of tools, and HTTP that is no call to a model, have no messages. */
static bool in_bodies(const struct needle *n, const struct exchange *x)
{
	return needle_is_in(n, buf_span(&x->request_body.text)) ||
	       needle_is_in(n, buf_span(&x->response_body.text)) || in_string(n, x->target) ||
	       in_string(n, x->rpc_method) || in_string(n, x->rpc_name);
}

bool search_exchange(const struct needle *n, const struct exchange *x)
{
	if (x->kind != EXCHANGE_LLM && in_bodies(n, x))
		return true;
	return in_request(n, x) || in_answer(n, x);
}

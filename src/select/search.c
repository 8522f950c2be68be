/* SPDX-License-Identifier: MIT */
#include "select/search.h"

static const struct span nowhere;

static struct span in_text(const struct needle *n, struct span text)
{
	return text.len && needle_is_in(n, text) ? text : nowhere;
}

static struct span in_string(const struct needle *n, const char *text)
{
	return in_text(n, span_str(text));
}

static struct span in_message(const struct needle *n, const struct message *m)
{
	struct span found = nowhere;

	for (size_t i = 0; i < m->nparts && !found.ptr; i++) {
		found = in_text(n, buf_span(&m->parts[i].text));
		if (!found.ptr)
			found = in_string(n, m->parts[i].name);
	}
	return found;
}

static bool is_repeated(const struct conversation *c, size_t message)
{
	return message >= c->repeated_from && message < c->repeated_from + c->repeated;
}

static struct span in_request(const struct needle *n, const struct exchange *x)
{
	const struct conversation *c = &x->conversation;
	struct span found = c->same_system ? nowhere : in_message(n, &x->system);

	for (size_t i = 0; i < x->nmessages && !found.ptr; i++)
		if (!is_repeated(c, i))
			found = in_message(n, &x->messages[i]);
	return found;
}

/* The first of some strings. */
static struct span in_any(const struct needle *n, const char *const *texts, size_t count)
{
	struct span found = nowhere;

	for (size_t i = 0; i < count && !found.ptr; i++)
		found = in_string(n, texts[i]);
	return found;
}

static struct span in_answer(const struct needle *n, const struct exchange *x)
{
	struct span found = nowhere;

	for (size_t i = 0; i < x->nchoices && !found.ptr; i++)
		found = in_message(n, &x->choices[i].msg);
	if (found.ptr || !x->error)
		return found;
	return in_any(n, (const char *const[]){ x->error->message, x->error->code, x->error->type },
		      3);
}

/* Calls of tools, and HTTP that is no call to a model, have no messages. */
static struct span in_bodies(const struct needle *n, const struct exchange *x)
{
	struct span found = in_text(n, buf_span(&x->request_body.text));

	if (!found.ptr)
		found = in_text(n, buf_span(&x->response_body.text));
	if (found.ptr)
		return found;
	return in_any(n, (const char *const[]){ x->target, x->rpc_method, x->rpc_name }, 3);
}

struct span search_find(const struct needle *n, const struct exchange *x)
{
	struct span found = x->kind != EXCHANGE_LLM ? in_bodies(n, x) : nowhere;

	if (!found.ptr)
		found = in_request(n, x);
	return found.ptr ? found : in_answer(n, x);
}

bool search_exchange(const struct needle *n, const struct exchange *x)
{
	return search_find(n, x).ptr != NULL;
}

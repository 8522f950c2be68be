/* SPDX-License-Identifier: MIT */
#include "exchange/memory.h"

#include <string.h>

#include "exchange/citations.h"
#include "json/memory.h"

/* With what the allocator puts around it. */
static size_t text_memory(const char *s)
{
	return s ? strlen(s) + 32 : 0;
}

/* Arrays have up to twice the room (xgrow). */
static size_t message_memory(const struct message *m)
{
	size_t sum =
		2 * m->nparts * sizeof(*m->parts) + text_memory(m->role) + text_memory(m->name);

	for (size_t i = 0; i < m->nparts; i++) {
		const struct part *p = &m->parts[i];

		sum += p->text.cap + text_memory(p->id) + text_memory(p->name) +
		       text_memory(p->type_raw) + text_memory(p->media_type);
	}
	return sum;
}

static size_t request_memory(const struct exchange *x)
{
	size_t sum = 2 * (x->nmessages * sizeof(*x->messages) + x->ntools * sizeof(*x->tools) +
			  x->nparams * sizeof(*x->params));

	sum += message_memory(&x->system) + text_memory(x->model_asked);
	for (size_t i = 0; i < x->nmessages; i++)
		sum += message_memory(&x->messages[i]);
	for (size_t i = 0; i < x->ntools; i++)
		sum += text_memory(x->tools[i].name) + text_memory(x->tools[i].type) +
		       text_memory(x->tools[i].description) + json_memory(x->tools[i].schema);
	for (size_t i = 0; i < x->nparams; i++)
		sum += text_memory(x->params[i].name) + json_memory(x->params[i].value);
	return sum;
}

static size_t answer_memory(const struct exchange *x)
{
	size_t sum = citations_memory(x) + 2 * x->nchoices * sizeof(*x->choices) +
		     json_memory(x->usage.raw) + text_memory(x->response_id) +
		     text_memory(x->model_answered) + text_memory(x->service_tier) +
		     text_memory(x->cache_miss);

	for (size_t i = 0; i < x->nchoices; i++)
		sum += message_memory(&x->choices[i].msg) + text_memory(x->choices[i].finish_raw) +
		       2 * x->choices[i].nslots * sizeof(*x->choices[i].by_slot);
	if (x->error)
		sum += text_memory(x->error->type) + text_memory(x->error->code) +
		       text_memory(x->error->message);
	return sum;
}

size_t exchange_memory(const struct exchange *x)
{
	return request_memory(x) + answer_memory(x) +
	       x->alerts.count * (2 * sizeof(struct alert) + 128) + text_memory(x->rpc_name) +
	       text_memory(x->rpc_id) + text_memory(x->rpc_task) + text_memory(x->rpc_context);
}

/* SPDX-License-Identifier: MIT */
#include "telemetry/tool_spans.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "json/text.h"

/* Calls whose result is waited for: the newest. Some never come. */
#define WAITING 1024
/* Ids and names are those of traced programs. */
#define TEXT_MAX 256

enum { SPAN_INTERNAL = 1, STATUS_ERROR = 2 };

struct waiting {
	char *id; /* NULL: none */
	char *name;
	uint32_t tgid;
	uint64_t asked_ns; /* wall clock */
	struct trace_context asker;
};

struct tool_spans {
	struct waiting all[WAITING]; /* a ring */
	size_t next;
};

struct tool_spans *tool_spans_new(void)
{
	return xcalloc(1, sizeof(struct tool_spans));
}

static void forget(struct waiting *w)
{
	free(w->id);
	free(w->name);
	*w = (struct waiting){ 0 };
}

void tool_spans_free(struct tool_spans *t)
{
	for (size_t i = 0; t && i < WAITING; i++)
		forget(&t->all[i]);
	free(t);
}

static bool fits(const char *text)
{
	return text && *text && strlen(text) < TEXT_MAX;
}

static void remember(struct tool_spans *t, const struct exchange *x, const struct otlp_ids *ids,
		     const struct part *p)
{
	struct waiting *w = &t->all[t->next];

	if (p->kind != PART_TOOL_CALL || !fits(p->id) || !otlp_end_ns(x))
		return;
	forget(w);
	*w = (struct waiting){ .id = xstrdup(p->id),
			       .name = fits(p->name) ? xstrdup(p->name) : NULL,
			       .tgid = x->tgid,
			       .asked_ns = otlp_end_ns(x),
			       .asker = ids->own };
	t->next = (t->next + 1) % WAITING;
}

static struct waiting *find(struct tool_spans *t, const struct exchange *x, const char *id)
{
	for (size_t i = 0; fits(id) && i < WAITING; i++) {
		struct waiting *w = &t->all[i];

		if (w->id && w->tgid == x->tgid && strcmp(w->id, id) == 0)
			return w;
	}
	return NULL;
}

/* Own, and the same in each replay. */
static void span_id(const struct waiting *w, char ret[SPAN_ID_SIZE])
{
	struct sha256_ctx ctx;
	char hex[65];

	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(w->asker), (const uint8_t *)&w->asker);
	sha256_update(&ctx, strlen(w->id), (const uint8_t *)w->id);
	digest_hex(&ctx, hex);
	memcpy(ret, hex, SPAN_ID_SIZE - 1);
	ret[SPAN_ID_SIZE - 1] = '\0';
}

void tool_spans_parent(struct tool_spans *t, const struct exchange *x, struct otlp_ids *ids)
{
	const struct waiting *w = ids->parent[0] ? NULL : find(t, x, x->agent.parent_call);

	if (!w)
		return;
	memcpy(ids->own.trace, w->asker.trace, sizeof(w->asker.trace));
	span_id(w, ids->parent);
}

static json_t *attributes_of(const struct waiting *w, const struct part *result,
			     const struct otlp_options *o)
{
	struct attributes a = attributes_new(o->newer);

	attribute_text(&a, SEMCONV_OPERATION, "execute_tool");
	attribute_text(&a, SEMCONV_TOOL_NAME, w->name);
	attribute_text(&a, SEMCONV_TOOL_CALL_ID, w->id);
	attribute_text(&a, SEMCONV_ERROR_TYPE, result->is_error ? "tool_error" : NULL);
	return a.list;
}

static json_t *make_span(const struct waiting *w, const struct exchange *x,
			 const struct part *result, const struct otlp_options *o)
{
	uint64_t end = otlp_start_ns(x);
	json_t *span = json_object(), *status = json_object();
	char id[SPAN_ID_SIZE], name[TEXT_MAX + 16];

	span_id(w, id);
	snprintf(name, sizeof(name), "execute_tool%s%s", w->name ? " " : "",
		 w->name ? w->name : "");
	if (result->is_error)
		json_object_set_new(status, "code", json_integer(STATUS_ERROR));
	json_object_set_new(span, "traceId", json_string(w->asker.trace));
	json_object_set_new(span, "spanId", json_string(id));
	json_object_set_new(span, "parentSpanId", json_string(w->asker.span));
	json_object_set_new(span, "name", json_from_text(name));
	json_object_set_new(span, "kind", json_integer(SPAN_INTERNAL));
	json_object_set_new(span, "startTimeUnixNano", otlp_number(w->asked_ns));
	json_object_set_new(span, "endTimeUnixNano",
			    otlp_number(end > w->asked_ns ? end : w->asked_ns));
	json_object_set_new(span, "attributes", attributes_of(w, result, o));
	json_object_set_new(span, "status", status);
	return span;
}

void tool_spans_see(struct tool_spans *t, const struct exchange *x, const struct otlp_ids *ids,
		    const struct otlp_options *o, tool_span_fn add, void *arg)
{
	if (x->kind != EXCHANGE_LLM || x->twin_of)
		return;
	for (size_t i = 0; i < x->nmessages; i++)
		for (size_t p = 0; p < x->messages[i].nparts; p++) {
			const struct part *result = &x->messages[i].parts[p];
			struct waiting *w =
				result->kind == PART_TOOL_RESULT ? find(t, x, result->id) : NULL;

			if (!w)
				continue;
			add(arg, make_span(w, x, result, o));
			forget(w);
		}
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t p = 0; p < x->choices[i].msg.nparts; p++)
			remember(t, x, ids, &x->choices[i].msg.parts[p]);
}

/* SPDX-License-Identifier: MIT */
#include "assemble/sse_results.h"

#include <stdlib.h>

#include "assemble/dialect_reader.h"
#include "base/str.h"
#include "json/write.h"
#include "llm/json.h"

#define TARGET_MAX 2048
#define ACCEPTED   202

void sse_results_asked(struct assembly *k, const json_t *request)
{
	free(k->rpc_id);
	k->rpc_id =
		json_has(request, "method") ? json_name_text(json_object_get(request, "id")) : NULL;
}

void sse_results_forget(struct assembly *k)
{
	free(k->rpc_id);
	free(k->sse_target);
	k->rpc_id = k->sse_target = NULL;
}

/* A URL's path and query, which a request has as its target. */
static struct span target_of(struct span url)
{
	size_t scheme = span_find(url, ':');
	struct span rest = span_from(url, scheme);

	if (!span_starts(rest, SPAN_LIT("://")))
		return url;
	rest = span_from(rest, 3);
	return span_from(rest, span_find(rest, '/'));
}

/* Both are of one process, which asks, or answers, on both. */
static bool is_pair(const struct assembly *post, const struct assembly *stream)
{
	return post->x->tgid == stream->x->tgid && post->x->is_server == stream->x->is_server &&
	       string_eq(post->x->target, stream->sse_target);
}

static struct assembly *post_of(const struct assembly *stream, const char *id)
{
	for (struct assembly *k = stream->cc->assembler->newest; k; k = k->older)
		if (!k->over && !k->sse_answered && string_eq(k->rpc_id, id) && is_pair(k, stream))
			return k;
	return NULL;
}

static void answer(struct assembly *post, uint64_t ts, const json_t *v)
{
	struct exchange *x = post->x;

	builder_set_time(x, ts);
	post->sse_answered = true;
	dialect_reader_event(post, span_of(NULL, 0), v);
	x->t.response_last = ts;
	if (post->sse_waits)
		assembly_end(post);
}

bool sse_results_event(struct assembly *k, struct span name, struct span data, const json_t *v)
{
	struct assembly *post;
	char *id;

	if (span_eq(name, SPAN_LIT("endpoint")) && data.len && data.len < TARGET_MAX && !v) {
		set_string(&k->sse_target, target_of(data));
		return true;
	}
	if (!k->sse_target || !v || json_has(v, "method"))
		return false;
	id = json_name_text(json_object_get(v, "id"));
	post = id ? post_of(k, id) : NULL;
	free(id);
	if (post)
		answer(post, builder_time(k->x), v);
	return post != NULL;
}

bool sse_results_awaits(const struct assembly *k)
{
	if (k->x->status != ACCEPTED || !k->rpc_id || k->sse_answered)
		return false;
	for (const struct assembly *s = k->cc->assembler->newest; s; s = s->older)
		if (s->sse_target && !s->over && is_pair(k, s))
			return true;
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "exchange/spender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define ANSWERS 4096

struct answers {
	char *ids[ANSWERS]; /* a ring */
	size_t next;
};

struct answers *answers_new(void)
{
	return xcalloc(1, sizeof(struct answers));
}

void answers_free(struct answers *a)
{
	for (size_t i = 0; a && i < ANSWERS; i++)
		free(a->ids[i]);
	free(a);
}

bool answers_seen(struct answers *a, const struct exchange *x)
{
	bool fetched = x->method && strcmp(x->method, "GET") == 0 && x->status != 101;

	if (!x->response_id || !x->usage.raw)
		return false;
	for (size_t i = 0; fetched && i < ANSWERS && a->ids[i]; i++)
		if (strcmp(a->ids[i], x->response_id) == 0)
			return true;
	free(a->ids[a->next]);
	a->ids[a->next] = xstrdup(x->response_id);
	a->next = (a->next + 1) % ANSWERS;
	return false;
}

bool exchange_spends(struct answers *a, const struct exchange *x)
{
	return x->kind == EXCHANGE_LLM && !x->twin_of && !x->via.tgid && !answers_seen(a, x) &&
	       !exchange_counts(x);
}

bool exchange_failed(const struct exchange *x)
{
	return x->error || x->status >= 400;
}

bool exchange_went_wrong(const struct exchange *x)
{
	return exchange_failed(x) || x->rpc_failed || (x->request_seen && !x->response_seen);
}

/* ---- names ---- */

/* "-20250929", "@001", "-2024-08-06", "-v1:0": which issue of a model it is. */
static bool is_version(const char *s)
{
	size_t digits = 0;

	if (!*s || !strchr("-@:", *s))
		return false;
	s++;
	s += *s == 'v';
	for (; *s; s++) {
		if (!strchr("0123456789-:", *s))
			return false;
		digits += *s != '-' && *s != ':';
	}
	return digits >= 2;
}

/* Whether the model that answered is the one that was asked for, by its full name. */
static bool is_variant(const char *asked, const char *answered)
{
	static const char latest[] = "-latest";
	size_t len = strlen(asked), cut = sizeof(latest) - 1;

	if (len > cut && strcmp(asked + len - cut, latest) == 0)
		len -= cut;
	return strncmp(asked, answered, len) == 0 && (!answered[len] || is_version(answered + len));
}

static void name_model(const struct exchange *x, struct spender *ret)
{
	const char *asked = x->model_asked, *answered = x->model_answered;
	bool one = asked && answered && is_variant(asked, answered);

	ret->model = one || !answered ? asked : answered;
	if (asked && answered && !one)
		ret->asked = asked;
}

void exchange_spender(const struct exchange *x, struct spender *ret)
{
	const struct leg *of = &x->made_for;

	*ret = (struct spender){ .program = exchange_program(x),
				 .user = x->user,
				 .uid = x->uid,
				 .pid = of->tgid ? of->tgid : x->tgid };
	name_model(x, ret);
	if (of->tgid && of->program) {
		ret->program = of->program;
		ret->user = of->user ? of->user : x->user;
	}
}

const char *spender_user(struct spender *s)
{
	if (s->user)
		return s->user;
	snprintf(s->number, sizeof(s->number), "%u", s->uid);
	return s->number;
}

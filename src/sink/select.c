/* SPDX-License-Identifier: MIT */
#include "sink/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct select_row {
	const struct key *key;
	char *text;
	uint64_t number;
};

struct key {
	const char *name, *help;
	/* NULL: any text is a pattern. */
	int (*read)(struct select_row *r, const char *value);
	bool (*has)(const struct select_row *r, const struct exchange *x);
	bool at_end; /* not known before the exchange has ended */
};

/* ---- values ---- */

static int read_number(struct select_row *r, const char *value)
{
	char *end;

	errno = 0;
	r->number = strtoull(value, &end, 10);
	return value[0] < '0' || value[0] > '9' || *end || errno ? -EINVAL : 0;
}

static int read_user(struct select_row *r, const char *value)
{
	const struct passwd *pw;

	if (read_number(r, value) == 0)
		return 0;
	pw = getpwnam(value);
	if (!pw)
		return -EINVAL;
	r->number = pw->pw_uid;
	return 0;
}

static int read_kind(struct select_row *r, const char *value)
{
	for (unsigned k = EXCHANGE_LLM; k <= EXCHANGE_HTTP; k++)
		if (strcmp(value, exchange_kind_name((enum exchange_kind)k)) == 0) {
			r->number = k;
			return 0;
		}
	return -EINVAL;
}

static int read_only(struct select_row *r, const char *value)
{
	return strcmp(value, "only") == 0 ? 0 : -EINVAL;
}

/* ---- tests ---- */

static bool matches(const struct select_row *r, const char *text)
{
	return text && fnmatch(r->text, text, 0) == 0;
}

static bool has_kind(const struct select_row *r, const struct exchange *x)
{
	return x->kind == r->number;
}

static bool has_provider(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->provider);
}

static bool has_model(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->model_asked) || matches(r, x->model_answered);
}

static bool has_host(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->host);
}

static bool has_process(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->process);
}

static bool has_user(const struct select_row *r, const struct exchange *x)
{
	return x->uid == r->number;
}

static bool has_cgroup(const struct select_row *r, const struct exchange *x)
{
	return x->cgroup == r->number;
}

static bool has_error(const struct select_row *r, const struct exchange *x)
{
	return x->error || x->status >= 400 || (x->request_seen && !x->response_seen);
}

static bool has_tokens(const struct select_row *r, const struct exchange *x)
{
	int64_t n = 0;

	if (x->usage.input > 0)
		n += x->usage.input;
	if (x->usage.output > 0)
		n += x->usage.output;
	return (uint64_t)n >= r->number;
}

static const struct key keys[] = {
	{ "kind", "llm, mcp, rpc or http", read_kind, has_kind, false },
	{ "provider", "a provider, as in jsonl", NULL, has_provider, false },
	{ "model", "a model, asked for or answered", NULL, has_model, false },
	{ "host", "a host", NULL, has_host, false },
	{ "process", "a program's name", NULL, has_process, false },
	{ "user", "a user's name or number", read_user, has_user, false },
	{ "cgroup", "number of a control group", read_number, has_cgroup, false },
	{ "errors", "only (exchanges that failed)", read_only, has_error, true },
	{ "min-tokens", "model calls of at least so many tokens", read_number, has_tokens, true },
};
#define KEYS (sizeof(keys) / sizeof(*keys))

int select_add(struct select *s, const char *key, const char *value, struct error *reterr)
{
	for (size_t i = 0; i < KEYS; i++) {
		struct select_row *r;

		if (strcmp(key, keys[i].name) != 0)
			continue;
		s->rows = xgrow(s->rows, s->nrows, sizeof(*s->rows));
		r = &s->rows[s->nrows++];
		r->key = &keys[i];
		r->text = xstrdup(value);
		if (r->key->read && r->key->read(r, value) != 0)
			return error_set(reterr, -EINVAL, "%s=%.100s: expected %s", key, value,
					 r->key->help);
		return 1;
	}
	return 0;
}

void select_done(struct select *s)
{
	for (size_t i = 0; i < s->nrows; i++)
		free(s->rows[i].text);
	free(s->rows);
	s->rows = NULL;
	s->nrows = 0;
}

/* At least one of the rows with this key agrees. */
static bool any_has(const struct select *s, const struct key *key, const struct exchange *x)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].key == key && key->has(&s->rows[i], x))
			return true;
	return false;
}

bool select_has(const struct select *s, const struct exchange *x)
{
	if (!show_mode_has(s->mode, x))
		return false;
	for (size_t i = 0; i < s->nrows; i++)
		if (!any_has(s, s->rows[i].key, x))
			return false;
	return true;
}

bool select_needs_end(const struct select *s)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].key->at_end)
			return true;
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "select/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/comma.h"
#include "base/xalloc.h"
#include "capture/process.h"
#include "capture/script_name.h"
#include "exchange/spender.h"
#include "select/amount.h"
#include "select/needle.h"
#include "select/search.h"
#include "select/when.h"

/* fnmatch() takes long for a long text and many stars. No name is as long. */
#define NAME_LEN_MAX 1024

struct select_row {
	const struct word *word;
	char *text;
	bool named; /* `text` is a user's name; else it is a number */
	uint64_t number;
	int64_t ns;
	double usd;
	struct needle *needle;
};

struct word {
	const char *name;
	bool is_list;
	int (*read)(struct select_row *r, const char *value, bool recorded, struct error *reterr);
	bool (*has)(const struct select_row *r, const struct exchange *x);
	bool at_end; /* not known before the exchange has ended */
};

/* ---- values ---- */

static int read_pattern(struct select_row *r, const char *value, bool recorded,
			struct error *reterr)
{
	return 0;
}

static int read_number(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (amount_number(value, UINT64_MAX, &r->number) == 0)
		return 0;
	return error_set(reterr, -EINVAL, "expected a number");
}

static int read_pid(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (amount_number(value, INT32_MAX, &r->number) == 0 && r->number)
		return 0;
	return error_set(reterr, -EINVAL, "expected the number of a process");
}

static int read_cgroup(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (amount_number(value, UINT64_MAX, &r->number) == 0)
		return 0;
	return error_set(
		reterr, -EINVAL,
		"expected the number of a cgroup, as in jsonl (--cgroup takes a directory)");
}

static int read_user(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	const struct passwd *pw;

	if (amount_number(value, UINT32_MAX, &r->number) == 0)
		return 0;
	pw = getpwnam(value);
	if (!pw && !recorded)
		return error_set(reterr, -EINVAL, "no user '%.60s' on this host", value);
	r->named = true;
	r->number = pw ? pw->pw_uid : UINT64_MAX;
	return 0;
}

static int read_kind(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	for (unsigned k = EXCHANGE_LLM; k <= EXCHANGE_HTTP; k++)
		if (strcmp(value, exchange_kind_name((enum exchange_kind)k)) == 0) {
			r->number = k;
			return 0;
		}
	return error_set(reterr, -EINVAL, "expected llm, mcp, acp, a2a, rpc or http");
}

static int read_only(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (strcmp(value, "only") == 0)
		return 0;
	return error_set(reterr, -EINVAL, "expected only");
}

static int read_conversation(struct select_row *r, const char *value, bool recorded,
			     struct error *reterr)
{
	if (strlen(value) <= 16 && value[strspn(value, "0123456789abcdef")] == '\0')
		return 0;
	return error_set(reterr, -EINVAL,
			 "expected a conversation's ID or its beginning: up to 16 of 0-9 and a-f");
}

static int read_needle(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	r->needle = needle_new(value, reterr);
	return r->needle ? 0 : reterr->code;
}

static int read_when(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (when_read(value, time(NULL), &r->ns) == 0)
		return 0;
	return error_set(
		reterr, -EINVAL,
		"expected a time: '2026-11-29 10:00', 10:00, today, yesterday or 2h (ago)");
}

static int read_time(struct select_row *r, const char *value, bool recorded, struct error *reterr)
{
	if (amount_time(value, &r->number) == 0)
		return 0;
	return error_set(reterr, -EINVAL, "expected a time such as 2s, 500ms or 1m30s");
}

static int read_dollars(struct select_row *r, const char *value, bool recorded,
			struct error *reterr)
{
	if (amount_dollars(value, &r->usd) == 0)
		return 0;
	return error_set(reterr, -EINVAL, "expected US dollars, such as 0.05");
}

/* ---- tests ---- */

static bool matches(const struct select_row *r, const char *text, int flags)
{
	return text && (strcmp(r->text, text) == 0 || (strnlen(text, NAME_LEN_MAX) < NAME_LEN_MAX &&
						       fnmatch(r->text, text, flags) == 0));
}

static bool begins(const struct select_row *r, const char *text)
{
	return text && span_starts(span_str(text), span_str(r->text));
}

static bool has_kind(const struct select_row *r, const struct exchange *x)
{
	return x->kind == r->number;
}

static bool has_provider(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->provider, FNM_CASEFOLD);
}

static bool has_model(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->model_asked, FNM_CASEFOLD) ||
	       matches(r, x->model_answered, FNM_CASEFOLD);
}

static bool has_host(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->host, FNM_CASEFOLD);
}

static bool has_conversation(const struct select_row *r, const struct exchange *x)
{
	return begins(r, x->conversation.id);
}

static bool has_needle(const struct select_row *r, const struct exchange *x)
{
	return search_exchange(r->needle, x);
}

static bool is_since(const struct select_row *r, const struct exchange *x)
{
	return exchange_began_ns(x) >= r->ns;
}

/* What has no time is in no span of time. */
static bool is_until(const struct select_row *r, const struct exchange *x)
{
	int64_t began = exchange_began_ns(x);

	return began && began < r->ns;
}

static bool has_error(const struct select_row *r, const struct exchange *x)
{
	return exchange_went_wrong(x);
}

static bool is_slow(const struct select_row *r, const struct exchange *x)
{
	return x->t.request_first && x->t.response_last >= x->t.request_first &&
	       x->t.response_last - x->t.request_first >= r->number;
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

/* An unknown cost is not nothing, and not enough either. */
static bool has_cost(const struct select_row *r, const struct exchange *x)
{
	return x->cost.source != COST_UNKNOWN && x->cost.usd >= r->usd;
}

static bool has_pid(const struct select_row *r, const struct exchange *x)
{
	return x->tgid == r->number;
}

/* As -P: the file's name, the script's with or without its ending, that in argv[0] and the
 * thread's. */
static bool has_process(const struct select_row *r, const struct exchange *x)
{
	struct span argv0 = proc_name(span_of(NULL, 0), span_str(x->cmdline), span_of(NULL, 0));
	AUTO_FREE char *name = xstrndup((const char *)argv0.ptr, argv0.len);

	return matches(r, x->process, 0) || matches(r, x->script, 0) || matches(r, name, 0) ||
	       matches(r, x->comm, 0) || script_is(span_str(x->script), span_str(r->text));
}

/* A number may be another user's on the host of a recording. */
static bool has_user(const struct select_row *r, const struct exchange *x)
{
	if (r->named && x->user)
		return strcmp(r->text, x->user) == 0;
	return x->uid == r->number;
}

static bool has_container(const struct select_row *r, const struct exchange *x)
{
	return begins(r, x->container.id) || matches(r, x->container.name, 0) ||
	       matches(r, x->container.pod, 0);
}

static bool has_unit(const struct select_row *r, const struct exchange *x)
{
	return matches(r, x->container.unit, 0);
}

static bool has_cgroup(const struct select_row *r, const struct exchange *x)
{
	return x->cgroup == r->number;
}

/* ---- words ---- */

static const struct word words[] = {
#define LIST(reader)				   true, reader
#define ONE(reader)				   false, reader
#define EARLY					   false
#define AT_END					   true
#define WORD(id, name, arg, read, has, when, help) { name, read, has, when },
#define PROCESS(id, name, read, has)		   { name, read, has, EARLY },
#include "select/words.def"
#undef WORD
#undef PROCESS
};
#define WORDS (sizeof(words) / sizeof(*words))

static int add_one(struct select *s, const struct word *word, struct span value,
		   struct error *reterr)
{
	struct select_row *r;

	s->rows = xgrow(s->rows, s->nrows, sizeof(*s->rows));
	r = &s->rows[s->nrows++];
	r->word = word;
	r->text = xstrndup((const char *)value.ptr, value.len);
	return word->read(r, r->text, s->recorded, reterr);
}

static int add_list(struct select *s, const struct word *word, const char *value,
		    struct error *reterr)
{
	struct span rest = span_str(value), one;
	size_t before = s->nrows;
	int err = 0;

	while (!err && comma_next(&rest, ",\n", &one))
		err = add_one(s, word, one, reterr);
	if (!err && s->nrows == before)
		err = error_set(reterr, -EINVAL, "nothing is given");
	return err;
}

int select_add(struct select *s, const char *word, const char *value, struct error *reterr)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(word, words[i].name) == 0) {
			int err = words[i].is_list ? add_list(s, &words[i], value, reterr)
						   : add_one(s, &words[i], span_str(value), reterr);

			return err ? err : 1;
		}
	return 0;
}

void select_done(struct select *s)
{
	for (size_t i = 0; i < s->nrows; i++) {
		free(s->rows[i].text);
		needle_free(s->rows[i].needle);
	}
	free(s->rows);
	s->rows = NULL;
	s->nrows = 0;
}

/* The latest of --until, or the earliest of --since: alternatives widen. */
static const struct select_row *
widest(const struct select *s, bool (*has)(const struct select_row *, const struct exchange *))
{
	const struct select_row *found = NULL;

	for (size_t i = 0; i < s->nrows; i++) {
		const struct select_row *r = &s->rows[i];

		if (r->word->has == has &&
		    (!found || (has == is_until ? r->ns > found->ns : r->ns < found->ns)))
			found = r;
	}
	return found;
}

int select_check(const struct select *s, struct error *reterr)
{
	const struct select_row *since = widest(s, is_since), *until = widest(s, is_until);

	if (!since || !until || since->ns < until->ns)
		return 0;
	return error_set(reterr, -EINVAL,
			 "nothing can be shown: --since %.40s is not before --until %.40s",
			 since->text, until->text);
}

/* At least one of the rows with this word agrees. */
static bool any_has(const struct select *s, const struct word *word, const struct exchange *x)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].word == word && word->has(&s->rows[i], x))
			return true;
	return false;
}

bool select_words_have(const struct select *s, const struct exchange *x)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (!any_has(s, s->rows[i].word, x))
			return false;
	return true;
}

bool select_has(const struct select *s, const struct exchange *x)
{
	return show_mode_has(s->mode, x) && select_words_have(s, x);
}

bool select_searches(const struct select *s)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].needle)
			return true;
	return false;
}

void select_span(const struct select *s, int64_t *ret_since, int64_t *ret_until)
{
	const struct select_row *since = widest(s, is_since), *until = widest(s, is_until);

	*ret_since = since && since->ns > 0 ? since->ns : 0;
	*ret_until = until ? until->ns : INT64_MAX;
}

static bool is_one_of(const struct select_row *r, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(r->word->name, names[i]) == 0)
			return true;
	return false;
}

bool select_asks(const struct select *s, const char *const *names)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (is_one_of(&s->rows[i], names))
			return true;
	return false;
}

bool select_asks_only(const struct select *s, const char *const *names)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (!is_one_of(&s->rows[i], names))
			return false;
	return true;
}

bool select_needs_end(const struct select *s)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (s->rows[i].word->at_end)
			return true;
	return false;
}

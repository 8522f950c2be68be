/* SPDX-License-Identifier: MIT */
#include "alert/rules.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/comma.h"
#include "base/nearest.h"
#include "base/str.h"
#include "base/xalloc.h"

#define LOOP_MIN 2
#define LOOP_MAX 1000
#define USD_MAX	 1e9
/* Of one kind. */
#define RULES_MAX 64

enum rule {
#define RULE(id, word, arg, help) RULE_##id,
#include "alert/rules.def"
#undef RULE
	RULES,
};

static const struct {
	const char *word, *arg;
} words[] = {
#define RULE(id, word, arg, help) { word, arg },
#include "alert/rules.def"
#undef RULE
};

static const char *const of_names[] = {
	[BUDGET_USER] = "user",
	[BUDGET_PROGRAM] = "program",
	[BUDGET_CONVERSATION] = "conversation",
	[BUDGET_ALL] = "all",
};

const char *budget_of_name(enum budget_of of)
{
	return of_names[of];
}

bool allowed_has(const struct allowed *a, const char *name)
{
	struct span rest = span_str(a->list), one;

	while (comma_next(&rest, "|", &one))
		if (span_fits(span_str(name), one, 0))
			return true;
	return false;
}

/* ---- one rule ---- */

static int read_regex(struct rules *r, struct span inner, struct error *reterr)
{
	AUTO_FREE char *regex = xstrndup((const char *)inner.ptr, inner.len);
	size_t n = patterns_count(r->patterns);
	int err;

	if (!inner.len)
		return error_set(reterr, -EINVAL, "// is no regular expression");
	if (r->ninline == RULES_MAX)
		return error_set(reterr, -EINVAL, "there are more than %d patterns", RULES_MAX);
	if (!r->patterns)
		r->patterns = patterns_new();
	err = patterns_add(r->patterns, regex, reterr);
	if (err)
		return err;
	r->pattern_names = xgrow(r->pattern_names, n, sizeof(*r->pattern_names));
	r->pattern_names[n] = xasprintf("pattern-%zu", ++r->ninline);
	return 0;
}

static int read_patterns(struct rules *r, const char *path, rules_file_fn read_file,
			 struct error *reterr)
{
	size_t before = patterns_count(r->patterns), now;
	unsigned *lines = NULL;
	int err;

	if (!r->patterns)
		r->patterns = patterns_new();
	err = read_file(r->patterns, path, &lines, reterr);
	now = patterns_count(r->patterns);
	for (size_t i = before; i < now; i++) {
		r->pattern_names = xgrow(r->pattern_names, i, sizeof(*r->pattern_names));
		r->pattern_names[i] =
			xasprintf("%.100s:%u", path_name(path), lines ? lines[i - before] : 0);
	}
	free(lines);
	return err;
}

static int read_budget(struct rules *r, const char *arg, struct error *reterr)
{
	size_t len = strcspn(arg, "="), of = 0;
	const char *amount = arg[len] ? arg + len + 1 : "";
	struct budget *b;
	char *end;
	double usd;

	while (of <= BUDGET_ALL && !span_eq(span_of(arg, len), span_str(of_names[of])))
		of++;
	amount += *amount == '$';
	usd = strtod(amount, &end);
	if (of > BUDGET_ALL || *amount < '.' || *amount > '9' || *end || !(usd > 0) ||
	    usd > USD_MAX)
		return error_set(reterr, -EINVAL,
				 "budget:%.60s: expected user, program, conversation or all, and "
				 "dollars: budget:user=5",
				 arg);
	if (r->nbudgets == RULES_MAX)
		return error_set(reterr, -EINVAL, "there are more than %d budgets", RULES_MAX);
	r->budgets = xgrow(r->budgets, r->nbudgets, sizeof(*r->budgets));
	b = &r->budgets[r->nbudgets++];
	*b = (struct budget){ .of = (enum budget_of)of, .usd = usd };
	b->name = xasprintf("budget:%s=%s", of_names[of], amount);
	return 0;
}

static int read_loop(struct rules *r, const char *arg, struct error *reterr)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*arg < '0' || *arg > '9' || *end || n < LOOP_MIN || n > LOOP_MAX)
		return error_set(reterr, -EINVAL, "loop:%.60s: expected a number from %d to %d",
				 arg, LOOP_MIN, LOOP_MAX);
	/* Of several the strictest counts. */
	r->loop = !r->loop || n < r->loop ? (unsigned)n : r->loop;
	return 0;
}

static int read_allowed(struct rules *r, bool provider, const char *arg, struct error *reterr)
{
	struct span rest = span_str(arg), one;

	if (!comma_next(&rest, "|", &one))
		return error_set(reterr, -EINVAL, "%s: expected names with \"|\" between them",
				 provider ? "provider-not" : "model-not");
	/* Of several all names are allowed. */
	for (size_t i = 0; i < r->nallowed; i++)
		if (r->allowed[i].provider == provider) {
			char *both = xasprintf("%s|%s", r->allowed[i].list, arg);

			free(r->allowed[i].list);
			r->allowed[i].list = both;
			return 0;
		}
	r->allowed = xgrow(r->allowed, r->nallowed, sizeof(*r->allowed));
	r->allowed[r->nallowed++] = (struct allowed){ .provider = provider, .list = xstrdup(arg) };
	return 0;
}

static const char *nearest_rule(const char *word)
{
	struct nearest n;

	nearest_init(&n, word);
	for (int k = 0; k < KEY_KINDS; k++)
		nearest_try(&n, key_kind_name((enum key_kind)k));
	for (int i = 0; i < RULES; i++)
		nearest_try(&n, words[i].word);
	return n.best;
}

static int refuse(struct span word, struct error *reterr)
{
	AUTO_FREE char *text = xstrndup((const char *)word.ptr, word.len < 60 ? word.len : 60);
	const char *near = nearest_rule(text);

	return error_set(reterr, -EINVAL, "there is no rule '%s'%s%s%s; llm-spy(8) lists them",
			 text, near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

static int read_word(struct rules *r, enum rule rule, const char *arg, rules_file_fn read_file,
		     struct error *reterr)
{
	switch (rule) {
	case RULE_SECRETS:
		r->keys = (key_set)-1 >> (32 - KEY_KINDS);
		return 0;
	case RULE_FILE:
		return read_patterns(r, arg, read_file, reterr);
	case RULE_BUDGET:
		return read_budget(r, arg, reterr);
	case RULE_LOOP:
		return read_loop(r, arg, reterr);
	case RULE_MODEL_NOT:
	case RULE_PROVIDER_NOT:
		return read_allowed(r, rule == RULE_PROVIDER_NOT, arg, reterr);
	case RULES:
		break;
	}
	return -EINVAL;
}

static int read_rule(struct rules *r, struct span s, rules_file_fn read_file, struct error *reterr)
{
	size_t colon = span_find(s, ':');
	struct span word = span_first(s, colon), rest = span_from(s, colon + 1);
	enum key_kind key = key_kind_of(s);

	if (key < KEY_KINDS) {
		r->keys |= 1u << key;
		return 0;
	}
	if (s.len > 1 && s.ptr[0] == '/' && s.ptr[s.len - 1] == '/')
		return read_regex(r, span_first(span_from(s, 1), s.len - 2), reterr);
	for (int i = 0; i < RULES; i++) {
		AUTO_FREE char *arg = NULL;

		if (!span_eq(word, span_str(words[i].word)))
			continue;
		arg = xstrndup(rest.len ? (const char *)rest.ptr : "", rest.len);
		if (words[i].arg ? !*arg : colon < s.len)
			return error_set(reterr, -EINVAL, "expected %s%s%s", words[i].word,
					 words[i].arg ? ":" : "", words[i].arg ? words[i].arg : "");
		return read_word(r, (enum rule)i, arg, read_file, reterr);
	}
	return refuse(word, reterr);
}

/* ---- the list ---- */

/* Up to a comma; between slashes, one may be meant as it stands. */
static size_t length_of(struct span s)
{
	if (s.ptr[0] != '/')
		return span_find(s, ',');
	for (size_t i = 1; i < s.len; i++)
		if (s.ptr[i] == '/' && (i + 1 == s.len || s.ptr[i + 1] == ','))
			return i + 1;
	return s.len;
}

int rules_read(struct rules *r, const char *text, rules_file_fn read_file, struct error *reterr)
{
	struct span rest = span_trim(span_str(text));
	int err = 0;

	if (!rest.len)
		return error_set(reterr, -EINVAL, "expected rules, such as secrets or aws-key");
	while (rest.len && !err) {
		size_t len = length_of(rest);
		struct span one = span_trim(span_first(rest, len));

		rest = span_trim(span_from(rest, len + 1));
		if (one.len)
			err = read_rule(r, one, read_file, reterr);
	}
	return err;
}

void rules_done(struct rules *r)
{
	for (size_t i = 0; i < patterns_count(r->patterns); i++)
		free(r->pattern_names[i]);
	free(r->pattern_names);
	patterns_free(r->patterns);
	for (size_t i = 0; i < r->nbudgets; i++)
		free(r->budgets[i].name);
	free(r->budgets);
	for (size_t i = 0; i < r->nallowed; i++)
		free(r->allowed[i].list);
	free(r->allowed);
	*r = (struct rules){ 0 };
}

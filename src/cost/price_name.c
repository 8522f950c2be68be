/* SPDX-License-Identifier: MIT */
/* Names of models: patterns, and the base names of a name. Sources: the vendors' lists of models;
 * for Amazon Bedrock "Supported foundation models" and "Inference profiles" of its user guide
 * (region prefixes, -v1:0), for Vertex AI "Use Claude models" (@20250929), for OpenRouter "Model
 * variants" (:free, :thinking). */
#include <limits.h>

#include "cost/price_int.h"

/* Longer names are not tried: none is sold, and matching takes time proportional to the length. */
#define MODEL_NAME_MAX 256

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool char_fits(uint8_t pattern, uint8_t c)
{
	return pattern == '#' ? is_digit(c) : lower(pattern) == lower(c);
}

/* On a mismatch the last star takes one more character: quadratic at worst. */
static bool glob_fits(struct span p, struct span s)
{
	size_t at = 0, pos = 0, star = SIZE_MAX, held = 0;

	while (pos < s.len) {
		if (at < p.len && p.ptr[at] == '*') {
			star = at++;
			held = pos;
		} else if (at < p.len && char_fits(p.ptr[at], s.ptr[pos])) {
			at++;
			pos++;
		} else if (star != SIZE_MAX) {
			at = star + 1;
			pos = ++held;
		} else {
			return false;
		}
	}
	while (at < p.len && p.ptr[at] == '*')
		at++;
	return at == p.len;
}

struct span alternative_take(struct span *s)
{
	size_t len = span_find(*s, '|');
	struct span out = span_first(*s, len);

	*s = span_from(*s, len + 1);
	return out;
}

unsigned pattern_fit(struct span pattern, struct span name)
{
	unsigned best = 0;

	while (pattern.len) {
		struct span p = alternative_take(&pattern);
		unsigned literal = 0;

		for (size_t i = 0; i < p.len; i++)
			literal += p.ptr[i] != '*' && p.ptr[i] != '#';
		if (literal == p.len ? !span_caseeq(p, name) : !glob_fits(p, name))
			continue;
		if (literal == p.len && p.len)
			return UINT_MAX;
		best = literal + 1 > best ? literal + 1 : best;
	}
	return best;
}

struct span provider_ours(struct span theirs)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {
#define NAME(theirs_, ours_) { .theirs = theirs_, .ours = ours_ },
#include "cost/names.def"
#undef NAME
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (pattern_fit(span_str(names[i].theirs), theirs))
			return span_str(names[i].ours);
	return theirs;
}

/* ---- base names ---- */

/* Places to cut a name, from the least change on. */
#define CUTS_MAX 6
struct cuts {
	size_t at[CUTS_MAX];
	size_t count;
};

static void cut(struct cuts *c, size_t at)
{
	if (c->count < CUTS_MAX && (c->count == 0 || c->at[c->count - 1] != at))
		c->at[c->count++] = at;
}

/* The rest after the last slash of an ARN, and after "models/", wherever that is: Google's names
 * are paths, "models/x" or "projects/p/locations/l/publishers/google/models/x". */
static size_t path_len(struct span s)
{
	static const struct span models = SPAN_LIT("models/");
	bool arn = span_starts(s, SPAN_LIT("arn:"));

	for (size_t at = s.len; at > 0; at--) {
		struct span head = span_first(s, at);

		if (head.ptr[at - 1] != '/')
			continue;
		if (arn || (span_ends(head, models) &&
			    (at == models.len || head.ptr[at - models.len - 1] == '/')))
			return at;
	}
	return 0;
}

/* Prefix of a cross-region inference profile: "us.", "global." */
static size_t region_len(struct span s)
{
	static const char *const regions[] = { "us", "us-gov", "eu", "apac", "global",
					       "jp", "au",     "ca", "sa" };
	struct span head = span_first(s, span_find(s, '.'));

	for (size_t i = 0; head.len < s.len && i < sizeof(regions) / sizeof(*regions); i++)
		if (span_caseeq(head, span_str(regions[i])))
			return head.len + 1;
	return 0;
}

/* The maker: "openai/" of a model of OpenAI, "anthropic." on Bedrock. On the lists of those who
 * sell many makers' models, the maker is part of the name. */
static size_t maker_len(struct span s, struct span provider, bool bedrock)
{
	size_t len = span_find(s, bedrock ? '.' : '/');

	if (len == s.len)
		return 0;
	if (bedrock || pattern_fit(provider_ours(span_first(s, len)), provider))
		return len + 1;
	return 0;
}

static void cut_front(struct span s, struct span provider, bool bedrock, struct cuts *c)
{
	size_t at = 0;

	cut(c, at);
	at += path_len(s);
	cut(c, at);
	if (bedrock)
		at += region_len(span_from(s, at));
	cut(c, at);
	at += maker_len(span_from(s, at), provider, bedrock);
	cut(c, at);
}

/* Length of the first of the NULL-terminated patterns (without stars) that s ends with. */
static size_t suffix_len(struct span s, const char *const *patterns)
{
	for (; *patterns; patterns++) {
		struct span p = span_str(*patterns);

		if (s.len > p.len && glob_fits(p, span_from(s, s.len - p.len)))
			return p.len;
	}
	return 0;
}

/* -0613: a month and a day. Not -2411, a version of Mistral with other prices, and not -4096. */
static size_t month_day_len(struct span s)
{
	static const char *const form[] = { "-####", NULL };
	size_t len = suffix_len(s, form);
	struct span d = span_from(s, s.len - len + 1);
	int month, day;

	if (!len)
		return 0;
	month = (d.ptr[0] - '0') * 10 + d.ptr[1] - '0';
	day = (d.ptr[2] - '0') * 10 + d.ptr[3] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? len : 0;
}

static void cut_back(struct span s, struct span provider, bool bedrock, struct cuts *c)
{
	/* Other variants have other prices: :nitro, :floor, :extended, :online. */
	static const char *const variants[] = { ":thinking", ":beta", NULL };
	static const char *const versions[] = { "-v#:#", ":#", "-v#", NULL };
	static const char *const dates[] = { "-20##-##-##", "-20######", "@20######", "-##-20##",
					     NULL };
	static const char *const latest[] = { "-latest", NULL };
	size_t len;

	cut(c, s.len);
	if (span_eq(provider, SPAN_LIT("openrouter")))
		s.len -= suffix_len(s, variants);
	cut(c, s.len);
	if (bedrock)
		s.len -= suffix_len(s, versions);
	cut(c, s.len);
	len = suffix_len(s, dates);
	s.len -= len ? len : month_day_len(s);
	cut(c, s.len);
	s.len -= suffix_len(s, latest);
	cut(c, s.len);
}

void model_names(struct span model, struct span provider, struct model_names *ret)
{
	bool bedrock = span_eq(provider, SPAN_LIT("bedrock"));
	struct cuts front = { .count = 0 }, back = { .count = 0 };

	ret->count = 0;
	model = span_trim(model);
	if (!model.len || model.len > MODEL_NAME_MAX)
		return;
	cut_front(model, provider, bedrock, &front);
	cut_back(model, provider, bedrock, &back);
	for (size_t b = 0; b < back.count; b++)
		for (size_t f = 0; f < front.count && front.at[f] < back.at[b]; f++)
			if (ret->count < MODEL_NAMES_MAX)
				ret->items[ret->count++] =
					span_from(span_first(model, back.at[b]), front.at[f]);
}

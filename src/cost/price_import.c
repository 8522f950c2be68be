/* SPDX-License-Identifier: MIT */
/* Converts the public tables of prices to the text of our own table:
 *  - genai-prices (github.com/pydantic/genai-prices, prices/data.json): an array of providers
 *    with models, rules for model names, prices per million tokens, tiers, dates;
 *  - LiteLLM (github.com/BerriAI/litellm, model_prices_and_context_window.json and its schema): an
 *    object of models with prices per token.
 * Both read on 2026-11-24. scripts/make-prices does the same for genai-prices when the built-in
 * table is made, and lists what our table cannot express; here it is counted. */
#include <errno.h>
#include <stdlib.h>

#include "cost/price_int.h"
#include "json/number.h"
#include "json/read.h"

#define RULES_DEEP 8

struct importer {
	struct buf *out;
	size_t *skipped;
	struct error *err;
	const char *provider, *model; /* being read, for messages */
	const json_t *window;	      /* of that model */
	struct buf pattern;
};

static void skip(struct importer *m)
{
	(*m->skipped)++;
}

static int refuse(struct importer *m, const char *field, const char *why)
{
	return error_set(m->err, -EINVAL, "%.100s, %.150s: %s %s", m->provider, m->model, field,
			 why);
}

/* A text that may be put into a cell unchanged. */
static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] == 0x7f || strchr("|*#", s.ptr[i]))
			return false;
	return s.len && s.ptr[0] != ' ' && s.ptr[s.len - 1] != ' ' && !span_eq(s, SPAN_LIT("-"));
}

static struct span text_of(const json_t *v)
{
	return json_is_text(v) ? span_of(json_string_value(v), json_string_length(v))
			       : span_of(NULL, 0);
}

static const char *id_of(const json_t *v)
{
	return (const char *)text_of(json_object_get(v, "id")).ptr;
}

/* ---- cells ---- */

static int read_number(struct importer *m, const char *field, const json_t *v, double unit,
		       double *ret)
{
	if (!json_number_is(v))
		return refuse(m, field, "is not a number");
	*ret = json_number_double(v) * unit;
	if (!(*ret >= 0))
		return refuse(m, field, "is negative");
	if (*ret > RATE_MAX)
		return refuse(m, field, "is too large to be a price");
	return 0;
}

/* Nine decimals, which the cheapest model needs, without trailing zeros. */
static void put_number(struct importer *m, double x)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%.9f", x);

	while (len > 1 && text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	buf_add(m->out, span_of(text, (size_t)len));
}

static void put_tier(struct importer *m, json_int_t above, double usd)
{
	buf_addf(m->out, " >%" JSON_INTEGER_FORMAT ":", above);
	put_number(m, usd);
}

/* The cell of a window; one that makes no sense is none. */
static void put_window(struct importer *m, const json_t *v)
{
	double tokens = json_number_is(v) ? json_number_double(v) : 0;

	buf_addc(m->out, '\t');
	if (tokens >= 1 && tokens < 1e12)
		buf_addf(m->out, "%.0f", tokens);
}

static void put_header(struct buf *out)
{
	buf_adds(out, "provider\tmodel\tfrom\twindow");
	for (size_t i = 0; i < RATE_COUNT; i++)
		buf_addf(out, "\t%s", rate_infos[i].column);
	buf_adds(out, "\tsource\n");
}

static void put_names(struct importer *m, struct span provider, struct span pattern)
{
	buf_add(m->out, provider);
	buf_addc(m->out, '\t');
	buf_add(m->out, pattern);
	buf_addc(m->out, '\t');
}

/* ---- genai-prices: rules ---- */

static void begin_alternative(struct importer *m)
{
	if (m->pattern.len)
		buf_addc(&m->pattern, '|');
}

/* Names of providers behind Hugging Face's router are a suffix of the model: "m:groq". */
static void end_alternative(struct importer *m)
{
	static const char router[] = "huggingface_";

	if (strncmp(m->provider, router, strlen(router)) == 0)
		buf_addf(&m->pattern, ":%s", m->provider + strlen(router));
}

static bool add_text(struct importer *m, const char *front, const json_t *text, const char *behind)
{
	struct span s = text_of(text);

	if (!is_plain(s))
		return false;
	begin_alternative(m);
	buf_adds(&m->pattern, front);
	buf_add(&m->pattern, s);
	buf_adds(&m->pattern, behind);
	end_alternative(m);
	return true;
}

/* One element of a regular expression: a literal, \d or \d{n}. False for all others. */
static bool element_take(struct span *s, struct buf *out)
{
	uint8_t c = s->ptr[0];
	size_t times = 1, used = 1;

	if (c == '\\' && s->len > 1) {
		c = s->ptr[1];
		used = 2;
		if (c == 'd' && s->len > 4 && s->ptr[2] == '{' && s->ptr[3] >= '1' &&
		    s->ptr[3] <= '9' && s->ptr[4] == '}') {
			times = (size_t)(s->ptr[3] - '0');
			used = 5;
		} else if (c != 'd' && !strchr(".-+:/", c)) {
			return false;
		}
		c = c == 'd' ? '#' : c;
	} else if (strchr("\\.[](){}?+*|^$#", c)) {
		return false;
	}
	*s = span_from(*s, used);
	if (s->len && strchr("{?+*", s->ptr[0]))
		return false;
	while (times--)
		buf_addc(out, (char)c);
	return true;
}

static bool add_regex(struct importer *m, const json_t *text)
{
	struct span s = text_of(text);
	bool from_start = span_starts(s, SPAN_LIT("^")), to_end = span_ends(s, SPAN_LIT("$"));
	struct buf glob;
	bool good = s.len > 0;

	s = span_from(s, from_start);
	s.len -= to_end && s.len;
	buf_init(&glob, 4096);
	if (!from_start)
		buf_addc(&glob, '*');
	while (good && s.len)
		good = s.ptr[0] >= ' ' && s.ptr[0] != 0x7f && element_take(&s, &glob);
	if (!to_end)
		buf_addc(&glob, '*');
	if (good && !glob.full) {
		begin_alternative(m);
		buf_add(&m->pattern, buf_span(&glob));
		end_alternative(m);
	}
	good = good && !glob.full;
	buf_done(&glob);
	return good;
}

/* Appends a rule as patterns to m->pattern. Skips and counts a part that cannot be expressed. */
static void add_rule(struct importer *m, const json_t *rule, unsigned deep)
{
	const char *kind;
	json_t *v;

	json_object_foreach((json_t *)rule, kind, v) {
		bool good = false;

		if (strcmp(kind, "equals") == 0)
			good = add_text(m, "", v, "");
		else if (strcmp(kind, "starts_with") == 0)
			good = add_text(m, "", v, "*");
		else if (strcmp(kind, "ends_with") == 0)
			good = add_text(m, "*", v, "");
		else if (strcmp(kind, "contains") == 0)
			good = add_text(m, "*", v, "*");
		else if (strcmp(kind, "regex") == 0)
			good = add_regex(m, v);
		else if (strcmp(kind, "or") == 0 && json_is_array(v) && deep < RULES_DEEP) {
			good = true;
			for (size_t i = 0; i < json_array_size(v); i++)
				add_rule(m, json_array_get(v, i), deep + 1);
		}
		if (!good)
			skip(m);
	}
}

/* ---- genai-prices: prices ---- */

static int put_genai_tiers(struct importer *m, const struct rate_info *info, const json_t *tiers)
{
	for (size_t i = 0; i < json_array_size(tiers); i++) {
		const json_t *tier = json_array_get(tiers, i);
		const json_t *start = json_object_get(tier, "start");
		double usd;
		int err = read_number(m, info->genai, json_object_get(tier, "price"),
				      info->genai_unit, &usd);

		if (err)
			return err;
		if (!json_is_integer(start) || json_integer_value(start) < 0)
			return refuse(m, info->genai, "has a tier without start");
		put_tier(m, json_integer_value(start), usd);
	}
	return 0;
}

static int put_genai_price(struct importer *m, const struct rate_info *info, const json_t *v)
{
	const json_t *base = json_is_object(v) ? json_object_get(v, "base") : v;
	double usd;
	int err;

	buf_addc(m->out, '\t');
	if (!v || json_is_null(v))
		return 0;
	err = read_number(m, info->genai, base, info->genai_unit, &usd);
	if (err)
		return err;
	put_number(m, usd);
	return json_is_object(v) ? put_genai_tiers(m, info, json_object_get(v, "tiers")) : 0;
}

static int put_genai_row(struct importer *m, struct span from, const json_t *prices)
{
	bool priced = false;
	int err = 0;

	for (size_t i = 0; i < RATE_COUNT; i++)
		priced |= json_object_get(prices, rate_infos[i].genai) != NULL;
	if (!priced) {
		skip(m);
		return 0;
	}
	put_names(m, provider_ours(span_str(m->provider)), buf_span(&m->pattern));
	buf_add(m->out, from);
	put_window(m, m->window);
	for (size_t i = 0; i < RATE_COUNT && !err; i++)
		err = put_genai_price(m, &rate_infos[i],
				      json_object_get(prices, rate_infos[i].genai));
	buf_adds(m->out, "\tgenai-prices\n");
	return err;
}

/* The cell "from" for a constraint: {"start_date": "2026-07-30"} or {"start_time": "00:30:00Z",
 * "end_time": ...}. False for all others. */
static bool read_constraint(const json_t *c, struct buf *from)
{
	struct span date = text_of(json_object_get(c, "start_date"));
	struct span start = text_of(json_object_get(c, "start_time"));
	struct span end = text_of(json_object_get(c, "end_time"));

	if (!c || json_is_null(c))
		return true;
	if (json_object_size(c) == 1 && pattern_fit(SPAN_LIT("####-##-##"), date)) {
		buf_add(from, date);
		return true;
	}
	if (json_object_size(c) != 2 || !pattern_fit(SPAN_LIT("##:##:00Z"), start) ||
	    !pattern_fit(SPAN_LIT("##:##:00Z"), end))
		return false;
	buf_add(from, span_first(start, 5));
	buf_addc(from, '-');
	buf_add(from, span_first(end, 5));
	return true;
}

/* One set of prices, or an array of sets with constraints. The last valid one counts, as in our own
 * table. */
static int put_genai_prices(struct importer *m, const json_t *prices)
{
	int err = 0;

	if (json_is_object(prices))
		return put_genai_row(m, span_of(NULL, 0), prices);
	for (size_t i = 0; i < json_array_size(prices) && !err; i++) {
		const json_t *set = json_array_get(prices, i);
		struct buf from;

		buf_init(&from, 64);
		if (read_constraint(json_object_get(set, "constraint"), &from))
			err = put_genai_row(m, buf_span(&from), json_object_get(set, "prices"));
		else
			skip(m);
		buf_done(&from);
	}
	return err;
}

static int import_genai_model(struct importer *m, const json_t *model)
{
	m->model = id_of(model);
	if (!m->model)
		return error_set(m->err, -EINVAL, "%.100s has a model without id", m->provider);
	buf_reset(&m->pattern);
	add_rule(m, json_object_get(model, "match"), 0);
	if (!m->pattern.len || m->pattern.full) {
		skip(m);
		return 0;
	}
	m->window = json_object_get(model, "context_window");
	return put_genai_prices(m, json_object_get(model, "prices"));
}

static int import_genai(struct importer *m, const json_t *root)
{
	int err = 0;

	for (size_t i = 0; i < json_array_size(root) && !err; i++) {
		const json_t *provider = json_array_get(root, i);
		const json_t *models = json_object_get(provider, "models");

		m->provider = id_of(provider);
		if (!m->provider || !is_plain(span_str(m->provider)) || !json_is_array(models))
			return error_set(m->err, -EINVAL,
					 "element %zu of the array is not a genai-prices provider "
					 "(it needs id and models)",
					 i);
		for (size_t j = 0; j < json_array_size(models) && !err; j++)
			err = import_genai_model(m, json_array_get(models, j));
	}
	return err;
}

/* ---- LiteLLM ---- */

/* The threshold in a key such as input_cost_per_token_above_200k_tokens; 0 if it is not a tier of
 * this field. Keys for other service tiers have other endings (_priority, _flex, _batches). */
static json_int_t threshold_of(const char *key, const char *field)
{
	struct span s = span_str(key), head = span_str(field);
	static const struct span above = SPAN_LIT("_above_");
	double n;

	if (!span_starts(s, head))
		return 0;
	s = span_from(s, head.len);
	if (!span_starts(s, above))
		return 0;
	s = span_from(s, above.len);
	if (!decimal_take(&s, &n) || !(n >= 1 && n <= 1e6) || !span_eq(s, SPAN_LIT("k_tokens")))
		return 0;
	return (json_int_t)(n * 1000);
}

/* The tiers of a field in rising order; members of objects have no order. */
static int put_key_tiers(struct importer *m, const struct rate_info *info, const json_t *entry)
{
	json_int_t last = 0;
	int err = 0;

	for (;;) {
		json_int_t next = 0, at;
		const json_t *price = NULL;
		const char *key;
		json_t *v;
		double usd;

		json_object_foreach((json_t *)entry, key, v) {
			at = json_is_null(v) ? 0 : threshold_of(key, info->litellm);
			if (at > last && (!next || at < next)) {
				next = at;
				price = v;
			}
		}
		if (!next)
			return 0;
		err = read_number(m, info->litellm, price, info->litellm_unit, &usd);
		if (err)
			return err;
		put_tier(m, next, usd);
		last = next;
	}
}

/* Start of the prices in an array of ranges: [{"range": [0, 32000], fields}, ...]. */
static json_int_t range_start(const json_t *tier)
{
	const json_t *start = json_array_get(json_object_get(tier, "range"), 0);
	double n = json_number_is(start) ? json_number_double(start) : -1;

	return n >= 0 && n < 1e9 ? (json_int_t)n : -1;
}

static int put_range_tiers(struct importer *m, const struct rate_info *info, const json_t *tiers)
{
	json_int_t last = 0;

	for (size_t i = 0; i < json_array_size(tiers); i++) {
		const json_t *tier = json_array_get(tiers, i);
		const json_t *v = json_object_get(tier, info->litellm);
		json_int_t start = range_start(tier);
		double usd;
		int err;

		if (!v || start <= last)
			continue;
		err = read_number(m, info->litellm, v, info->litellm_unit, &usd);
		if (err)
			return err;
		put_tier(m, start, usd);
		last = start;
	}
	return 0;
}

/* The price below all tiers; NULL if there is none. */
static const json_t *litellm_base(const json_t *entry, const struct rate_info *info)
{
	const json_t *v = json_object_get(entry, info->litellm);
	const json_t *first = json_array_get(json_object_get(entry, "tiered_pricing"), 0);

	if (!v || json_is_null(v))
		v = range_start(first) == 0 ? json_object_get(first, info->litellm) : NULL;
	return json_is_null(v) ? NULL : v;
}

static int put_litellm_price(struct importer *m, const json_t *entry, const struct rate_info *info)
{
	const json_t *v = litellm_base(entry, info);
	double usd;
	int err;

	buf_addc(m->out, '\t');
	if (!v)
		return 0;
	err = read_number(m, info->litellm, v, info->litellm_unit, &usd);
	if (err)
		return err;
	put_number(m, usd);
	if (json_object_get(entry, "tiered_pricing"))
		return put_range_tiers(m, info, json_object_get(entry, "tiered_pricing"));
	return put_key_tiers(m, info, entry);
}

/* Keys may begin with the provider's name: "gemini/gemini-2.5-pro", "gpt-4o". */
static struct span litellm_model(const char *key, struct span provider)
{
	struct span s = span_str(key);
	size_t len = span_find(s, '/');

	if (len < s.len && span_eq(provider_ours(span_first(s, len)), provider))
		return span_from(s, len + 1);
	return s;
}

static int import_litellm_entry(struct importer *m, const json_t *entry)
{
	struct span provider = text_of(json_object_get(entry, "litellm_provider")), model;
	bool priced = false;
	int err = 0;

	for (size_t i = 0; i < RATE_COUNT; i++)
		priced |= litellm_base(entry, &rate_infos[i]) != NULL;
	provider = provider_ours(provider);
	model = litellm_model(m->model, provider);
	if (!priced || !is_plain(provider) || !is_plain(model)) {
		skip(m);
		return 0;
	}
	put_names(m, provider, model);
	put_window(m, json_object_get(entry, "max_input_tokens"));
	for (size_t i = 0; i < RATE_COUNT && !err; i++)
		err = put_litellm_price(m, entry, &rate_infos[i]);
	buf_adds(m->out, "\tLiteLLM\n");
	return err;
}

static int import_litellm(struct importer *m, const json_t *root)
{
	const char *key;
	json_t *entry;
	int err;

	m->provider = "LiteLLM";
	json_object_foreach((json_t *)root, key, entry) {
		/* These entries are an example of the format and rules for names, not models. */
		if (strcmp(key, "sample_spec") == 0 || strcmp(key, "fallback_generalizations") == 0)
			continue;
		m->model = key;
		err = import_litellm_entry(m, entry);
		if (err)
			return err;
	}
	return 0;
}

static size_t line_of(struct span before)
{
	size_t line = 1;

	for (size_t i = 0; i < before.len; i++)
		line += before.ptr[i] == '\n';
	return line;
}

int import_json(struct span text, struct buf *out, size_t *skipped, struct error *reterr)
{
	struct importer m = { .out = out, .skipped = skipped, .err = reterr };
	size_t at;
	json_t *root = json_read_whole(text, &at);
	int err;

	if (!root)
		return error_set(reterr, -EINVAL, "line %zu: invalid JSON",
				 line_of(span_first(text, at)));
	buf_init(&m.pattern, 64 << 10);
	put_header(out);
	err = json_is_array(root) ? import_genai(&m, root) : import_litellm(&m, root);
	if (!err && out->full)
		err = error_set(reterr, -ENOBUFS, "too large");
	buf_done(&m.pattern);
	json_decref(root);
	return err;
}

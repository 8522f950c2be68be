/* SPDX-License-Identifier: MIT */
#include "alert/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/alerts.h"

struct scanner {
	const struct rules *rules;
	struct exchange *x;
	bool blanked;
	key_set wanted;	  /* that were not found yet */
	bool *matched;	  /* of each pattern */
	size_t unmatched; /* how many were not */
	char where[64];	  /* of the text that is looked at */
};

static bool is_over(const struct scanner *s)
{
	return !s->wanted && !s->unmatched;
}

static void note(struct scanner *s, const char *rule)
{
	alerts_add(&s->x->suspects, rule, s->where);
}

static void look_for_keys(struct scanner *s, struct span text)
{
	key_set found = key_find(text, s->wanted, s->blanked);

	for (int k = 0; found && k < KEY_KINDS; k++)
		if (found & 1u << k)
			note(s, key_kind_name((enum key_kind)k));
	s->wanted &= ~found;
}

static void look_for_patterns(struct scanner *s, struct span text)
{
	size_t at;

	for (size_t from = 0; patterns_find(s->rules->patterns, from, text, &at); from = at + 1) {
		if (s->matched[at])
			continue;
		s->matched[at] = true;
		s->unmatched--;
		note(s, s->rules->pattern_names[at]);
	}
}

static void look(struct scanner *s, struct span text)
{
	if (s->wanted && text.len)
		look_for_keys(s, text);
	if (s->unmatched && text.len)
		look_for_patterns(s, text);
}

static void look_json(struct scanner *s, json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(v))
		look(s, span_of(json_string_value(v), json_string_length(v)));
	json_array_foreach(v, i, item)
		look_json(s, item);
	json_object_foreach(v, key, item) {
		look(s, span_str(key));
		look_json(s, item);
	}
}

static const char *of_kind(enum part_kind k)
{
	return k == PART_TOOL_RESULT ? ", tool result" : k == PART_TOOL_CALL ? ", tool call" : "";
}

/* n: from 1; 0: the system prompt. */
static void look_message(struct scanner *s, const struct message *m, size_t n)
{
	for (size_t i = 0; i < m->nparts; i++) {
		if (n)
			snprintf(s->where, sizeof(s->where), "message %zu%s", n,
				 of_kind(m->parts[i].kind));
		else
			snprintf(s->where, sizeof(s->where), "system prompt");
		look(s, buf_span(&m->parts[i].text));
	}
}

static void look_tool(struct scanner *s, const struct tool *t, size_t n)
{
	snprintf(s->where, sizeof(s->where), "tool %zu", n);
	look(s, span_str(t->name));
	look(s, span_str(t->description));
	look_json(s, t->schema);
}

static void look_params(struct scanner *s, const struct exchange *x)
{
	snprintf(s->where, sizeof(s->where), "parameters");
	for (size_t i = 0; i < x->nparams; i++)
		look_json(s, x->params[i].value);
}

void scan_request(const struct rules *r, bool blanked, struct exchange *x)
{
	struct scanner s = { .rules = r,
			     .x = x,
			     .blanked = blanked,
			     .wanted = r->keys,
			     .unmatched = patterns_count(r->patterns) };

	s.matched = xcalloc(s.unmatched + 1, sizeof(*s.matched));
	look_message(&s, &x->system, 0);
	for (size_t i = 0; i < x->nmessages && !is_over(&s); i++)
		look_message(&s, &x->messages[i], i + 1);
	for (size_t i = 0; i < x->ntools && !is_over(&s); i++)
		look_tool(&s, &x->tools[i], i + 1);
	if (!is_over(&s))
		look_params(&s, x);
	free(s.matched);
}

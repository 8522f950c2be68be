/* SPDX-License-Identifier: MIT */
#include "assemble/open_turns.h"

#include <stdlib.h>

#include "base/str.h"

struct open_turn *open_turns_add(struct open_turns *s, struct assembly *k, struct span key)
{
	struct open_turn *t = &s->list[s->count++];

	*t = (struct open_turn){ .k = k };
	set_string(&t->key, key);
	return t;
}

void open_turns_remove(struct open_turns *s, const struct assembly *k)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].k != k)
			continue;
		free(s->list[i].key);
		free(s->list[i].alias);
		memmove(&s->list[i], &s->list[i + 1], (--s->count - i) * sizeof(*s->list));
		return;
	}
}

static bool is_answered(const struct open_turn *t)
{
	return t->k->begun[HTTP_RESPONSE];
}

static bool is_named(const char *name, struct span s)
{
	return name && span_eq(s, span_str(name));
}

static struct open_turn *latest(struct open_turns *s, bool unnamed)
{
	for (size_t i = s->count; i > 0; i--)
		if (!s->list[i - 1].paused && !(unnamed && s->list[i - 1].key))
			return &s->list[i - 1];
	return NULL;
}

static struct open_turn *of_key(struct open_turns *s, struct span key)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_named(s->list[i].key, key))
			return &s->list[i];
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].key)
			continue;
		set_string(&s->list[i].key, key);
		return &s->list[i];
	}
	return NULL;
}

static struct open_turn *of_alias(struct open_turns *s, struct span alias)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_named(s->list[i].alias, alias))
			return &s->list[i];
	for (size_t i = 0; i < s->count; i++)
		if (!s->list[i].key && !s->list[i].alias)
			return &s->list[i];
	return NULL;
}

static struct open_turn *find(struct open_turns *s, struct span key, struct span alias)
{
	struct open_turn *t;

	if (key.len)
		return of_key(s, key);
	if (alias.len)
		return of_alias(s, alias);
	t = latest(s, true);
	return t ? t : latest(s, false);
}

struct open_turn *open_turn_of(struct open_turns *s, struct span key, struct span alias)
{
	struct open_turn *t = find(s, key, alias);

	if (t && !t->alias)
		set_string(&t->alias, alias);
	return t;
}

struct open_turn *open_turn_paused(struct open_turns *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].paused)
			return &s->list[i];
	return NULL;
}

struct open_turn *open_turn_unanswered(struct open_turns *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!is_answered(&s->list[i]))
			return &s->list[i];
	return NULL;
}

struct open_turn *open_turn_noted(struct open_turns *s)
{
	struct open_turn *now = latest(s, false), *before = open_turn_paused(s);

	return before && (!now || !is_answered(now)) ? before : now;
}

/* SPDX-License-Identifier: MIT */
#include "run/environment.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* What sudo and doas set without being asked, sudo's own variables apart. */
static const char *const made_up[] = { "PATH",	   "HOME", "SHELL", "USER",	 "LOGNAME",
				       "USERNAME", "MAIL", "TERM",  "DOAS_USER", "XAUTHORITY" };

struct result {
	char **items;
	size_t count;
};

static struct span name_of(struct span variable)
{
	return span_first(variable, span_find(variable, '='));
}

static struct span next_text(struct span *rest)
{
	struct span s = span_first(*rest, span_find(*rest, '\0'));

	*rest = span_from(*rest, s.len + 1);
	return s;
}

/* The variable of that name; ptr NULL: there is none. */
static struct span look_up(struct span texts, struct span name)
{
	while (texts.len) {
		struct span s = next_text(&texts);

		if (s.len > name.len && span_eq(name_of(s), name))
			return s;
	}
	return span_of(NULL, 0);
}

static struct span look_up_ours(char *const *ours, struct span name)
{
	for (; *ours; ours++)
		if (span_eq(name_of(span_str(*ours)), name))
			return span_str(*ours);
	return span_of(NULL, 0);
}

/* sudo NAME=VALUE llm-spy. The value tells it from an argument of llm-spy's command. */
static bool is_on_command_line(struct span args, struct span variable)
{
	while (args.len)
		if (span_eq(next_text(&args), variable))
			return true;
	return false;
}

/* Not as sudo made it: the user did, or a program between sudo and us. */
static bool is_on_purpose(const struct environment_sources *from, struct span variable)
{
	return !span_eq(look_up(from->given, name_of(variable)), variable) ||
	       is_on_command_line(from->args, variable);
}

static bool is_made_up(struct span name)
{
	for (size_t i = 0; i < sizeof(made_up) / sizeof(*made_up); i++)
		if (span_eq(name, span_str(made_up[i])))
			return true;
	return span_starts(name, SPAN_LIT("SUDO_"));
}

static void add(struct result *r, struct span variable)
{
	r->items = xgrow(r->items, r->count, sizeof(*r->items));
	r->items[r->count++] = xstrndup((const char *)variable.ptr, variable.len);
}

static void add_callers(struct result *r, const struct environment_sources *from, char *const *ours)
{
	struct span rest = from->caller;

	while (rest.len) {
		struct span theirs = next_text(&rest), name = name_of(theirs);
		struct span mine = look_up_ours(ours, name);

		if (!name.len || name.len == theirs.len)
			continue;
		/* Taken away behind sudo. */
		if (!mine.ptr && look_up(from->given, name).ptr)
			continue;
		add(r, mine.ptr && is_on_purpose(from, mine) ? mine : theirs);
	}
}

/* What the caller did not have. */
static void add_ours(struct result *r, const struct environment_sources *from, char *const *ours)
{
	for (; *ours; ours++) {
		struct span mine = span_str(*ours), name = name_of(mine);

		if (name.len == mine.len || look_up(from->caller, name).ptr)
			continue;
		if (is_on_purpose(from, mine) || !is_made_up(name))
			add(r, mine);
	}
}

char **environment_merge(const struct environment_sources *from, char *const *ours)
{
	struct result r = { 0 };

	add_callers(&r, from, ours);
	add_ours(&r, from, ours);
	r.items = xgrow(r.items, r.count, sizeof(*r.items));
	r.items[r.count] = NULL;
	return r.items;
}

void environment_set(char ***environment, const char *name, const char *value)
{
	char *variable = xasprintf("%s=%s", name, value);
	size_t n = 0;

	for (; (*environment)[n]; n++)
		if (span_eq(name_of(span_str((*environment)[n])), span_str(name))) {
			free((*environment)[n]);
			(*environment)[n] = variable;
			return;
		}
	*environment = xgrow(*environment, n, sizeof(**environment));
	(*environment)[n] = variable;
	*environment = xgrow(*environment, n + 1, sizeof(**environment));
	(*environment)[n + 1] = NULL;
}

void environment_free(char **environment)
{
	for (char **at = environment; at && *at; at++)
		free(*at);
	free(environment);
}

/* SPDX-License-Identifier: MIT */
#include "sink/output_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "select/redact_setting.h"

static void add_value(struct output_spec *o, char *name, const char *value)
{
	o->values = xgrow(o->values, o->nvalues, sizeof(*o->values));
	o->values[o->nvalues++] = (struct sink_value){ xstrdup(name), xstrdup(value) };
}

static bool is_own(const struct output_spec *o, const char *name)
{
	const struct sink_setting *s = o->ops->settings;

	while (s && s->name && strcmp(s->name, name) != 0)
		s++;
	return s && s->name;
}

static int read_mode(struct output_spec *o, const char *value, struct error *reterr)
{
	static const struct {
		const char *name;
		enum show_mode mode;
	} modes[] = {
		{ "smart", SHOW_SMART },
		{ "llm", SHOW_AGENTS },
		{ "all", SHOW_ALL },
		{ "raw", SHOW_RAW },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(value, modes[i].name) == 0) {
			o->select.mode = modes[i].mode;
			return 0;
		}
	return error_set(reterr, -EINVAL, "show=%.100s: expected smart, llm, all or raw", value);
}

static int set(struct output_spec *o, char *name, const char *value, struct error *reterr)
{
	struct error why = { 0 };
	int err;

	if (strcmp(name, "show") == 0)
		return read_mode(o, value, reterr);
	if (strcmp(name, "queue") == 0)
		return size_parse(value, &o->queue_bytes) == 0
			       ? 0
			       : error_set(reterr, -EINVAL,
					   "queue=%.100s: expected a size such as 64M", value);
	if (strcmp(name, "redact") == 0)
		return redact_setting_add(&o->policy, value, reterr);
	err = select_add(&o->select, name, value, &why);
	if (err)
		return err > 0 ? 0
			       : error_set(reterr, err, "%s=%.100s: %.150s", name, value, why.text);
	if (!is_own(o, name))
		return error_set(reterr, -EINVAL, "%.60s has no setting %.60s", o->ops->name, name);
	add_value(o, name, value);
	return 0;
}

/* The text up to a comma; "\\," is one that ends nothing. *at moves behind the comma. */
static char *next_word(const char **at)
{
	char *word = xmalloc(strlen(*at) + 1);
	size_t n = 0;

	for (; **at && **at != ','; ++*at) {
		if (**at == '\\' && (*at)[1] == ',')
			++*at;
		word[n++] = **at;
	}
	word[n] = '\0';
	*at += **at == ',';
	return word;
}

static int read_settings(struct output_spec *o, const char *at, struct error *reterr)
{
	int err = 0;

	while (!err && *at) {
		char *word AUTO_FREE = next_word(&at);
		char *equals = strchr(word, '=');

		if (!equals)
			return error_set(reterr, -EINVAL, "-o: expected key=value, not \"%.100s\"",
					 word);
		*equals = '\0';
		err = set(o, word, equals + 1, reterr);
	}
	return err;
}

/* "josnl:calls": who means a file of that name can say ./josnl:calls. */
static int refuse_mistyped(const char *arg, struct error *reterr)
{
	size_t len = strspn(arg, "abcdefghijklmnopqrstuvwxyz");
	AUTO_FREE char *word = xstrndup(arg, len);
	struct nearest n;

	if (!len || (arg[len] != ':' && arg[len] != ','))
		return 0;
	nearest_init(&n, word);
	for (size_t i = 0; sinks[i]; i++)
		nearest_try(&n, sinks[i]->name);
	return n.best ? error_set(reterr, -EINVAL,
				  "-o %.100s: %.60s is no format. Did you mean %s? A file of that "
				  "name is ./%.100s",
				  arg, word, n.best, arg)
		      : 0;
}

int output_spec_read(struct output_spec *o, const char *arg, const struct sink_ops *format,
		     struct error *reterr)
{
	const struct sink_ops *named = sink_find(span_of(arg, strcspn(arg, ":,")));
	const char *at = arg;
	char *target = NULL;
	int err;

	if (!named && refuse_mistyped(arg, reterr) != 0)
		return reterr->code;
	o->ops = named ? named : format;
	if (!named) {
		target = xstrdup(arg);
		at += strlen(arg);
	} else {
		at += strcspn(arg, ":,");
		if (*at == ':' && at++)
			target = next_word(&at);
		else
			at += *at == ',';
	}
	if (target && (strcmp(target, "-") == 0 || !*target)) {
		free(target);
		target = NULL;
	}
	o->target = target;
	err = read_settings(o, at, reterr);
	if (!err)
		err = select_check(&o->select, reterr);
	if (o->select.mode == SHOW_DEFAULT)
		o->select.mode = o->ops->mode;
	snprintf(o->name, sizeof(o->name), "%s%s%s", o->ops->name, target ? ":" : "",
		 target ? target : "");
	return err;
}

void output_spec_done(struct output_spec *o)
{
	for (size_t i = 0; i < o->nvalues; i++) {
		free((char *)o->values[i].name);
		free((char *)o->values[i].value);
	}
	free(o->values);
	free(o->target);
	select_done(&o->select);
}

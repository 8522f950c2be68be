/* SPDX-License-Identifier: MIT */
#include "options/check.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

/* The first option given of that scope, or NULL. */
static const struct row *given_of(const bool *given, unsigned scope)
{
	for (size_t i = 0; i < rows_count; i++)
		if (given[i] && rows[i].scope & scope)
			return &rows[i];
	return NULL;
}

static bool is_given(const bool *given, const char *name)
{
	for (size_t i = 0; i < rows_count; i++)
		if (given[i] && strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

/* ---- what does not go together ---- */

/* `top` traces where it reads no file. */
static bool may_trace(const struct options *o)
{
	return o->action == ACTION_TOP && !o->replay;
}

static int check_command(const struct options *o, struct error *reterr)
{
	if (!o->command)
		return 0;
	if (o->action != ACTION_TRACE && !may_trace(o))
		return error_set(reterr, -EINVAL,
				 "COMMAND cannot be combined with --replay or --demo");
	if (o->filter.npids)
		return error_set(reterr, -EINVAL, "COMMAND cannot be combined with --pid");
	return 0;
}

static int check_record(const struct options *o, struct error *reterr)
{
	if (!o->record)
		return 0;
	if (o->action != ACTION_TRACE && !may_trace(o))
		return error_set(reterr, -EINVAL,
				 "--record cannot be combined with --replay or --demo");
	if (o->redact.count)
		return error_set(reterr, -EINVAL,
				 "--redact cannot be combined with --record: a recording holds "
				 "what was sent, but for credentials");
	if (strcmp(o->record, "-") == 0 && !o->outputs.count)
		return error_set(reterr, -EINVAL,
				 "--record=- needs --output: both would write to standard output");
	return 0;
}

static int check_web(const struct options *o, struct error *reterr)
{
	if (o->web && o->redact.count)
		return error_set(reterr, -EINVAL,
				 "--redact cannot be combined with --web: its pages show calls "
				 "under way as they are");
	return 0;
}

/* Whose connections are led away has to be said: all of a host's is more than anybody means. */
static int check_transparent(const struct options *o, struct error *reterr)
{
	if (!o->transparent)
		return o->nproxy_ports && !o->command
			       ? error_set(reterr, -EINVAL,
					   "--proxy-ports needs --proxy=transparent or a command")
			       : 0;
	if (o->listen || o->reverse)
		return error_set(reterr, -EINVAL,
				 "--%s cannot be combined with --proxy=transparent",
				 o->listen ? "listen" : "reverse");
	if (!o->command && !o->filter.nusers && !o->cgroups.count)
		return error_set(reterr, -EINVAL,
				 "--proxy=transparent needs --user, --cgroup or a command: whose "
				 "connections are led to it");
	if (o->command && (o->filter.nusers || o->cgroups.count))
		return error_set(reterr, -EINVAL,
				 "--proxy=transparent with a command leads that command's "
				 "connections alone: without --user and --cgroup");
	return 0;
}

/* Of a file, `top` shows what is in it and writes nothing else. */
static int check_top(const struct options *o, struct error *reterr)
{
	if (o->action != ACTION_TOP || !o->replay || !(o->outputs.count || o->metrics))
		return 0;
	return error_set(reterr, -EINVAL, "--%s cannot be combined with --replay in llm-spy top",
			 o->metrics ? "metrics" : "output");
}

/* It prints a command for a shell, in place of what the outputs write. */
static int check_curl(const struct options *o, const bool *given, struct error *reterr)
{
	const struct row *other = given_of(given, WRITES);

	if (!o->curl)
		return 0;
	if (o->redact.count)
		return error_set(reterr, -EINVAL,
				 "--redact cannot be combined with --curl: the command holds what "
				 "was sent, but for credentials");
	if (other || is_given(given, "json"))
		return error_set(reterr, -EINVAL,
				 "--%s cannot be combined with --curl, which prints a command",
				 other ? other->name : "json");
	return 0;
}

static int check_scopes(const struct options *o, const bool *given, struct error *reterr)
{
	const struct row *live = given_of(given, LIVE), *no_demo = given_of(given, NO_DEMO);
	const struct row *proxy = given_of(given, PROXY), *alerts = given_of(given, ALERTS);

	if (o->web && o->replay)
		return error_set(reterr, -EINVAL,
				 "--web shows a live run; for what was kept: llm-spy serve -r %s",
				 o->replay);
	if (live && (o->action == ACTION_REPLAY || o->replay))
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --replay",
				 live->name);
	if (live && o->proxy)
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --proxy",
				 live->name);
	if (o->proxy && o->action == ACTION_REPLAY)
		return error_set(reterr, -EINVAL, "--proxy cannot be combined with --replay");
	if (proxy && !o->proxy && o->action != ACTION_REPLAY_SERVER && o->action != ACTION_SERVE)
		return error_set(reterr, -EINVAL, "--%s needs --proxy", proxy->name);
	if (alerts && !o->alert)
		return error_set(reterr, -EINVAL, "--%s needs --alert", alerts->name);
	if (no_demo && o->action == ACTION_DEMO)
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --demo",
				 no_demo->name);
	return 0;
}

/* ---- what has no effect ---- */

/* The sink that an argument of -o names; NULL: it is a file for --format. */
static const struct sink_ops *sink_of(const char *arg)
{
	return sink_find(span_of(arg, strcspn(arg, ":,")));
}

static bool has_setting(const struct sink_ops *sink, const char *name)
{
	const struct sink_setting *s = sink->settings;

	while (s && s->name && strcmp(s->name, name) != 0)
		s++;
	return s && s->name;
}

static bool some_output_has(const struct options *o, const char *name)
{
	/* The daemon's archive is one besides those that are named. */
	bool own = !o->outputs.count || o->action == ACTION_DAEMON;
	bool any = own && has_setting(o->format, name);

	for (size_t i = 0; i < o->outputs.count; i++) {
		const struct sink_ops *sink = sink_of(o->outputs.items[i]);

		any |= has_setting(sink ? sink : o->format, name);
	}
	return any;
}

static int refuse_setting(const char *name, struct error *reterr)
{
	AUTO_FREE char *with = NULL;
	struct buf b;

	buf_init(&b, sizeof(reterr->text));
	for (size_t i = 0; sinks[i]; i++)
		if (has_setting(sinks[i], name))
			buf_addf(&b, "%s%s", b.len ? " or " : "", sinks[i]->name);
	with = buf_take(&b);
	return error_set(reterr, -EINVAL, "--%s has no effect here: it is for output as %s", name,
			 with);
}

static int check_settings(const struct options *o, const bool *given, struct error *reterr)
{
	for (size_t i = 0; i < rows_count; i++)
		if (given[i] && rows[i].scope & SETTING && !some_output_has(o, rows[i].name))
			return refuse_setting(rows[i].name, reterr);
	return 0;
}

/* --format is that of outputs which name none. */
static int check_format(const struct options *o, const bool *given, struct error *reterr)
{
	if (!o->outputs.count || !is_given(given, "format"))
		return 0;
	for (size_t i = 0; i < o->outputs.count; i++)
		if (!sink_of(o->outputs.items[i]))
			return 0;
	return error_set(reterr, -EINVAL,
			 "--format has no effect here: each --output names its own");
}

/* What its table can be. */
static int check_targets(const struct options *o, const bool *given, struct error *reterr)
{
	static const char *const forms[] = { "text", "verbose", "jsonl" };

	if (o->action != ACTION_TARGETS || !is_given(given, "format"))
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (strcmp(o->format->name, forms[i]) == 0)
			return 0;
	return error_set(reterr, -EINVAL,
			 "--format %s: llm-spy targets prints text, verbose or jsonl",
			 o->format->name);
}

bool options_have_metrics(const struct options *o)
{
	bool any = o->metrics || (!o->outputs.count && o->format == &sink_metrics);

	for (size_t i = 0; i < o->outputs.count; i++)
		any |= sink_of(o->outputs.items[i]) == &sink_metrics;
	return any;
}

static int check_metrics(const struct options *o, struct error *reterr)
{
	if (!o->metrics_wait || options_have_metrics(o))
		return 0;
	return error_set(reterr, -EINVAL,
			 "--metrics-wait has no effect here: it is for --metrics and -o metrics");
}

int options_check(const struct options *o, const bool *given, struct error *reterr)
{
	int err;

	if (o->action == ACTION_HELP || o->action == ACTION_HELP_ALL ||
	    o->action == ACTION_VERSION || o->action == ACTION_COMPLETIONS)
		return 0;
	err = check_command(o, reterr);
	if (!err)
		err = check_record(o, reterr);
	if (!err)
		err = check_top(o, reterr);
	if (!err)
		err = check_web(o, reterr);
	if (!err)
		err = check_curl(o, given, reterr);
	if (!err)
		err = check_scopes(o, given, reterr);
	if (!err)
		err = check_transparent(o, reterr);
	if (!err)
		err = options_check_selection(o, reterr);
	if (!err)
		err = check_settings(o, given, reterr);
	if (!err)
		err = check_metrics(o, reterr);
	if (!err)
		err = check_targets(o, given, reterr);
	return err ? err : check_format(o, given, reterr);
}

/* SPDX-License-Identifier: MIT */
/* What is written, and how it looks. */
#include <errno.h>

#include <stdlib.h>

#include "base/xalloc.h"
#include "options/read.h"
#include "select/redact_setting.h"

int read_format(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "FORMAT", &choice, reterr);

	o->format = sinks[choice]; /* both lists are sinks.def */
	o->format_given = true;
	return err;
}

int read_metrics(struct options *o, const char *arg, struct error *reterr)
{
	free(o->metrics);
	o->metrics = xasprintf("metrics%s%s", arg ? ":" : "", arg ? arg : "");
	return 0;
}

int read_web(struct options *o, const char *arg, struct error *reterr)
{
	free(o->web);
	o->web = xstrdup(arg ? arg : "");
	return 0;
}

int read_verbose(struct options *o, const char *arg, struct error *reterr)
{
	o->format = &sink_verbose;
	o->format_given = true;
	return 0;
}

int read_lines(struct options *o, const char *arg, struct error *reterr)
{
	unsigned long n;

	if (read_number(arg, SINK_LINES_MAX, &n) || n == 0)
		return error_set(reterr, -EINVAL, "expected a number of rows from 1 to %d",
				 SINK_LINES_MAX);
	o->lines = (unsigned)n;
	return 0;
}

int read_alert(struct options *o, const char *arg, struct error *reterr)
{
	if (!o->alert)
		o->alert = xcalloc(1, sizeof(*o->alert));
	return rules_read(o->alert, arg, pattern_file_read, reterr);
}

int read_color(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "WHEN", &choice, reterr);

	o->color = (enum color_when)choice;
	return err;
}

int read_completions(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "SHELL", &choice, reterr);

	o->shell = (enum shell)choice;
	o->action = ACTION_COMPLETIONS;
	return err;
}

int read_json(struct options *o, const char *arg, struct error *reterr)
{
	o->format = sink_find(SPAN_LIT("jsonl"));
	return 0;
}

int read_summary(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "FORM", &choice, reterr);

	o->summary = (enum summary_form)choice;
	return err;
}

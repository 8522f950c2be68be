/* SPDX-License-Identifier: MIT */
#include "cli/cmd_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/safe_text.h"
#include "base/xalloc.h"
#include "options/config.h"
#include "options/exit_code.h"
#include "redact/redact_stream.h"

/* ---- what is in effect ---- */

/* In some run at least: nothing nearer says otherwise in all of them. */
static bool is_in_effect(const struct config *c, const struct config_entry *e)
{
	struct config_run run = { 0 };

	if (config_counts(c, e, &run, NULL))
		return true;
	run.proxy = true;
	if (config_counts(c, e, &run, NULL))
		return true;
	run.proxy = false;
	for (size_t i = 0; i < subcommands_count; i++) {
		run.sub = &subcommands[i];
		if (config_counts(c, e, &run, NULL))
			return true;
	}
	return false;
}

/* As it may stand in a file. */
static void add_value(struct buf *line, const char *value)
{
	bool plain = *value && !strpbrk(value, "\"#\\ \t");

	buf_adds(line, plain ? " = " : " = \"");
	for (; *value; value++)
		buf_addf(line, "%s%c", strchr("\"\\", *value) ? "\\" : "", *value);
	buf_adds(line, plain ? "" : "\"");
}

/* A URL may have a password in it. */
static void print_entry(const struct config *c, const struct config_entry *e)
{
	AUTO_FREE char *place = config_place(c, e), *text = NULL;
	struct buf line, masked, safe;

	buf_init(&line, 16 << 10);
	buf_init(&masked, 16 << 10);
	buf_init(&safe, 64 << 10);
	buf_adds(&line, e->row->name);
	if (e->value)
		add_value(&line, e->value);
	redact_text(buf_span(&line), REDACT_TEXT, &masked);
	safe_text_add(&safe, buf_span(&masked), log_utf8(), 8192);
	text = buf_take(&safe);
	printf("%-40s # %s\n", text, place);
	buf_done(&line);
	buf_done(&masked);
}

static void print_section(const struct config *c, const char *name, bool everywhere,
			  const struct subcommand *sub)
{
	bool any = false;

	for (size_t i = 0; i < c->count; i++) {
		const struct config_entry *e = &c->entries[i];

		if (e->everywhere != everywhere || (!everywhere && e->sub != sub) ||
		    !is_in_effect(c, e))
			continue;
		if (!any && name)
			printf("[%s]\n", name);
		any = true;
		print_entry(c, e);
	}
}

static void print_files(const struct config *c)
{
	for (size_t i = 0; i < CONFIG_LAYERS; i++)
		if (c->files[i].path && c->files[i].err)
			printf("# %s: %s\n", c->files[i].path, strerror(-c->files[i].err));
		else if (c->files[i].path)
			printf("# %s\n", c->files[i].path);
}

static void print_all(const struct config *c)
{
	print_files(c);
	print_section(c, NULL, true, NULL);
	print_section(c, "trace", false, NULL);
	for (size_t i = 0; i < subcommands_count; i++)
		print_section(c, subcommands[i].name, false, &subcommands[i]);
	config_say_barred(c);
}

/* ---- the subcommand ---- */

static void say_right(const struct config *c)
{
	size_t files = 0;

	for (size_t i = 0; i < CONFIG_LAYERS; i++) {
		if (!c->files[i].path || c->files[i].err)
			continue;
		printf("%s is right\n", c->files[i].path);
		files++;
	}
	if (!files)
		puts("there is no configuration file");
}

int config_run(const struct options *o, struct error *reterr)
{
	const char *word = o->operands[0], *file = word ? o->operands[1] : NULL;
	struct config c = { 0 };
	int err = 0;

	if (word && strcmp(word, "check") != 0)
		err = error_set(reterr, -EINVAL,
				"'%.60s' is not known: llm-spy config, or llm-spy config check "
				"[FILE]",
				word);
	if (!err && (file || !o->no_config))
		err = config_load(&c, file ? file : o->config_file, false, reterr);
	if (!err && word)
		say_right(&c);
	else if (!err)
		print_all(&c);
	config_done(&c);
	return err ? EXIT_USAGE : EXIT_FINE;
}

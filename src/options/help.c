/* SPDX-License-Identifier: MIT */
/* --help: examples and the options used most, on one screen of 24 lines; of a subcommand: all that
 * it takes. --help-all: all options. */
#include <stdio.h>
#include <string.h>

#include "options/table.h"

#define COLUMN 24 /* where help begins */

static const struct {
	const char *command, *what;
} examples[] = {
	{ "sudo llm-spy", "watch every program on this host" },
	{ "sudo llm-spy -- claude", "run a program and watch it from its first byte" },
	{ "sudo llm-spy -P claude", "watch programs of this name (-p PID: one process)" },
	{ "sudo llm-spy --plain", "local models too: Ollama, vLLM, llama.cpp" },
	{ "sudo llm-spy -f jsonl", "one JSON object per call, for jq" },
	{ "sudo llm-spy -w calls.spy", "record; show it later: llm-spy -r calls.spy" },
	{ "sudo llm-spy targets", "which programs can be captured, and why not others" },
	{ "sudo llm-spy doctor", "whether this host can trace" },
};

static void print_examples(FILE *out)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++)
		fprintf(out, "  %-26s %s\n", examples[i].command, examples[i].what);
}

/* "-p, --pid PID" */
static void option_left(const struct row *r, char *text, size_t size)
{
	snprintf(text, size, "  %c%c%s--%s%s%s", r->letter ? '-' : ' ', r->letter ? r->letter : ' ',
		 r->letter ? ", " : "  ", r->name, row_takes_argument(r) ? " " : "",
		 r->arg ? r->arg : "");
}

/* All lines of its help, or the first. */
static void print_option(FILE *out, const struct row *r, bool whole)
{
	char left[64];

	option_left(r, left, sizeof(left));
	if (strlen(left) > COLUMN)
		fprintf(out, "%s\n", left);
	for (const char *line = r->help; line; line = whole ? strchr(line, '\n') : NULL) {
		line += *line == '\n';
		fprintf(out, "%-*s %.*s\n", COLUMN,
			line == r->help && strlen(left) <= COLUMN ? left : "",
			(int)strcspn(line, "\n"), line);
	}
}

/* Those of a scope, below the titles of their sections; 0: all. */
static void print_options(FILE *out, unsigned scope)
{
	const char *title = NULL;

	for (size_t i = 0; i < rows_count; i++) {
		if (rows[i].is_section)
			title = rows[i].name;
		if (rows[i].is_section || (scope && !(rows[i].scope & scope)))
			continue;
		if (title)
			fprintf(out, "\n%s:\n", title);
		title = NULL;
		print_option(out, &rows[i], true);
	}
}

static void help_of(FILE *out, const struct subcommand *s)
{
	fprintf(out, "Usage: llm-spy %s [OPTION]...%s%s%s\n\nllm-spy %s: %s. See llm-spy(8).\n",
		s->name, *s->operands ? " " : "", s->operands,
		s->scope & TOPS ? " [-- COMMAND [ARGUMENT]...]" : "", s->name, s->help);
	print_options(out, s->scope);
}

void options_help(FILE *out, const struct options *o)
{
	const struct subcommand *sub = subcommand_find(o->argv[1]);

	if (sub && sub->action != ACTION_HELP) {
		help_of(out, sub);
		return;
	}
	fputs("llm-spy - tcpdump for calls to language models\n\n", out);
	print_examples(out);
	fputs("\nOptions used most (all of them: llm-spy --help-all, man llm-spy):\n", out);
	for (size_t i = 0; i < rows_count; i++)
		if (rows[i].scope & COMMON)
			print_option(out, &rows[i], false);
}

static void print_subcommand(FILE *out, const struct subcommand *s)
{
	char left[40];

	snprintf(left, sizeof(left), "%s %s", s->name, s->operands);
	fprintf(out, "       llm-spy %-15s %s\n", left, s->help);
}

void options_help_all(FILE *out)
{
	fputs("Usage: llm-spy [OPTION]...\n"
	      "       llm-spy [OPTION]... -- COMMAND [ARGUMENT]...\n",
	      out);
	for (size_t i = 0; i < subcommands_count; i++)
		print_subcommand(out, &subcommands[i]);
	fputs("\nShow in plaintext every call that programs on this host make to language\n"
	      "models. With COMMAND: run it as the user who called sudo, and trace it and its\n"
	      "children.\n\n",
	      out);
	print_examples(out);
	print_options(out, 0);
	fputs("\nExit status: 0 success; 1 failed while running; 2 wrong usage; 3 tracing could\n"
	      "not start; 4 see --strict; with COMMAND: the command's own. See llm-spy(8).\n",
	      out);
}

/* SPDX-License-Identifier: MIT */
/* --completions: scripts for shells, made of the tables of options and subcommands. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "options/table.h"

/* ---- what an argument is, by its name in help ---- */

enum kind { WORDS, LIMITS, FILES, DIRS, USERS, PROCESSES, ANY };

static enum kind kind_of(const char *arg)
{
	static const struct {
		const char *arg;
		enum kind kind;
	} kinds[] = {
		{ "FILE", FILES }, { "DIR", DIRS },	 { "WHICH", DIRS },
		{ "USER", USERS }, { "PID", PROCESSES }, { "NAME=N", LIMITS },
	};

	if (choices_of(arg))
		return WORDS;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].arg, arg) == 0)
			return kinds[i].kind;
	return ANY;
}

/* The words to choose from, separated by blanks. */
static void print_words(FILE *out, const char *arg)
{
	const char *const *list = choices_of(arg);

	for (size_t i = 0; list && list[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", list[i]);
	for (size_t i = 0; !list && i < LIMIT_COUNT; i++)
		fprintf(out, "%s%s=", i ? " " : "", limit_infos[i].name);
}

/* A help text in one line, for between single quotes, of which `quote` stands for one more.
 * `escape` has what needs a backslash. */
static void print_help(FILE *out, const char *help, const char *quote, const char *escape)
{
	for (; *help; help++) {
		if (*help == '\'') {
			fputs(quote, out);
			continue;
		}
		if (strchr(escape, *help))
			fputc('\\', out);
		fputc(*help == '\n' ? ' ' : *help, out);
	}
}

/* Those of a subcommand; NULL: those without one. */
static bool is_of(const struct row *r, const struct subcommand *sub)
{
	return !r->is_section && (sub ? r->scope & sub->scope : !(r->scope & OWN));
}

/* ---- bash ---- */

static const char *bash_words(enum kind kind)
{
	static const char *const text[] = {
		[FILES] = "compopt -o filenames; _llm_spy_reply compgen -f -- \"$cur\"",
		[DIRS] = "compopt -o filenames; _llm_spy_reply compgen -d -- \"$cur\"",
		[USERS] = "_llm_spy_reply compgen -u -- \"$cur\"",
		[PROCESSES] =
			"_llm_spy_reply compgen -W \"$(cd /proc && echo [0-9]*)\" -- \"$cur\"",
		[ANY] = ":",
	};

	return text[kind];
}

static void bash_argument(FILE *out, const struct row *r)
{
	enum kind kind = kind_of(r->arg);

	fprintf(out, "\t--%s", r->name);
	if (r->letter)
		fprintf(out, " | -%c", r->letter);
	fputs(")\n\t\t", out);
	if (kind == WORDS || kind == LIMITS) {
		fputs("_llm_spy_reply compgen -W '", out);
		print_words(out, r->arg);
		fputs("' -- \"$cur\"", out);
	} else {
		fputs(bash_words(kind), out);
	}
	fputs("\n\t\treturn\n\t\t;;\n", out);
}

static void bash_options(FILE *out, const struct subcommand *sub)
{
	if (sub)
		fprintf(out, "\t%s) words='", sub->name);
	else
		fputs("\t*) words='", out);
	for (size_t i = 0; i < rows_count; i++)
		if (is_of(&rows[i], sub))
			fprintf(out, " --%s", rows[i].name);
	fputs("' ;;\n", out);
}

static void print_bash(FILE *out)
{
	fputs("# llm-spy(8) in bash: the output of llm-spy --completions bash\n"
	      "_llm_spy_reply()\n"
	      "{\n"
	      "\tmapfile -t COMPREPLY < <(\"$@\")\n"
	      "}\n"
	      "\n"
	      "_llm_spy()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words i\n"
	      "\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	      "\t\tif declare -F _command_offset >/dev/null; then\n"
	      "\t\t\t_command_offset $((i + 1))\n"
	      "\t\telif ((COMP_CWORD == i + 1)); then\n"
	      "\t\t\t_llm_spy_reply compgen -c -- \"$cur\"\n"
	      "\t\telse\n"
	      "\t\t\tcompopt -o filenames\n"
	      "\t\t\t_llm_spy_reply compgen -f -- \"$cur\"\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tdone\n"
	      "\t# --format=jsonl comes as three words.\n"
	      "\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\t[[ $cur == = ]] && cur=\n"
	      "\tcase $prev in\n",
	      out);
	for (size_t i = 0; i < rows_count; i++)
		if (row_takes_argument(&rows[i]))
			bash_argument(out, &rows[i]);
	fputs("\tesac\n\tcase ${COMP_WORDS[1]} in\n", out);
	for (size_t i = 0; i < subcommands_count; i++)
		bash_options(out, &subcommands[i]);
	bash_options(out, NULL);
	fputs("\tesac\n\t((COMP_CWORD > 1)) || words+='", out);
	for (size_t i = 0; i < subcommands_count; i++)
		fprintf(out, " %s", subcommands[i].name);
	fputs("'\n"
	      "\t_llm_spy_reply compgen -W \"$words\" -- \"$cur\"\n"
	      "}\n"
	      "complete -F _llm_spy llm-spy\n",
	      out);
}

/* ---- zsh ---- */

static void zsh_argument(FILE *out, const struct row *r)
{
	static const char *const text[] = {
		[FILES] = "_files",    [DIRS] = "_files -/", [USERS] = "_users",
		[PROCESSES] = "_pids", [ANY] = " ",
	};
	enum kind kind = kind_of(r->arg);

	fprintf(out, ":%s:", r->arg);
	if (kind == WORDS || kind == LIMITS) {
		fputc('(', out);
		print_words(out, r->arg);
		fputc(')', out);
	} else {
		fputs(text[kind], out);
	}
}

/* '*--pid=[help]:PID:_pids', and the same with -p. */
static void zsh_option(FILE *out, const struct row *r, bool is_short)
{
	fputs("\t\t'*", out);
	if (is_short)
		fprintf(out, "-%c%s", r->letter, r->arg ? "+" : "");
	else
		fprintf(out, "--%s%s", r->name,
			row_takes_argument(r)	   ? "="
			: row_may_lack_argument(r) ? "=-"
						   : "");
	fputc('[', out);
	print_help(out, r->help, "'\\''", "[]:\\");
	fputc(']', out);
	if (row_takes_argument(r))
		zsh_argument(out, r);
	else if (row_may_lack_argument(r))
		fprintf(out, "::%.*s: ", (int)strcspn(r->arg + 2, "]"), r->arg + 2);
	fputs("'\n", out);
}

static void zsh_options(FILE *out, const struct subcommand *sub)
{
	fprintf(out, "\t%s)\n\t\toptions=(\n", sub ? sub->name : "*");
	for (size_t i = 0; i < rows_count; i++) {
		if (!is_of(&rows[i], sub))
			continue;
		if (rows[i].letter)
			zsh_option(out, &rows[i], true);
		zsh_option(out, &rows[i], false);
	}
	fprintf(out, "\t\t)\n%s\t\t;;\n",
		sub ? "\t\twords=($words[1] $words[3,-1])\n\t\t(( CURRENT-- ))\n" : "");
}

static void print_zsh(FILE *out)
{
	fputs("#compdef llm-spy\n"
	      "# llm-spy(8) in zsh: the output of llm-spy --completions zsh\n"
	      "local -a options subcommands\n"
	      "subcommands=(\n",
	      out);
	for (size_t i = 0; i < subcommands_count; i++) {
		fprintf(out, "\t'%s:", subcommands[i].name);
		print_help(out, subcommands[i].help, "'\\''", ":\\");
		fputs("'\n", out);
	}
	fputs(")\n"
	      "if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then\n"
	      "\t_describe subcommand subcommands\n"
	      "\treturn\n"
	      "fi\n"
	      "case $words[2] in\n",
	      out);
	for (size_t i = 0; i < subcommands_count; i++)
		zsh_options(out, &subcommands[i]);
	zsh_options(out, NULL);
	fputs("esac\n"
	      "_arguments -s -S : $options '*:::command:_normal'\n",
	      out);
}

/* ---- fish ---- */

static void fish_argument(FILE *out, const struct row *r)
{
	static const char *const text[] = {
		[FILES] = "-rF",
		[DIRS] = "-xa '(__fish_complete_directories)'",
		[USERS] = "-xa '(__fish_complete_users)'",
		[PROCESSES] = "-xa '(__fish_complete_pids)'",
		[ANY] = "-x",
	};
	enum kind kind = kind_of(r->arg);

	if (kind == WORDS || kind == LIMITS) {
		fputs(" -xa '", out);
		print_words(out, r->arg);
		fputc('\'', out);
	} else {
		fprintf(out, " %s", text[kind]);
	}
}

/* Whether it is to be offered, as a condition: without a subcommand, or with one that takes it. */
static void fish_condition(FILE *out, const struct row *r)
{
	fprintf(out, " -n '__llm_spy_takes%s", r->scope & OWN ? "" : " -");
	for (size_t i = 0; i < subcommands_count; i++)
		if (r->scope & subcommands[i].scope)
			fprintf(out, " %s", subcommands[i].name);
	fputc('\'', out);
}

static void fish_option(FILE *out, const struct row *r)
{
	fputs("complete -c llm-spy", out);
	fish_condition(out, r);
	if (r->letter)
		fprintf(out, " -s %c", r->letter);
	fprintf(out, " -l %s", r->name);
	if (row_takes_argument(r))
		fish_argument(out, r);
	fputs(" -d '", out);
	print_help(out, r->help, "\\'", "\\");
	fputs("'\n", out);
}

static void print_fish(FILE *out)
{
	fputs("# llm-spy(8) in fish: the output of llm-spy --completions fish\n"
	      "# The subcommand, or '-'.\n"
	      "function __llm_spy_subcommand\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tif contains -- \"$words[2]\"",
	      out);
	for (size_t i = 0; i < subcommands_count; i++)
		fprintf(out, " %s", subcommands[i].name);
	fputs("\n"
	      "\t\techo $words[2]\n"
	      "\telse\n"
	      "\t\techo -\n"
	      "\tend\n"
	      "end\n"
	      "function __llm_spy_takes\n"
	      "\tcontains -- (__llm_spy_subcommand) $argv\n"
	      "\tand not contains -- -- (commandline -opc)\n"
	      "end\n"
	      "function __llm_spy_command\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -l at (contains -i -- -- $words)\n"
	      "\tand complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..]) "
	      "(commandline -ct))\n"
	      "end\n"
	      "complete -c llm-spy -f\n"
	      "complete -c llm-spy -n 'contains -- -- (commandline -opc)' -a "
	      "'(__llm_spy_command)'\n",
	      out);
	for (size_t i = 0; i < subcommands_count; i++) {
		fprintf(out, "complete -c llm-spy -n '__fish_is_nth_token 1' -a %s -d '",
			subcommands[i].name);
		print_help(out, subcommands[i].help, "\\'", "\\");
		fputs("'\n", out);
	}
	for (size_t i = 0; i < rows_count; i++)
		if (!rows[i].is_section)
			fish_option(out, &rows[i]);
}

void options_completions(FILE *out, enum shell shell)
{
	static void (*const print[])(FILE *) = {
		[SHELL_BASH] = print_bash, [SHELL_ZSH] = print_zsh, [SHELL_FISH] = print_fish
	};

	print[shell](out);
}

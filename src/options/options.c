/* SPDX-License-Identifier: MIT */
/* The command line, read by getopt with tables made of the rows. */
#include "options/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xalloc.h"
#include "options/apply.h"
#include "options/check.h"
#include "options/config.h"
#include "options/read.h"
#include "options/table.h"

/* getopt's code of a row: its number, past any letter. */
#define CODE_FIRST 256

struct given_option {
	const struct row *row;
	const char *arg;
};

struct parser {
	struct options *o;
	int argc;
	char **argv;
	const struct subcommand *sub; /* NULL: none */
	struct option *longs;
	char *shorts;
	struct given_option *options; /* as they were given */
	size_t count;
	bool *given; /* by row */
};

/* ---- getopt's tables ---- */

static int has_argument(const struct row *r)
{
	return row_takes_argument(r)	  ? required_argument
	       : row_may_lack_argument(r) ? optional_argument
					  : no_argument;
}

static void make_tables(struct parser *p)
{
	size_t n = 0, at = 0;

	p->longs = xcalloc(rows_count + 1, sizeof(*p->longs));
	p->shorts = xcalloc(rows_count + 2, 2);
	p->given = xcalloc(rows_count, sizeof(*p->given));
	/* The first word that is no option ends them, but for a subcommand's own words. */
	if (!p->sub || !*p->sub->operands)
		p->shorts[at++] = '+';
	p->shorts[at++] = ':';
	for (size_t i = 0; i < rows_count; i++) {
		const struct row *r = &rows[i];

		if (r->is_section)
			continue;
		p->longs[n++] = (struct option){ .name = r->name,
						 .has_arg = has_argument(r),
						 .val = CODE_FIRST + (int)i };
		if (r->letter)
			p->shorts[at++] = r->letter;
		if (r->letter && r->arg)
			p->shorts[at++] = ':';
	}
}

static const struct row *row_of(int code)
{
	for (size_t i = 0; i < rows_count; i++)
		if (!rows[i].is_section && (code == CODE_FIRST + (int)i || code == rows[i].letter))
			return &rows[i];
	return NULL;
}

/* ---- one option ---- */

int option_apply(struct options *o, const struct row *r, const char *arg, struct error *reterr)
{
	const struct setter *s = &r->set;
	void *member = (char *)o + s->at;

	switch (s->how) {
	case SET_BOOL:
		*(bool *)member = true;
		return 0;
	case SET_TEXT:
		*(const char **)member = arg;
		return 0;
	case SET_NAMES:
		names_add(member, arg);
		return 0;
	case SET_SIZE:
		return size_parse(arg, member) == 0
			       ? 0
			       : error_set(reterr, -EINVAL,
					   "a size is a number from 1 with or without K, M or G, "
					   "e.g. 64M");
	case SET_CHOICE: /* an enum, which gcc and clang make as wide as an int */
		memcpy(member, &s->value, sizeof(s->value));
		return 0;
	case SET_FN:
		return s->fn(o, arg, reterr);
	}
	return -EINVAL;
}

/* The first subcommand that takes it. */
static const char *owner_of(const struct row *r)
{
	for (size_t i = 0; i < subcommands_count; i++)
		if (subcommands[i].scope & r->scope)
			return subcommands[i].name;
	return "help";
}

static int take(struct parser *p, const struct row *r, const char *arg, struct error *reterr)
{
	if (p->sub && !(r->scope & p->sub->scope))
		return error_set(reterr, -EINVAL, "llm-spy %s does not take --%s", p->sub->name,
				 r->name);
	if (!p->sub && r->scope & OWN)
		return error_set(reterr, -EINVAL, "--%s is an option of subcommands: llm-spy %s",
				 r->name, owner_of(r));
	p->given[r - rows] = true;
	p->options = xgrow(p->options, p->count, sizeof(*p->options));
	p->options[p->count++] = (struct given_option){ r, arg };
	return 0;
}

static int apply_given(const struct parser *p, struct error *reterr)
{
	struct error e = { 0 };
	int err = 0;

	for (size_t i = 0; i < p->count && !err; i++) {
		const struct row *r = p->options[i].row;
		const char *arg = p->options[i].arg;

		err = option_apply(p->o, r, arg, &e);
		if (err)
			error_set(reterr, err, "--%s%s%.100s: %s", r->name,
				  row_may_lack_argument(r) ? "=" : " ", arg ? arg : "", e.text);
	}
	return err;
}

/* ---- configuration files ---- */

/* The last argument of that option, "" for one without; NULL: it was not given. */
static const char *given_argument(const struct parser *p, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->options[i].row->name, name) == 0)
			found = p->options[i].arg ? p->options[i].arg : "";
	return found;
}

/* What says something about this program, or shows a made-up call. */
static bool needs_no_config(const struct parser *p)
{
	static const char *const names[] = { "no-config", "help",	 "help-all",
					     "version",	  "completions", "demo" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (given_argument(p, names[i]))
			return true;
	return p->sub && (p->sub->action == ACTION_HELP || p->sub->action == ACTION_CONFIG ||
			  p->sub->action == ACTION_CA);
}

static int apply_entry(struct options *o, const struct config_entry *e, struct error *reterr)
{
	AUTO_FREE char *place = config_place(o->config, e);
	struct error why = { 0 };
	int err = option_apply(o, e->row, e->value, &why);

	return err ? error_set(reterr, err, "%s: %s: %s", place, e->row->name, why.text) : 0;
}

static int apply_config(const struct parser *p, struct error *reterr)
{
	struct config_run run = { .sub = p->sub,
				  .replay = given_argument(p, "replay"),
				  .proxy = given_argument(p, "proxy"),
				  .record = given_argument(p, "record") &&
					    !given_argument(p, "output") };
	struct config *c = xcalloc(1, sizeof(*c));
	int err = config_load(c, given_argument(p, "config"),
			      p->sub && p->sub->action == ACTION_DAEMON, reterr);

	p->o->config = c;
	if (!err)
		config_say_barred(c);
	for (size_t i = 0; i < c->count && !err; i++)
		if (config_counts(c, &c->entries[i], &run, p->given))
			err = apply_entry(p->o, &c->entries[i], reterr);
	return err;
}

/* ---- what getopt does not take ---- */

/* All options that an abbreviation may stand for: "--pid, --plain". */
static int refuse_ambiguous(const char *word, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct buf names;
	size_t n = 0;

	buf_init(&names, 200);
	for (size_t i = 0; i < rows_count; i++)
		if (!rows[i].is_section && strncmp(rows[i].name, word, strlen(word)) == 0 &&
		    buf_addf(&names, "%s--%s", n ? ", " : "", rows[i].name) == 0)
			n++;
	text = buf_take(&names);
	return n < 2 ? 0 : error_set(reterr, -EINVAL, "--%.60s could be one of %s", word, text);
}

static int refuse_long(const char *option, struct error *reterr)
{
	AUTO_FREE char *word = xstrndup(option + 2, strcspn(option + 2, "="));
	struct nearest n;

	if (refuse_ambiguous(word, reterr) != 0)
		return -EINVAL;
	nearest_init(&n, word);
	for (size_t i = 0; i < rows_count; i++)
		if (!rows[i].is_section)
			nearest_try(&n, rows[i].name);
	if (n.best)
		return error_set(reterr, -EINVAL, "unknown option --%.60s. Did you mean --%s?",
				 word, n.best);
	return error_set(reterr, -EINVAL, "unknown option --%.60s; llm-spy --help-all lists them",
			 word);
}

static int refuse_option(const struct parser *p, struct error *reterr)
{
	const char *option = p->argv[optind - 1];
	const struct row *r = optopt ? row_of(optopt) : NULL;

	if (r && !r->arg)
		return error_set(reterr, -EINVAL, "--%s takes no argument", r->name);
	if (optopt)
		return error_set(reterr, -EINVAL,
				 "unknown option -%c; llm-spy --help-all lists them", optopt);
	return refuse_long(option, reterr);
}

static int refuse_lack(struct error *reterr)
{
	const struct row *r = row_of(optopt);

	return error_set(reterr, -EINVAL, "--%s needs an argument: %s", r->name, r->arg);
}

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

/* A word that stands where nothing is expected: a command without "--", a mistyped subcommand, the
 * process or the port that an option should have. */
static int refuse_word(const struct parser *p, const char *word, struct error *reterr)
{
	struct nearest n;

	if (p->sub)
		return error_set(reterr, -EINVAL, "llm-spy %s does not take '%.60s'", p->sub->name,
				 word);
	if (subcommand_find(word))
		return error_set(reterr, -EINVAL,
				 "the subcommand comes first: llm-spy %s [OPTION]...", word);
	if (is_number(word))
		return error_set(reterr, -EINVAL,
				 "unexpected argument '%.20s'. A process: llm-spy -p %.20s; a port "
				 "without TLS: llm-spy --plain=%.20s",
				 word, word, word);
	nearest_init(&n, word);
	for (size_t i = 0; i < subcommands_count; i++)
		nearest_try(&n, subcommands[i].name);
	if (n.best)
		return error_set(reterr, -EINVAL, "unknown subcommand '%.60s'. Did you mean '%s'?",
				 word, n.best);
	return 0;
}

/* The command with its arguments, as far as they fit. */
static int refuse_command(char **words, struct error *reterr)
{
	AUTO_FREE char *text = NULL;
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; words[i]; i++)
		buf_addf(&b, "%s%s", i ? " " : "", words[i]);
	text = buf_take(&b);
	return error_set(
		reterr, -EINVAL,
		"unexpected argument '%.60s'. To run and trace a command: llm-spy -- %.150s%s",
		words[0], text, strlen(text) > 150 ? "..." : "");
}

/* ---- the whole line ---- */

static int read_options(struct parser *p, struct error *reterr)
{
	int code, err = 0;

	opterr = 0;
	optind = p->sub ? 2 : 1;
	optopt = 0;
	while (!err && (code = getopt_long(p->argc, p->argv, p->shorts, p->longs, NULL)) != -1) {
		if (code == ':')
			err = refuse_lack(reterr);
		else if (code == '?')
			err = refuse_option(p, reterr);
		else
			err = take(p, row_of(code), optarg, reterr);
		optopt = 0;
	}
	return err;
}

/* The words of a subcommand. */
static int read_operands(struct parser *p, struct error *reterr)
{
	unsigned least, most = subcommand_operands(p->sub, &least);
	unsigned have = (unsigned)(p->argc - optind);

	if (p->sub->scope & TOPS && optind > 2 && strcmp(p->argv[optind - 1], "--") == 0) {
		p->o->command = p->argv + optind;
		return p->argv[optind] ? 0 : error_set(reterr, -EINVAL, "no command after --");
	}
	p->o->operands = p->argv + optind;
	if (have < least)
		return error_set(reterr, -EINVAL, "%s needs %s: llm-spy %s %s", p->sub->name,
				 p->sub->operands, p->sub->name, p->sub->operands);
	return have > most ? refuse_word(p, p->argv[optind + (int)most], reterr) : 0;
}

static int read_command(struct parser *p, struct error *reterr)
{
	char **rest = p->argv + optind;
	bool behind = optind > 1 && strcmp(rest[-1], "--") == 0;
	int err;

	/* As from a script whose variable is empty: not the same as to trace everything. */
	if (!*rest)
		return behind && !p->sub ? error_set(reterr, -EINVAL, "no command after --") : 0;
	if (behind && !p->sub) {
		p->o->command = rest;
		return 0;
	}
	err = refuse_word(p, *rest, reterr);
	return err ? err : refuse_command(rest, reterr);
}

/* Who begins a command by llm-spy wants to see all of it: on a busy host, where the probes that it
 * needs were never compiled, that took 7 s (Codex, load 14). Others did not ask to be held. */
#define HOLD_COMMAND_NS 30000000000ull
#define HOLD_OTHERS_NS	3000000000ull
#define HOLD_NOT_SAID	UINT64_MAX

/* Text for people, whole records for an export, an archive for the daemon. */
static const struct sink_ops *first_format(const struct subcommand *sub)
{
	if (sub && sub->action == ACTION_EXPORT)
		return sink_find(SPAN_LIT("jsonl"));
	if (sub && sub->action == ACTION_DAEMON)
		return sink_find(SPAN_LIT("sqlite"));
	return sinks[0];
}

void options_init(struct options *o, const struct subcommand *sub)
{
	*o = (struct options){ .action = sub ? sub->action : ACTION_TRACE,
			       .format = first_format(sub),
			       .kernel_headers = "auto",
			       .call_limit = 64 << 20,
			       .hold_ns = HOLD_NOT_SAID,
			       .table_rows = 50 };
	limits_init(&o->limits);
}

static bool asks_help(const struct parser *p)
{
	return given_argument(p, "help") || given_argument(p, "help-all");
}

int options_parse(struct options *o, int argc, char **argv, struct error *reterr)
{
	struct parser p = { .o = o,
			    .argc = argc,
			    .argv = argv,
			    .sub = argc > 1 ? subcommand_find(argv[1]) : NULL };
	int err;

	options_init(o, p.sub);
	o->argv = argv;
	make_tables(&p);
	err = read_options(&p, reterr);
	if (!err && !needs_no_config(&p))
		err = apply_config(&p, reterr);
	if (!err)
		err = apply_given(&p, reterr);
	if (!err && !asks_help(&p))
		err = p.sub && (options_view(o) || *p.sub->operands) ? read_operands(&p, reterr)
								     : read_command(&p, reterr);
	if (o->hold_ns == HOLD_NOT_SAID)
		o->hold_ns = o->command ? HOLD_COMMAND_NS : HOLD_OTHERS_NS;
	for (size_t i = 0; i < rows_count; i++)
		o->traces |= p.given[i] && rows[i].scope & LIVE;
	if (!err && options_view(o))
		err = options_select_processes(o, reterr);
	if (!err)
		err = options_check(o, p.given, reterr);
	free(p.longs);
	free(p.shorts);
	free(p.given);
	free(p.options);
	return err;
}

bool options_view(const struct options *o)
{
	return o->action >= ACTION_LOG;
}

struct output_defaults options_output(const struct options *o)
{
	return (struct output_defaults){
		.mode = o->mode,
		.selection = &o->select,
		.color = o->color,
		.full = o->full,
		.bodies = o->bodies,
		.events = o->events,
		.force = o->force,
		.follow = o->follow,
		.lines = o->lines,
		.redact = o->redact.items,
		.nredact = o->redact.count,
		.command = o->command != NULL,
	};
}

static void own_names_done(struct own_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
}

void options_done(struct options *o)
{
	select_done(&o->select);
	for (size_t i = 0; i < o->filter.nusers; i++)
		free((char *)o->users[i].name);
	free(o->users);
	free(o->pids);
	free(o->plain);
	own_names_done(&o->processes);
	own_names_done(&o->containers);
	own_names_done(&o->units);
	own_names_done(&o->cgroup_paths);
	free(o->cgroups.items);
	free(o->libssl.items);
	free(o->outputs.items);
	free(o->redact.items);
	if (o->alert)
		rules_done(o->alert);
	free(o->alert);
	free(o->metrics);
	free(o->web);
	named_hosts_done(&o->named);
	if (o->config)
		config_done(o->config);
	free(o->config);
}

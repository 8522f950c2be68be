/* SPDX-License-Identifier: MIT */
#include "options/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "capture/ports.h"

static void add_name(struct names *n, const char *name)
{
	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	n->items[n->count++] = name;
}

/* Index of `word` in a NULL-terminated list, or -1. */
static int one_of(const char *word, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	return -1;
}

static int read_number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return text[0] < '0' || text[0] > '9' || *end || errno || *ret > max ? -EINVAL : 0;
}

static int read_pid(struct options *o, const char *arg)
{
	unsigned long n;

	if (read_number(arg, INT_MAX, &n) || n == 0)
		return -EINVAL;
	o->pids = xgrow(o->pids, o->filter.npids, sizeof(*o->pids));
	o->pids[o->filter.npids++] = (pid_t)n;
	o->filter.pids = o->pids;
	return 0;
}

static int read_uid(struct options *o, const char *arg)
{
	unsigned long n = 0;
	const struct passwd *pw = NULL;

	if (read_number(arg, UINT32_MAX, &n) != 0) {
		pw = getpwnam(arg);
		if (!pw)
			return -EINVAL;
		n = pw->pw_uid;
	}
	o->filter.has_uid = true;
	o->filter.uid = (uint32_t)n;
	return 0;
}

static int read_choice(const char *arg, const char *const *list, unsigned *ret)
{
	int at = one_of(arg, list);

	if (at < 0)
		return -EINVAL;
	*ret = (unsigned)at;
	return 0;
}

static int read_ports(struct options *o, const char *arg)
{
	struct buf text;
	int err;

	buf_init(&text, 16 << 10);
	err = ports_expression(arg, &text, &o->plain_near);
	free(o->plain);
	o->plain = buf_take(&text);
	return err;
}

static int read_process(struct options *o, const char *arg)
{
	add_name(&o->processes, arg);
	o->filter.names = o->processes.items;
	o->filter.nnames = o->processes.count;
	return 0;
}

/* As the kernel compares it: 15 characters, and no character that ends a constant in C. */
static int read_comm(struct options *o, const char *arg)
{
	o->comm = arg;
	return strlen(arg) > 15 || strpbrk(arg, "'\"\\\n") ? -EINVAL : 0;
}

static int read_format(struct options *o, const char *arg)
{
	o->format = sink_find(span_str(arg));
	o->format_given = true;
	return o->format ? 0 : -EINVAL;
}

static int read_verbose(struct options *o, const char *arg)
{
	o->format = &sink_verbose;
	o->format_given = true;
	return 0;
}

static int read_lines(struct options *o, const char *arg)
{
	unsigned long n;

	if (read_number(arg, SINK_LINES_MAX, &n) || n == 0)
		return -EINVAL;
	o->lines = (unsigned)n;
	return 0;
}

static int read_color(struct options *o, const char *arg)
{
	static const char *const colors[] = { "auto", "always", "never", NULL };
	unsigned choice = 0;
	int err = read_choice(arg, colors, &choice);

	o->color = (enum color_when)choice;
	return err;
}

static int read_buffer(struct options *o, const char *arg)
{
	static const char *const buffers[] = { "auto", "ring", "perf", NULL };
	unsigned choice = 0;
	int err = read_choice(arg, buffers, &choice);

	o->buffer = (enum buffer_kind)choice;
	return err;
}

static int read_replay(struct options *o, const char *arg)
{
	o->replay = arg;
	o->action = ACTION_REPLAY;
	return 0;
}

static int read_limit(struct options *o, const char *arg)
{
	return limits_set(&o->limits, arg);
}

/* How an option's argument gets into struct options. */
enum how { SET_BOOL, SET_TEXT, SET_NAMES, SET_SIZE, SET_CHOICE, SET_FN };

struct setter {
	enum how how;
	size_t at; /* of the member */
	int value; /* SET_CHOICE */
	int (*fn)(struct options *o, const char *arg);
};

enum scope { LIVE = 1, NO_DEMO = 2, TARGETS = 4, DOCTOR = 8 };

static const struct row {
	bool is_section;
	const char *name;
	char letter;
	const char *arg, *help;
	struct setter set;
	unsigned scope;
} rows[] = {
#define BOOL(member)                                                                               \
	{                                                                                          \
		.how = SET_BOOL, .at = offsetof(struct options, member)                            \
	}
#define TEXT(member)                                                                               \
	{                                                                                          \
		.how = SET_TEXT, .at = offsetof(struct options, member)                            \
	}
#define NAMES(member)                                                                              \
	{                                                                                          \
		.how = SET_NAMES, .at = offsetof(struct options, member)                           \
	}
#define SIZE(member)                                                                               \
	{                                                                                          \
		.how = SET_SIZE, .at = offsetof(struct options, member)                            \
	}
#define CHOICE(member, value_)                                                                     \
	{                                                                                          \
		.how = SET_CHOICE, .at = offsetof(struct options, member), .value = value_         \
	}
#define FN(reader)                                                                                 \
	{                                                                                          \
		.how = SET_FN, .fn = reader                                                        \
	}
#define SECTION(title) { .is_section = true, .name = title },
#define OPTION(name_, letter_, arg_, set_, scope_, help_)                                          \
	{ .name = name_,                                                                           \
	  .letter = letter_,                                                                       \
	  .arg = arg_,                                                                             \
	  .help = help_,                                                                           \
	  .set = set_,                                                                             \
	  .scope = scope_ },
#include "options/options.def"
#undef SECTION
#undef OPTION
};
#define ROWS (sizeof(rows) / sizeof(*rows))
/* getopt's code of a row: its number, past any letter. */
#define CODE_FIRST 256

void options_help(FILE *out)
{
	fputs("Usage: llm-spy [OPTION]...\n"
	      "       llm-spy [OPTION]... -- COMMAND [ARGUMENT]...\n"
	      "       llm-spy targets [--format FORMAT] [--pid PID]...\n"
	      "       llm-spy doctor\n"
	      "Show in plaintext every call that programs on this host make to language\n"
	      "models. With COMMAND: run it as the user who called sudo, and trace it and its\n"
	      "children. targets: list the processes that can be captured, and why others\n"
	      "cannot. doctor: check whether this host can trace.\n",
	      out);
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		char left[64];

		if (r->is_section) {
			fprintf(out, "\n%s:\n", r->name);
			continue;
		}
		snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", r->letter ? '-' : ' ',
			 r->letter ? r->letter : ' ', r->letter ? ", " : "  ", r->name,
			 r->arg && *r->arg != '[' ? " " : "", r->arg ? r->arg : "");
		if (strlen(left) > 24)
			fprintf(out, "%s\n", left);
		for (const char *line = r->help; line; line = strchr(line, '\n')) {
			line += *line == '\n';
			fprintf(out, "%-25s %.*s\n",
				line == r->help && strlen(left) <= 24 ? left : "",
				(int)strcspn(line, "\n"), line);
		}
	}
	fputs("\nExit status: 0 success; 1 failed while running; 2 wrong usage; 3 tracing could\n"
	      "not start; 4 see --strict; with COMMAND: the command's own. See llm-spy(8).\n",
	      out);
}

static int apply(struct options *o, const struct setter *s, const char *arg)
{
	void *member = (char *)o + s->at;

	switch (s->how) {
	case SET_BOOL:
		*(bool *)member = true;
		return 0;
	case SET_TEXT:
		*(const char **)member = arg;
		return 0;
	case SET_NAMES:
		add_name(member, arg);
		return 0;
	case SET_SIZE:
		return size_parse(arg, member);
	case SET_CHOICE: /* an enum, which gcc and clang make as wide as an int */
		memcpy(member, &s->value, sizeof(s->value));
		return 0;
	case SET_FN:
		return s->fn(o, arg);
	}
	return -EINVAL;
}

static const struct row *row_of(int code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (!rows[i].is_section && (code == CODE_FIRST + (int)i || code == rows[i].letter))
			return &rows[i];
	return NULL;
}

static int has_argument(const struct row *r)
{
	return !r->arg ? no_argument : *r->arg == '[' ? optional_argument : required_argument;
}

/* getopt's two forms of the table; `longs` has room for all rows and an end. */
static void getopt_tables(struct option *longs, char *shorts, size_t size)
{
	size_t n = 0, at = 0;

	shorts[at++] = '+'; /* the first word that is no option ends them */
	shorts[at++] = ':';
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->is_section)
			continue;
		longs[n++] = (struct option){ .name = r->name,
					      .has_arg = has_argument(r),
					      .val = CODE_FIRST + (int)i };
		if (r->letter && at + 2 < size) {
			shorts[at++] = r->letter;
			if (r->arg)
				shorts[at++] = ':';
		}
	}
	longs[n] = (struct option){ 0 };
	shorts[at] = '\0';
}

/* What contradicts what. `live`, `no_demo`: the first option given of that scope, or NULL. */
static int check(const struct options *o, const struct row *live, const struct row *no_demo,
		 struct error *reterr)
{
	if (o->command && o->action != ACTION_TRACE)
		return error_set(reterr, -EINVAL,
				 "COMMAND cannot be combined with --replay or --demo");
	if (o->record && o->action != ACTION_TRACE)
		return error_set(reterr, -EINVAL,
				 "--record cannot be combined with --replay or --demo");
	if (o->record && strcmp(o->record, "-") == 0 && !o->outputs.count)
		return error_set(reterr, -EINVAL,
				 "--record=- needs --output: both would write to standard output");
	if (live && o->action == ACTION_REPLAY)
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --replay",
				 live->name);
	if (no_demo && o->action == ACTION_DEMO)
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --demo",
				 no_demo->name);
	if (o->command && o->filter.npids)
		return error_set(reterr, -EINVAL, "COMMAND cannot be combined with --pid");
	return 0;
}

/* A subcommand stands first. It takes few of the options. */
static const struct subcommand {
	const char *name;
	enum action action;
	enum scope scope;
} subcommands[] = {
	{ "targets", ACTION_TARGETS, TARGETS },
	{ "doctor", ACTION_DOCTOR, DOCTOR },
};

static const struct subcommand *subcommand_of(const char *word)
{
	for (size_t i = 0; word && i < sizeof(subcommands) / sizeof(*subcommands); i++)
		if (strcmp(subcommands[i].name, word) == 0)
			return &subcommands[i];
	return NULL;
}

int options_parse(struct options *o, int argc, char **argv, struct error *reterr)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 3];
	const struct subcommand *sub = subcommand_of(argv[1]);
	const struct row *live = NULL, *no_demo = NULL;
	int code;

	*o = (struct options){ .format = sinks[0],
			       .kernel_headers = "auto",
			       .call_limit = 2 << 20 };
	limits_init(&o->limits);
	getopt_tables(longs, shorts, sizeof(shorts));
	opterr = 0;
	optind = sub ? 2 : 1;
	if (sub)
		o->action = sub->action;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct row *r = code == '?' || code == ':' ? NULL : row_of(code);

		if (code == ':')
			return error_set(reterr, -EINVAL, "%s needs an argument", argv[optind - 1]);
		if (!r)
			return error_set(reterr, -EINVAL, "unknown option %s; see llm-spy --help",
					 argv[optind - 1]);
		if (sub && !(r->scope & sub->scope))
			return error_set(reterr, -EINVAL, "llm-spy %s does not take --%s",
					 sub->name, r->name);
		if (apply(o, &r->set, optarg) != 0)
			return error_set(reterr, -EINVAL,
					 "--%s %s: not a valid %s; see llm-spy --help", r->name,
					 optarg, r->arg[0] == '[' ? "PORTS" : r->arg);
		live = live || !(r->scope & LIVE) ? live : r;
		no_demo = no_demo || !(r->scope & NO_DEMO) ? no_demo : r;
	}
	if (optind < argc && sub)
		return error_set(reterr, -EINVAL, "llm-spy %s does not take %s", sub->name,
				 argv[optind]);
	if (optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return error_set(reterr, -EINVAL,
				 "unexpected argument '%s' (a command goes after --, subcommands "
				 "come first, ports go in --plain=PORTS)",
				 argv[optind]);
	/* As from a script whose variable is empty: not the same as to trace everything. */
	if (optind == argc && argc > 1 && strcmp(argv[argc - 1], "--") == 0)
		return error_set(reterr, -EINVAL, "no command given after --");
	if (optind < argc)
		o->command = argv + optind;
	return check(o, live, no_demo, reterr);
}

struct output_defaults options_output(const struct options *o)
{
	return (struct output_defaults){
		.mode = o->mode,
		.color = o->color,
		.full = o->full,
		.bodies = o->bodies,
		.force = o->force,
		.follow = o->follow,
		.lines = o->lines,
		.command = o->command != NULL,
	};
}

void options_done(struct options *o)
{
	free(o->pids);
	free(o->plain);
	free(o->processes.items);
	free(o->libssl.items);
	free(o->outputs.items);
}

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

enum option_id {
	OPT_NONE = 255, /* past any short letter */
#define SECTION(title)
#define OPTION(id, name, letter, arg, help) OPT_##id,
#include "options/options.def"
#undef SECTION
#undef OPTION
};

static const struct row {
	enum option_id id; /* OPT_NONE: a section */
	const char *name;
	char letter;
	const char *arg, *help;
} rows[] = {
#define SECTION(title) { .id = OPT_NONE, .name = title },
#define OPTION(id_, name_, letter_, arg_, help_)                                                   \
	{ .id = OPT_##id_, .name = name_, .letter = letter_, .arg = arg_, .help = help_ },
#include "options/options.def"
#undef SECTION
#undef OPTION
};
#define ROWS (sizeof(rows) / sizeof(*rows))

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

		if (r->id == OPT_NONE) {
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

static int apply(struct options *o, enum option_id id, const char *arg)
{
	static const char *const buffers[] = { "auto", "ring", "perf", NULL };
	static const char *const colors[] = { "auto", "always", "never", NULL };
	unsigned choice = 0;
	int err = 0;

	switch (id) {
	case OPT_PID:
		return read_pid(o, arg);
	case OPT_PROCESS:
		add_name(&o->processes, arg);
		o->filter.names = o->processes.items;
		o->filter.nnames = o->processes.count;
		return 0;
	case OPT_UID:
		return read_uid(o, arg);
	case OPT_COMM:
		o->comm = arg;
		return strlen(arg) > 15 || strpbrk(arg, "'\"\\\n") ? -EINVAL : 0;
	case OPT_CGROUP:
		o->cgroup = arg;
		return 0;
	case OPT_LIBSSL:
		add_name(&o->libssl, arg);
		return 0;
	case OPT_PLAIN:
		return read_ports(o, arg);
	case OPT_NO_PEER:
		o->no_peer = true;
		return 0;
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_LLM_ONLY:
		o->mode = SHOW_LLM_ONLY;
		return 0;
	case OPT_ALL:
		o->mode = SHOW_ALL;
		return 0;
	case OPT_RAW:
		o->mode = SHOW_RAW;
		return 0;
	case OPT_FORMAT:
		o->format = sink_find(span_str(arg));
		return o->format ? 0 : -EINVAL;
	case OPT_BODIES:
		o->bodies = true;
		return 0;
	case OPT_PRICES:
		o->prices = arg;
		return 0;
	case OPT_FULL:
		o->full = true;
		return 0;
	case OPT_OUTPUT:
		add_name(&o->outputs, arg);
		return 0;
	case OPT_COLOR:
		err = read_choice(arg, colors, &choice);
		o->color = (enum color_when)choice;
		return err;
	case OPT_RECORD:
		o->record = arg;
		return 0;
	case OPT_REPLAY:
		o->replay = arg;
		o->action = ACTION_REPLAY;
		return 0;
	case OPT_BUFFER:
		err = read_choice(arg, buffers, &choice);
		o->buffer = (enum buffer_kind)choice;
		return err;
	case OPT_BUFFER_SIZE:
		return size_parse(arg, &o->buffer_size);
	case OPT_CALL_LIMIT:
		return size_parse(arg, &o->call_limit);
	case OPT_LIMIT:
		return limits_set(&o->limits, arg);
	case OPT_HEADERS:
		o->kernel_headers = arg;
		return 0;
	case OPT_DEMO:
		o->action = ACTION_DEMO;
		return 0;
	case OPT_DEBUG:
		o->debug = true;
		return 0;
	case OPT_HELP:
		o->action = ACTION_HELP;
		return 0;
	case OPT_VERSION:
		o->action = ACTION_VERSION;
		return 0;
	case OPT_NONE:
		break;
	}
	return -EINVAL;
}

static const struct row *row_of(int code)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].id != OPT_NONE && (code == (int)rows[i].id || code == rows[i].letter))
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

		if (r->id == OPT_NONE)
			continue;
		longs[n++] = (struct option){ .name = r->name,
					      .has_arg = has_argument(r),
					      .val = (int)r->id };
		if (r->letter && at + 2 < size) {
			shorts[at++] = r->letter;
			if (r->arg)
				shorts[at++] = ':';
		}
	}
	longs[n] = (struct option){ 0 };
	shorts[at] = '\0';
}

/* Options that say nothing of a recording. */
static const enum option_id live_only[] = {
	OPT_COMM,   OPT_CGROUP, OPT_LIBSSL,	 OPT_PLAIN,	 OPT_NO_PEER,
	OPT_STRICT, OPT_BUFFER, OPT_BUFFER_SIZE, OPT_CALL_LIMIT, OPT_HEADERS,
};

/* What contradicts what. `live`: the first option given that is one of live_only, or NULL. */
static int check(const struct options *o, const struct row *live, struct error *reterr)
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
	if ((o->plain || o->strict) && o->action == ACTION_DEMO)
		return error_set(reterr, -EINVAL, "--%s cannot be combined with --demo",
				 o->plain ? "plain" : "strict");
	if (o->command && o->filter.npids)
		return error_set(reterr, -EINVAL, "COMMAND cannot be combined with --pid");
	return 0;
}

/* A subcommand stands first. It takes few of the options. */
static const struct subcommand {
	const char *name;
	enum action action;
	enum option_id takes[6]; /* ends with OPT_NONE */
} subcommands[] = {
	{ "targets",
	  ACTION_TARGETS,
	  { OPT_FORMAT, OPT_PID, OPT_LIMIT, OPT_DEBUG, OPT_HELP, OPT_NONE } },
	{ "doctor", ACTION_DOCTOR, { OPT_DEBUG, OPT_HELP, OPT_NONE } },
};

static const struct subcommand *subcommand_of(const char *word)
{
	for (size_t i = 0; word && i < sizeof(subcommands) / sizeof(*subcommands); i++)
		if (strcmp(subcommands[i].name, word) == 0)
			return &subcommands[i];
	return NULL;
}

static bool takes(const struct subcommand *s, enum option_id id)
{
	size_t i = 0;

	while (s && s->takes[i] != OPT_NONE && s->takes[i] != id)
		i++;
	return !s || s->takes[i] == id;
}

int options_parse(struct options *o, int argc, char **argv, struct error *reterr)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 3];
	const struct subcommand *sub = subcommand_of(argv[1]);
	const struct row *live = NULL;
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
		if (!takes(sub, r->id))
			return error_set(reterr, -EINVAL, "llm-spy %s does not take --%s",
					 sub->name, r->name);
		if (apply(o, r->id, optarg) != 0)
			return error_set(reterr, -EINVAL,
					 "--%s %s: not a valid %s; see llm-spy --help", r->name,
					 optarg, r->arg[0] == '[' ? "PORTS" : r->arg);
		for (size_t i = 0; i < sizeof(live_only) / sizeof(*live_only) && !live; i++)
			if (live_only[i] == r->id)
				live = r;
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
	return check(o, live, reterr);
}

struct output_defaults options_output(const struct options *o)
{
	return (struct output_defaults){
		.mode = o->mode, .color = o->color, .full = o->full, .bodies = o->bodies
	};
}

void options_done(struct options *o)
{
	free(o->pids);
	free(o->plain);
	free(o->processes.items);
	free(o->libssl.items);
}

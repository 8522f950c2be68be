/* SPDX-License-Identifier: MIT */
#include "run/destination.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "options/options.h"

#define NAME_MAX_SHOWN 32
/* Logs of one second; more of one command are no accident. */
#define TRIES 100

/* ---- the log ---- */

/* The command's name as a part of a file name. */
static char *plain_name(const char *program)
{
	const char *slash = strrchr(program, '/');
	char *name = xstrndup(slash ? slash + 1 : program,
			      strnlen(slash ? slash + 1 : program, NAME_MAX_SHOWN));

	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._+-", *at))
			*at = '_';
	return name;
}

/* What shows calls while they are under way does it for people. */
static bool is_text(const struct sink_ops *format)
{
	return format->wants & SINK_DELTAS;
}

/* llm-spy-1129-142703-claude.log */
static char *log_name(const struct options *o, unsigned try)
{
	AUTO_FREE char *name = plain_name(o->command[0]);
	char when[32], number[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%m%d-%H%M%S", &tm);
	if (try)
		snprintf(number, sizeof(number), "-%u", try + 1);
	return xasprintf("llm-spy-%s-%s%s.%s", when, name, number,
			 is_text(o->format) ? "log" : o->format->name);
}

/* A new file for the caller, whom the directory has to let. */
static int make_log_in(struct destination *d, const struct options *o, const char *dir)
{
	int fd = -EEXIST;

	for (unsigned try = 0; fd == -EEXIST && try < TRIES; try++) {
		AUTO_FREE char *name = log_name(o, try);

		free(d->log);
		d->log = xasprintf("%s/%s", dir, name);
		fd = file_create_as_caller(AT_FDCWD, d->log);
	}
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static const char *home(void)
{
	struct caller c;
	const struct passwd *pw = getpwuid(caller_find(&c) ? c.uid : geteuid());

	return pw && pw->pw_dir[0] == '/' ? pw->pw_dir : "/tmp";
}

static int make_log(struct destination *d, const struct options *o, struct error *reterr)
{
	const char *others[] = { home(), "/tmp" };
	int err = make_log_in(d, o, "."), first = err;

	for (size_t i = 0; err && i < sizeof(others) / sizeof(*others); i++)
		err = make_log_in(d, o, others[i]);
	if (err)
		return error_set(reterr, err,
				 "cannot write a log here (%s): name a file with -o FILE, or - for "
				 "the terminal",
				 strerror(-first));
	if (first)
		log_say("cannot write a log in this directory (%s): it goes to %s",
			strerror(-first), d->log);
	d->one = d->log;
	return 0;
}

void destination_drop_log(struct destination *d)
{
	struct caller_rights rights;

	if (!d->log)
		return;
	caller_rights_take(&rights);
	unlink(d->log);
	caller_rights_give_back(&rights);
	free(d->log);
	d->log = NULL;
}

void destination_done(struct destination *d)
{
	free(d->log);
	d->log = NULL;
}

/* ---- the choice ---- */

/* -o -, -o text, -o jsonl,... */
static bool is_stdout(const char *output)
{
	size_t name = strcspn(output, ":,");
	const char *target = output + name;
	const struct sink_ops *ops = sink_find(span_of(output, name));

	if (strcmp(output, "-") == 0)
		return true;
	if (!ops || !(ops->wants & SINK_WRITES))
		return false;
	target += *target == ':';
	return !*target || *target == ',' || (*target == '-' && (!target[1] || target[1] == ','));
}

static bool uses_stdout(const struct destination *d, const struct options *o)
{
	for (size_t i = 0; i < d->count; i++)
		if (is_stdout(d->outputs[i]))
			return true;
	return o->record && strcmp(o->record, "-") == 0;
}

int destination_choose(struct destination *d, const struct options *o, struct error *reterr)
{
	bool tty = isatty(STDOUT_FILENO), named = o->outputs.count > 0, to_stdout;
	bool none = !named && o->record && !o->format_given;
	int err = 0;

	*d = (struct destination){ .outputs = &d->one, .count = !none, .one = "-" };
	if (named) {
		d->outputs = o->outputs.items;
		d->count = o->outputs.count;
	}
	if (!named && !none && o->command && tty)
		err = make_log(d, o, reterr);
	d->takes_notes = d->log && is_text(o->format);
	to_stdout = uses_stdout(d, o);
	d->errors_only = to_stdout && !tty;
	d->quiet = o->command && !(to_stdout && tty) && (d->log || isatty(STDERR_FILENO));
	d->brief = none || d->quiet;
	return err;
}

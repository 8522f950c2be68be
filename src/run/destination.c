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
#include "base/str.h"
#include "base/xalloc.h"
#include "options/options.h"

#define NAME_MAX_SHOWN 32
/* Logs of one second; more of one command are no accident. */
#define TRIES 100

/* ---- the log ---- */

/* The command's name as a part of a file name. */
static char *plain_name(const char *program)
{
	const char *last = path_name(program);
	char *name = xstrndup(last, strnlen(last, NAME_MAX_SHOWN));

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
static char *log_name(const struct options *o, const char *ending, unsigned try)
{
	AUTO_FREE char *name = plain_name(o->command[0]);
	char when[32], number[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%m%d-%H%M%S", &tm);
	if (try)
		snprintf(number, sizeof(number), "-%u", try + 1);
	return xasprintf("llm-spy-%s-%s%s.%s", when, name, number, ending);
}

/* A new file for the caller, whom the directory has to let; a descriptor or -errno. */
static int make_file_in(char **path, const struct options *o, const char *ending, const char *dir)
{
	int fd = -EEXIST;

	for (unsigned try = 0; fd == -EEXIST && try < TRIES; try++) {
		AUTO_FREE char *name = log_name(o, ending, try);

		free(*path);
		*path = xasprintf("%s/%s", dir, name);
		fd = file_create_as_caller(AT_FDCWD, *path);
	}
	return fd;
}

static const char *home(void)
{
	struct caller c;
	const struct passwd *pw = getpwuid(caller_find(&c) ? c.uid : geteuid());

	return pw && pw->pw_dir[0] == '/' ? pw->pw_dir : "/tmp";
}

/* Here, else where there is room for it; a descriptor, or -errno with the reason why not here. */
static int make_file(char **path, const struct options *o, const char *ending, struct error *reterr)
{
	const char *others[] = { home(), "/tmp" };
	int fd = make_file_in(path, o, ending, "."), first = fd;

	for (size_t i = 0; fd < 0 && i < sizeof(others) / sizeof(*others); i++)
		fd = make_file_in(path, o, ending, others[i]);
	if (fd < 0)
		return error_set(reterr, fd, "cannot write a log here (%s)", strerror(-first));
	if (first < 0)
		log_say("cannot write a log in this directory (%s): it goes to %s",
			strerror(-first), *path);
	return fd;
}

static int make_log(struct destination *d, const struct options *o, struct error *reterr)
{
	struct error why = { 0 };
	int fd = make_file(&d->log, o, is_text(o->format) ? "log" : o->format->name, &why);

	if (fd < 0)
		return error_set(reterr, fd, "%s: name a file with -o FILE, or - for the terminal",
				 why.text);
	close(fd);
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
	free(d->said);
	d->log = d->said = NULL;
	if (d->said_fd >= 0)
		close(d->said_fd);
	d->said_fd = -1;
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

/* A screen of ours shows the calls: what is written besides, goes to files. */
static int choose_beside_screen(struct destination *d, const struct options *o,
				struct error *reterr)
{
	d->outputs = o->outputs.items;
	d->count = o->outputs.count;
	d->quiet = d->brief = true;
	if (uses_stdout(d, o))
		return error_set(reterr, -EINVAL,
				 "the terminal shows the calls as a table: give -o and -w a file");
	if (o->command)
		d->said_fd = make_file(&d->said, o, "out", reterr);
	return d->said_fd < 0 && o->command ? reterr->code : 0;
}

int destination_choose(struct destination *d, const struct options *o, bool taken,
		       struct error *reterr)
{
	bool tty = isatty(STDOUT_FILENO), named = o->outputs.count > 0, to_stdout;
	bool none = !named && o->record && !o->format_given;
	int err = 0;

	*d = (struct destination){ .outputs = &d->one, .count = !none, .one = "-", .said_fd = -1 };
	if (taken)
		return choose_beside_screen(d, o, reterr);
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

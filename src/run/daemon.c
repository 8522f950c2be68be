/* SPDX-License-Identifier: MIT */
#include "run/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "options/exit_code.h"
#include "options/read.h"
#include "run/tracer.h"

#define STATE	 "/var/lib/llm-spy"
#define NAME	 "llm-spy.db"
#define GROUP	 "llm-spy"
#define KEEP	 "7d"
#define MAX_SIZE "2G"
#define TRIES	 20
#define TRY_US	 10000

/* Of several, which a colon separates, the first is ours. */
static char *state_directory(void)
{
	const char *given = getenv("STATE_DIRECTORY");

	return given && *given == '/' ? xstrndup(given, strcspn(given, ":")) : xstrdup(STATE);
}

/* Members of the group may enter it, and nobody else but us. */
static int make_directory(const char *dir, const struct group *group, struct error *reterr)
{
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return error_set(reterr, -errno, "%s: %s", dir, strerror(errno));
	if (group && (chown(dir, (uid_t)-1, group->gr_gid) != 0 || chmod(dir, 0750) != 0))
		return error_set(reterr, -errno, "%s cannot be given to the group " GROUP ": %s",
				 dir, strerror(errno));
	return 0;
}

/* A daemon has its directory locked, so that others know of it. Somebody may be looking just now.
 * The descriptor stays open as long as we live. */
static void lock(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; fd >= 0 && i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return;
		usleep(TRY_US);
	}
	log_debug("daemon", "%s is locked by another daemon", dir);
}

bool daemon_runs(void)
{
	int fd = open(STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool runs = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return runs;
}

/* For -o, where a comma ends the name of a file. */
static char *output_of(const struct options *o, const char *dir, bool group)
{
	struct buf text;

	buf_init(&text, 2 * strlen(dir) + 1024);
	buf_adds(&text, "sqlite:");
	for (; *dir; dir++)
		buf_addf(&text, "%s%c", *dir == ',' || *dir == '\\' ? "\\" : "", *dir);
	buf_addf(&text, "/" NAME ",keep=%.100s,max-size=%.100s%s", o->keep ? o->keep : KEEP,
		 o->max_size ? o->max_size : MAX_SIZE, group ? ",group=" GROUP : "");
	return buf_take(&text);
}

/* sd-daemon(3): a level before each line, which the journal takes away. */
static void to_journal(void *arg, enum log_kind kind, struct span lines)
{
	static const char levels[] = { [LOG_SAID] = '6', [LOG_WARNING] = '4', [LOG_DEBUG] = '7' };

	while (lines.len) {
		struct span line = span_first(lines, span_find(lines, '\n'));

		fprintf(stderr, "<%c>%.*s\n", levels[kind], (int)line.len, (const char *)line.ptr);
		lines = span_from(lines, line.len + 1);
	}
	fflush(stderr);
}

int daemon_run(const struct options *o, const struct face *const *faces, struct error *reterr)
{
	const struct group *group = getgrnam(GROUP);
	AUTO_FREE char *dir = state_directory(), *output = output_of(o, dir, group);
	struct options own = *o;
	int code;

	if (make_directory(dir, group, reterr) != 0)
		return EXIT_FAILED;
	lock(dir);
	if (getenv("JOURNAL_STREAM"))
		log_set_sink(to_journal, NULL);
	own.outputs = (struct names){ 0 };
	names_add(&own.outputs, output);
	for (size_t i = 0; i < o->outputs.count; i++)
		names_add(&own.outputs, o->outputs.items[i]);
	code = tracer_run(&own, faces, reterr);
	free(own.outputs.items);
	return code;
}

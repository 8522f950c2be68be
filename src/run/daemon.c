/* SPDX-License-Identifier: MIT */
#include "run/daemon.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "options/exit_code.h"
#include "run/tracer.h"

#define STATE	 "/var/lib/llm-spy"
#define NAME	 "llm-spy.db"
#define GROUP	 "llm-spy"
#define KEEP	 "7d"
#define MAX_SIZE "2G"

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

int daemon_run(const struct options *o, struct error *reterr)
{
	const struct group *group = getgrnam(GROUP);
	AUTO_FREE char *dir = state_directory(), *output = output_of(o, dir, group);
	const char *outputs[] = { output };
	struct options own = *o;

	own.outputs = (struct names){ .items = outputs, .count = 1 };
	if (make_directory(dir, group, reterr) != 0)
		return EXIT_FAILED;
	if (getenv("JOURNAL_STREAM"))
		log_set_sink(to_journal, NULL);
	return tracer_run(&own, reterr);
}

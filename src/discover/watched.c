/* SPDX-License-Identifier: MIT */
#include "discover/watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "proc/identity.h"

#define NAMES_SHOWN 4
/* Of a scan that takes less, what was missed is as little as with any new program. */
#define SLOW_NS 100000000ull

struct watched {
	struct watched_name {
		char *name;
		size_t processes;
	} * names;
	size_t count, processes;
};

static void add(void *arg, pid_t pid)
{
	AUTO_FREE char *name = identity_name(pid);
	struct watched *w = arg;
	size_t i = 0;

	w->processes++;
	while (i < w->count && strcmp(w->names[i].name, name) != 0)
		i++;
	if (i == w->count) {
		w->names = xgrow(w->names, w->count, sizeof(*w->names));
		w->names[w->count++] = (struct watched_name){ .name = xstrdup(name) };
	}
	w->names[i].processes++;
}

static int by_number(const void *a, const void *b)
{
	const struct watched_name *x = a, *y = b;

	if (x->processes != y->processes)
		return x->processes < y->processes ? 1 : -1;
	return strcmp(x->name, y->name);
}

void watched_write(const struct targets *ts, struct buf *out)
{
	struct watched w = { 0 };

	targets_each_watched(ts, add, &w);
	if (w.count)
		qsort(w.names, w.count, sizeof(*w.names), by_number);
	buf_addf(out, "%zu program%s", w.processes, w.processes == 1 ? "" : "s");
	for (size_t i = 0; i < w.count && i < NAMES_SHOWN; i++) {
		buf_adds(out, i ? ", " : " (");
		if (w.processes > 1)
			buf_addf(out, "%zu ", w.names[i].processes);
		buf_adds(out, w.names[i].name);
	}
	if (w.count)
		buf_adds(out, w.count > NAMES_SHOWN ? ", ...)" : ")");
	for (size_t i = 0; i < w.count; i++)
		free(w.names[i].name);
	free(w.names);
}

static void clock_now(char *ret, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	snprintf(ret, size, "now");
	if (localtime_r(&now, &tm))
		strftime(ret, size, "%H:%M:%S", &tm);
}

void watched_say_passed(const struct targets *ts, const struct held_file *f, uint64_t limit_ns,
			const char *path)
{
	uint64_t took = now_ns() - f->since_ns;
	AUTO_FREE char *name = NULL;
	char clock[16];

	if (took < limit_ns || !targets_have(ts, path))
		return;
	clock_now(clock, sizeof(clock));
	name = identity_name(f->pid);
	log_say("%s[%d]: %s took %s to scan and hook, longer than --hold=%s; what it said before "
		"%s was not seen",
		name, (int)f->pid, path, text_duration(took).text, text_duration(limit_ns).text,
		clock);
}

void watched_say_late(const struct targets *ts, pid_t pid, const struct scan_cache_stats *before,
		      const struct scan_cache *files)
{
	struct scan_cache_stats s = scan_cache_stats(files);
	uint64_t took = s.search_ns - before->search_ns;
	AUTO_FREE char *name = NULL;
	char clock[16];

	if (took < SLOW_NS || !targets_watch(ts, pid))
		return;
	clock_now(clock, sizeof(clock));
	name = identity_name(pid);
	log_say("%s[%d]: new program (%s), scanned in %s; what it said before %s was not seen",
		name, (int)pid, text_bytes(s.search_bytes - before->search_bytes).text,
		text_duration(took).text, clock);
}

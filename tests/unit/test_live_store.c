/* SPDX-License-Identifier: MIT */
/* What a view of a live run reads: which archive that is, who may read it, and that nothing of it
 * is left, neither at the end nor of a run that was killed. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/locked_dir.h"
#include "base/xalloc.h"
#include "sink/sink.h"
#include "tests/unit/tap.h"
#include "view/live_store.h"

static char cache[64];

static struct live_store *open_with(const char *output)
{
	const char *outputs[] = { "text:calls.txt", output };
	const struct live_store_config c = { .outputs = outputs,
					     .count = output ? 2 : 1,
					     .format = sink_find(SPAN_LIT("text")) };
	struct live_store *s = NULL;
	struct error why = { 0 };

	if (live_store_open(&s, &c, &why) != 0)
		printf("# %s\n", why.text);
	return s;
}

/* Folders of private archives. */
static size_t folders(void)
{
	AUTO_FREE char *path = xasprintf("%s/llm-spy", cache);
	DIR *d = opendir(path);
	size_t n = 0;

	for (const struct dirent *e; d && (e = readdir(d));)
		n += strncmp(e->d_name, "llm-spy-live-", 13) == 0;
	if (d)
		closedir(d);
	return n;
}

static void test_named(void)
{
	static const struct {
		const char *output;
		bool named;
	} rows[] = {
		{ "sqlite:calls.db", true },
		{ "sqlite:calls.db,keep=1d", true },
		{ "sqlite:calls.db,model=gpt*", false },
		{ "sqlite:calls.db,redact=content", false },
		{ "sqlite:calls.db,nonsense", false },
		{ "jsonl:calls.jsonl", false },
		{ NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct live_store *s = open_with(rows[i].output);

		if (!ok(s != NULL, "a store beside %s", rows[i].output))
			continue;
		ok(live_store_is_named(s) == rows[i].named, "which has all calls, or not");
		ok(rows[i].named == !live_store_output(s), "another output is added, or none");
		ok(rows[i].named == (strcmp(live_store_path(s), "calls.db") == 0), "and read: %s",
		   live_store_path(s));
		live_store_close(s);
	}
	ok(folders() == 0, "nothing is left");
}

static void test_private(void)
{
	struct live_store *s = open_with(NULL);
	AUTO_FREE char *dir = xstrdup(live_store_path(s));
	struct unseen notes = { 0 }, got = { 0 };
	struct stat st;

	*strrchr(dir, '/') = '\0';
	ok(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0700, "nobody else may enter its folder");
	ok(strstr(live_store_output(s), ",keep=1d,max-size=512M") != NULL, "it has a ceiling: %s",
	   live_store_output(s));
	unseen_add(&notes, 7, "java", "a reason", NULL);
	live_store_set_unseen(s, &notes);
	live_store_set_unseen(s, &notes);
	live_store_unseen(s, &got);
	ok(got.count == 1 && strcmp(got.items[0].name, "java") == 0, "who is blind, once");
	unseen_done(&got);
	unseen_done(&notes);
	live_store_close(s);
	ok(stat(dir, &st) != 0, "it is removed");
}

/* The lock goes with the process. */
static void test_killed(void)
{
	int ready[2], status = 0;
	char byte;
	pid_t pid;

	if (pipe(ready) != 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		struct live_store *s = open_with(NULL);
		FILE *f = fopen(live_store_path(s), "w");

		if (!f || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ok(read(ready[0], &byte, 1) == 1 && folders() == 1, "another run has its own");
	live_store_close(open_with(NULL));
	ok(folders() == 1, "which stays while it lives");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(folders() == 1, "and when it is killed");
	live_store_close(open_with(NULL));
	ok(folders() == 0, "until the next one comes");
}

int main(void)
{
	AUTO_FREE char *path = NULL;

	snprintf(cache, sizeof(cache), "/tmp/llm-spy-test-XXXXXX");
	if (!mkdtemp(cache))
		return 1;
	setenv("XDG_CACHE_HOME", cache, 1);
	test_named();
	test_private();
	test_killed();
	path = xasprintf("%s/llm-spy", cache);
	rmdir(path);
	rmdir(cache);
	return tap_done();
}

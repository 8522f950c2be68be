/* SPDX-License-Identifier: MIT */
/* The environment that a command gets back from sudo. */
#include "run/environment.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

/* Of a list with blanks between its texts, with NUL instead. */
static struct span texts(char *list)
{
	size_t len = strlen(list);

	for (char *at = list; *at; at++)
		if (*at == ' ')
			*at = '\0';
	return span_of(list, len ? len + 1 : 0);
}

static void merges(const char *caller, const char *given, const char *args, const char *ours,
		   const char *want, const char *what)
{
	char lists[4][512], got[1024] = "";
	char *mine[32] = { NULL }, **result;
	size_t n = 0;
	struct environment_sources from;
	struct span rest;

	snprintf(lists[0], sizeof(lists[0]), "%s", caller);
	snprintf(lists[1], sizeof(lists[1]), "%s", given);
	snprintf(lists[2], sizeof(lists[2]), "%s", args);
	snprintf(lists[3], sizeof(lists[3]), "%s", ours);
	from = (struct environment_sources){ texts(lists[0]), texts(lists[1]), texts(lists[2]) };
	rest = texts(lists[3]);
	while (rest.len) {
		mine[n++] = (char *)rest.ptr;
		rest = span_from(rest, strlen((const char *)rest.ptr) + 1);
	}
	result = environment_merge(&from, mine);
	for (size_t i = 0; result[i]; i++) {
		strcat(got, i ? " " : "");
		strcat(got, result[i]);
	}
	is_str(got, want, "%s", what);
	environment_free(result);
}

static void test_set(void)
{
	const struct environment_sources nothing = { 0 };
	char **e = environment_merge(&nothing, (char *[]){ (char *)"A=1", (char *)"AB=2", NULL });

	environment_set(&e, "A", "x");
	environment_set(&e, "B", "y");
	ok(e[0] && e[1] && e[2] && !e[3], "one is replaced, one is added");
	is_str(e[0], "A=x", "the first");
	is_str(e[1], "AB=2", "not that of a longer name");
	is_str(e[2], "B=y", "the last");
	environment_free(e);
}

int main(void)
{
	test_set();
	const char *path = "PATH=/usr/sbin SUDO_UID=1000 HOME=/root MAIL=/var/mail/root";

	merges("PATH=/home/a/bin KEY=k HOME=/home/a", path, "sudo llm-spy", path,
	       "PATH=/home/a/bin KEY=k HOME=/home/a",
	       "the caller's variables come back, sudo's own go");
	merges("PATH=/home/a/bin", "PATH=/x", "sudo PATH=/x llm-spy", "PATH=/x", "PATH=/x",
	       "what is set on sudo's command line wins");
	merges("PATH=/home/a/bin A=1", "PATH=/usr/sbin", "sudo sh -c ...",
	       "PATH=/opt:/usr/sbin A=2", "PATH=/opt:/usr/sbin A=2",
	       "what is set behind sudo wins");
	merges("A=1 B=2", "A=1 B=2", "sudo -E sh", "B=2", "B=2",
	       "what is taken away behind sudo stays away");
	merges("", "LANG=C SUDO_USER=a TERM=unknown", "sudo LANG=C llm-spy",
	       "LANG=C SUDO_USER=a TERM=unknown", "LANG=C",
	       "what the caller had not is kept unless sudo made it up");
	merges("SUDO_USER=b", "SUDO_USER=a", "sudo x", "SUDO_USER=a", "SUDO_USER=b",
	       "a sudo around sudo keeps its variables");
	merges("A= nonsense =x B=1=2", "", "", "", "A= B=1=2", "what is no variable is left out");
	merges("", "", "", "", "", "nothing at all");
	environment_free(NULL);
	return tap_done();
}

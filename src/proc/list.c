/* SPDX-License-Identifier: MIT */
#include "proc/list.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

/* Deeper ancestry can only be a loop caused by a race. */
#define ANCESTORS_MAX 64

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

size_t proc_list(pid_t **ret)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	*ret = NULL;
	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		*ret = xgrow(*ret, n, sizeof(**ret));
		(*ret)[n++] = (pid_t)strtol(e->d_name, NULL, 10);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(*ret, n, sizeof(**ret), by_number);
	return n;
}

/* The text after the name in /proc/PID/stat: "state ppid ..."; false if the process is gone. */
static bool read_stat(pid_t pid, char *text, size_t size)
{
	char path[64], *end;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = '\0';
	/* The name is in brackets and may contain anything, also blanks and brackets. */
	end = strrchr(text, ')');
	if (!end)
		return false;
	memmove(text, end + 1, strlen(end + 1) + 1);
	return true;
}

pid_t proc_parent(pid_t pid)
{
	char text[512];
	int parent = 0;

	if (!read_stat(pid, text, sizeof(text)) || sscanf(text, " %*c %d", &parent) != 1)
		return 0;
	return (pid_t)parent;
}

uint64_t proc_started(pid_t pid)
{
	char text[512];
	unsigned long long started = 0;

	/* Field 22; the first field here is the third. */
	if (!read_stat(pid, text, sizeof(text)) ||
	    sscanf(text,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%llu",
		   &started) != 1)
		return 0;
	return started;
}

bool proc_descends(pid_t pid, pid_t ancestor)
{
	for (int i = 0; pid > 0 && i < ANCESTORS_MAX; i++) {
		if (pid == ancestor)
			return true;
		pid = proc_parent(pid);
	}
	return false;
}

uid_t proc_uid(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) == 0 ? st.st_uid : (uid_t)-1;
}

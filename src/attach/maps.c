/* SPDX-License-Identifier: MIT */
#include "attach/maps.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

/* One that is deeper is a loop of our misreading. */
#define ANCESTORS_MAX 64

/* A line of /proc/PID/maps: begin-end perms offset dev inode path. */
struct mapping {
	unsigned long begin, end, ino;
	unsigned major, minor; /* of the device */
	bool code;
};

static FILE *open_maps(pid_t pid)
{
	char file[64];

	snprintf(file, sizeof(file), "/proc/%d/maps", (int)pid);
	return fopen(file, "re");
}

/* The place of the path in the line; 0 when the mapping is of no file. */
static int read_mapping(const char *line, struct mapping *ret)
{
	char perms[8];
	int at = 0;

	/* The addresses have leading zeros here, but not where map_files has them as names. */
	if (sscanf(line, "%lx-%lx %7s %*s %x:%x %lu %n", &ret->begin, &ret->end, perms, &ret->major,
		   &ret->minor, &ret->ino, &at) != 6 ||
	    line[at] != '/')
		return 0;
	ret->code = strchr(perms, 'x') != NULL;
	return at;
}

static bool is_file(const char *path, unsigned long ino)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == ino;
}

/* The file of one mapping. Its path holds in the process's own mount namespace only, and not at all
 * once the file was replaced: map_files leads to the mapped file itself, so it is taken whenever
 * the path no longer does. */
static void resolve(pid_t pid, bool our_mounts, const struct mapping *m, char *path, mapping_fn fn,
		    void *arg)
{
	static const char gone[] = " (deleted)";
	AUTO_FREE char *through_root = NULL, *mapped = NULL;
	size_t len = strlen(path);

	if (len > sizeof(gone) - 1 && strcmp(path + len - (sizeof(gone) - 1), gone) == 0)
		path[len - (sizeof(gone) - 1)] = '\0';
	if (our_mounts && is_file(path, m->ino)) {
		fn(arg, path, path);
		return;
	}
	through_root = xasprintf("/proc/%d/root%s", (int)pid, path);
	mapped = xasprintf("/proc/%d/map_files/%lx-%lx", (int)pid, m->begin, m->end);
	fn(arg, is_file(through_root, m->ino) ? through_root : mapped, path);
}

static bool shares_mounts(pid_t pid)
{
	char path[64];
	struct stat own, other;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (stat("/proc/self/ns/mnt", &own) != 0 || stat(path, &other) != 0 ||
	    own.st_ino != other.st_ino)
		return false;
	/* Not so after chroot(2). */
	snprintf(path, sizeof(path), "/proc/%d/root/.", (int)pid);
	return stat("/", &own) == 0 && stat(path, &other) == 0 && own.st_ino == other.st_ino &&
	       own.st_dev == other.st_dev;
}

int maps_each(pid_t pid, mapping_fn fn, void *arg)
{
	char line[PATH_MAX + 128];
	struct mapping m, before = { 0 };
	bool our_mounts;
	FILE *f;

	f = open_maps(pid);
	if (!f)
		return -errno;
	our_mounts = shares_mounts(pid);
	while (fgets(line, sizeof(line), f)) {
		int at = read_mapping(line, &m);

		if (!at || !m.code ||
		    (m.ino == before.ino && m.major == before.major && m.minor == before.minor))
			continue;
		before = m;
		line[strcspn(line, "\n")] = '\0';
		resolve(pid, our_mounts, &m, line + at, fn, arg);
	}
	fclose(f);
	return 0;
}

int maps_inodes(pid_t pid, void (*fn)(void *arg, unsigned long ino), void *arg)
{
	char line[PATH_MAX + 128];
	struct mapping m, before = { 0 };
	FILE *f;

	f = open_maps(pid);
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (read_mapping(line, &m) && m.ino != before.ino) {
			fn(arg, m.ino);
			before = m;
		}
	fclose(f);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

size_t maps_processes(pid_t **ret)
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

/* What follows the name in /proc/PID/stat: "state ppid ..."; false when it is gone. */
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
	/* The name, in brackets, may hold anything, blanks and brackets too. */
	end = strrchr(text, ')');
	if (!end)
		return false;
	memmove(text, end + 1, strlen(end + 1) + 1);
	return true;
}

/* 0 when it is gone. */
static pid_t parent_of(pid_t pid)
{
	char text[512];
	int parent = 0;

	if (!read_stat(pid, text, sizeof(text)) || sscanf(text, " %*c %d", &parent) != 1)
		return 0;
	return (pid_t)parent;
}

uint64_t maps_started(pid_t pid)
{
	char text[512];
	unsigned long long started = 0;

	/* The 22nd field; the first here is the third. */
	if (!read_stat(pid, text, sizeof(text)) ||
	    sscanf(text,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%llu",
		   &started) != 1)
		return 0;
	return started;
}

bool maps_descends(pid_t pid, pid_t ancestor)
{
	for (int i = 0; pid > 0 && i < ANCESTORS_MAX; i++) {
		if (pid == ancestor)
			return true;
		pid = parent_of(pid);
	}
	return false;
}

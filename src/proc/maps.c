/* SPDX-License-Identifier: MIT */
#include "proc/maps.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

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

/* Offset of the path in the line; 0 if no file is mapped. */
static int read_mapping(const char *line, struct mapping *ret)
{
	char perms[8];
	int at = 0;

	/* Addresses have leading zeros here, but not in the names in map_files. */
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

/* The file of one mapping. Its path is valid only in the process's own mount namespace, and not at
 * all once the file was replaced. map_files leads to the mapped file itself, so it is used if the
 * path does not lead there. */
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
	/* After chroot(2), it does not. */
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

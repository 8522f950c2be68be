/* SPDX-License-Identifier: MIT */
#include "base/locked_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM "XXXXXX"
/* One that is made is seen without a lock for a moment, and may be swept away in it. */
#define TRIES 5

/* Locks a directory that is ours alone and still has its name. Its descriptor, or -errno. */
static int lock(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0)
		return -errno;
	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700 &&
	    flock(dir, LOCK_EX | LOCK_NB) == 0 && fstat(dir, &st) == 0 && st.st_nlink)
		return dir;
	close(dir);
	return -EAGAIN;
}

static int set_path(struct locked_dir *d, const char *place, const char *name, const char *end)
{
	int n = snprintf(d->path, sizeof(d->path), "%s/%s%s", place, name, end);

	return n < 0 || (size_t)n >= sizeof(d->path) ? -ENAMETOOLONG : 0;
}

int locked_dir_make(struct locked_dir *ret, const char *place, const char *name)
{
	int err;

	ret->fd = -EAGAIN;
	for (unsigned i = 0; i < TRIES && ret->fd < 0; i++) {
		err = set_path(ret, place, name, RANDOM);
		if (err)
			return err;
		if (!mkdtemp(ret->path))
			return -errno;
		ret->fd = lock(ret->path);
	}
	return ret->fd < 0 ? ret->fd : 0;
}

void locked_dir_remove(struct locked_dir *d, locked_dir_empty empty)
{
	empty(d->fd);
	rmdir(d->path);
	close(d->fd);
}

static bool is_named(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && strlen(entry + len) == strlen(RANDOM);
}

void locked_dir_sweep(const char *place, const char *name, locked_dir_empty empty)
{
	DIR *all = opendir(place);
	const struct dirent *e;

	while (all && (e = readdir(all))) {
		struct locked_dir d;

		if (!is_named(e->d_name, name) || set_path(&d, place, e->d_name, "") != 0)
			continue;
		d.fd = lock(d.path);
		if (d.fd >= 0)
			locked_dir_remove(&d, empty);
	}
	if (all)
		closedir(all);
}

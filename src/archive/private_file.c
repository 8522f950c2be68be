/* SPDX-License-Identifier: MIT */
#include "archive/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"

/* Nobody else can rename what is in it. In one that is sticky others may make files, so it will do
 * on the way only: SQLite has more than one file. A user's own group counts as the user. */
static bool is_safe(const struct stat *st, bool on_the_way)
{
	bool group = st->st_mode & S_IWGRP && st->st_gid != 0 && st->st_gid != st->st_uid;
	bool others = group || st->st_mode & S_IWOTH;

	if (st->st_uid != 0 && !file_is_ours(st->st_uid))
		return false;
	return !others || (on_the_way && st->st_mode & S_ISVTX);
}

/* A real path: each directory in it, the last one first. */
static int check_directories(const char *real, struct error *reterr)
{
	AUTO_FREE char *dir = xstrdup(real);
	bool on_the_way = false;
	struct stat st;

	for (;; on_the_way = true) {
		char *slash = strrchr(dir, '/');

		if (lstat(*dir ? dir : "/", &st) != 0)
			return error_set(reterr, -errno, "%s: %s", dir, strerror(errno));
		if (!is_safe(&st, on_the_way))
			return error_set(reterr, -EPERM,
					 "%s: other users may put files in %s; choose a directory "
					 "that is yours",
					 real, *dir ? dir : "/");
		if (!*dir || !slash)
			return 0;
		*slash = '\0';
	}
}

/* The directory's real path; NULL with a reason. */
static char *directory(const char *path, struct error *reterr)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	AUTO_FREE char *dir = slash ? xstrndup(path, len ? len : 1) : xstrdup(".");
	char *real = realpath(dir, NULL);

	if (!real)
		error_set(reterr, -errno, "%s: %s", dir, strerror(errno));
	else if (check_directories(strcmp(real, "/") == 0 ? "" : real, reterr) == 0)
		return real;
	free(real);
	return NULL;
}

static int give_to_group(int fd, const char *path, long group, struct error *reterr)
{
	if (group < 0)
		return 0;
	if (fchown(fd, (uid_t)-1, (gid_t)group) == 0 && fchmod(fd, 0640) == 0)
		return 0;
	return error_set(reterr, -errno, "%s cannot be given to a group: %s", path,
			 strerror(errno));
}

static int check_file(int fd, const char *path, long group, struct error *reterr)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(reterr, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return error_set(reterr, -EINVAL, "%s is no file of one name", path);
	if (!file_is_ours(st.st_uid))
		return error_set(reterr, -EPERM, "%s belongs to another user", path);
	if (st.st_mode & (group == PRIVATE_NOBODY ? 077 : 037))
		return error_set(reterr, -EPERM,
				 "%s may be open to other users: chmod 600 it, if what it holds is "
				 "yours",
				 path);
	return 0;
}

/* SQLite's locks belong to the process and end with any descriptor of the file: so this one is
 * closed before SQLite opens another. */
static int make_file(const char *path, long group, struct error *reterr)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0 && errno == ENOENT) {
		fd = file_create_new(AT_FDCWD, path);
		errno = fd < 0 ? -fd : 0;
	}
	if (fd < 0)
		return error_set(reterr, -errno, "%s: %s", path,
				 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	err = check_file(fd, path, group, reterr);
	if (!err)
		err = give_to_group(fd, path, group, reterr);
	close(fd);
	return err;
}

char *private_file(const char *path, long group, struct error *reterr)
{
	const char *name = path_name(path);
	AUTO_FREE char *dir = directory(path, reterr);
	char *real;

	if (!dir)
		return NULL;
	if (!*name) {
		error_set(reterr, -EISDIR, "%s is a directory", path);
		return NULL;
	}
	real = xasprintf("%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
	if (make_file(real, group, reterr) == 0)
		return real;
	free(real);
	return NULL;
}

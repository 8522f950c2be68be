/* SPDX-License-Identifier: MIT */
#include "base/cache_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"

/* The directories that are to hold it. Whether others may write to it is asked of the last one
 * alone, as for one that was there. */
static void make_parents(const char *path)
{
	AUTO_FREE char *copy = xstrdup(path);

	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(copy, 0700);
		*at = '/';
	}
}

static int open_dir(const char *path)
{
	int dir = file_open_own_dir(path, true, 022);

	if (dir != -ENOENT)
		return dir;
	make_parents(path);
	return file_open_own_dir(path, true, 022);
}

static bool fits(int written, size_t size)
{
	return written >= 0 && (size_t)written < size;
}

int cache_dir_open(char *path, size_t size)
{
	const char *home = getenv("XDG_CACHE_HOME");
	int n = snprintf(path, size, "%s/llm-spy", home && home[0] == '/' ? home : "/var/cache");

	return fits(n, size) ? open_dir(path) : -ENAMETOOLONG;
}

static int state_dir(char *path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *given = getenv("STATE_DIRECTORY"),
		   *home = getenv("HOME");

	if (state && state[0] == '/')
		return snprintf(path, size, "%s/llm-spy", state);
	/* Of several, which a colon separates, the first is ours. */
	if (given && given[0] == '/')
		return snprintf(path, size, "%.*s", (int)strcspn(given, ":"), given);
	if (geteuid() == 0)
		return snprintf(path, size, "/var/lib/llm-spy");
	return snprintf(path, size, "%s/.local/state/llm-spy",
			home && home[0] == '/' ? home : "/nonexistent");
}

int state_dir_open(char *path, size_t size)
{
	return fits(state_dir(path, size), size) ? open_dir(path) : -ENAMETOOLONG;
}

int cache_file_open(int dir, const char *name, off_t max)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		err = -EPERM;
	else if (st.st_size > max)
		err = -EFBIG;
	if (!err)
		return fd;
	close(fd);
	return err;
}

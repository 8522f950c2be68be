/* SPDX-License-Identifier: MIT */
#include "probe/builtin_headers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/embedded.h"

#define PLACE	 "/tmp"
#define NAME	 "llm-spy-headers-"
#define NAME_LEN (sizeof(NAME "XXXXXX") - 1)
/* One that is made is seen without a lock for a moment, and may be swept away in it. */
#define TRIES 5

static const struct {
	const char *path, *text;
} files[] = {
#define X(symbol, path_) { .path = "include/" path_, .text = symbol },
	BUILTIN_HEADERS(X)
#undef X
};

/* A directory before what is in it. */
static const char *const directories[] = {
	"include", "include/asm", "include/linux", "include/uapi", "include/uapi/linux",
};
#define DIRECTORIES (sizeof(directories) / sizeof(*directories))

static int write_file(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : file_write_all(fd, span_str(text));

	if (fd >= 0 && close(fd) != 0 && !err)
		err = -errno;
	return err;
}

static int fill(int dir)
{
	int err = 0;

	for (size_t i = 0; i < DIRECTORIES && !err; i++)
		err = mkdirat(dir, directories[i], 0700) != 0 ? -errno : 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !err; i++)
		err = write_file(dir, files[i].path, files[i].text);
	return err;
}

static void empty(int dir)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlinkat(dir, files[i].path, 0);
	for (size_t i = DIRECTORIES; i > 0; i--)
		unlinkat(dir, directories[i - 1], AT_REMOVEDIR);
}

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

int builtin_headers_make(struct builtin_headers *ret)
{
	int err;

	ret->dir = -EAGAIN;
	for (unsigned i = 0; i < TRIES && ret->dir < 0; i++) {
		snprintf(ret->path, sizeof(ret->path), PLACE "/" NAME "XXXXXX");
		if (!mkdtemp(ret->path))
			return -errno;
		ret->dir = lock(ret->path);
	}
	if (ret->dir < 0)
		return ret->dir;
	err = fill(ret->dir);
	if (err)
		builtin_headers_remove(ret);
	return err;
}

void builtin_headers_remove(struct builtin_headers *h)
{
	empty(h->dir);
	rmdir(h->path);
	close(h->dir);
}

void builtin_headers_sweep(void)
{
	DIR *place = opendir(PLACE);
	const struct dirent *e;

	while (place && (e = readdir(place))) {
		struct builtin_headers h;

		if (strlen(e->d_name) != NAME_LEN || strncmp(e->d_name, NAME, strlen(NAME)) != 0)
			continue;
		snprintf(h.path, sizeof(h.path), PLACE "/%s", e->d_name);
		h.dir = lock(h.path);
		if (h.dir >= 0)
			builtin_headers_remove(&h);
	}
	if (place)
		closedir(place);
}

/* SPDX-License-Identifier: MIT */
#include "probe/builtin_headers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/embedded.h"

#define PLACE "/tmp"
#define NAME  "llm-spy-headers-"

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

int builtin_headers_make(struct locked_dir *ret)
{
	int err = locked_dir_make(ret, PLACE, NAME);

	if (err)
		return err;
	err = fill(ret->fd);
	if (err)
		builtin_headers_remove(ret);
	return err;
}

void builtin_headers_remove(struct locked_dir *h)
{
	locked_dir_remove(h, empty);
}

void builtin_headers_sweep(void)
{
	locked_dir_sweep(PLACE, NAME, empty);
}

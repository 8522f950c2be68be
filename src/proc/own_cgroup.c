/* SPDX-License-Identifier: MIT */
#include "proc/own_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/span.h"
#include "base/xalloc.h"
#include "capture/cgroup_path.h"
#include "proc/cgroup_dir.h"

#define PREFIX	 "llm-spy-"
#define FILE_MAX 65536

/* The directory of the cgroup that we are in; NULL: cgroup v2 is not mounted. */
static char *parent_dir(void)
{
	AUTO_FREE char *mount = cgroup_dir_mount();
	struct buf text;
	struct span path;
	char *dir = NULL;
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);

	buf_init(&text, FILE_MAX);
	if (mount && fd >= 0 && file_read_all(fd, &text) == 0) {
		path = cgroup_path_v2(buf_span(&text));
		dir = xasprintf("%s%.*s", mount, (int)path.len, (const char *)path.ptr);
	}
	if (fd >= 0)
		close(fd);
	buf_done(&text);
	return dir;
}

/* Of runs that are over. */
static void sweep(const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		long pid = strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0
				   ? strtol(e->d_name + strlen(PREFIX), NULL, 10)
				   : 0;

		if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

int own_cgroup_make(struct own_cgroup *ret, struct error *reterr)
{
	AUTO_FREE char *parent = parent_dir();
	int err;

	if (!parent)
		return error_set(reterr, -ENOTSUP, "cgroup v2 is not mounted on this host");
	sweep(parent);
	ret->path = xasprintf("%s/" PREFIX "%d", parent, (int)getpid());
	err = mkdir(ret->path, 0755) != 0 && errno != EEXIST ? -errno : 0;
	ret->fd = err ? -1 : open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd >= 0)
		return 0;
	err = err ? err : -errno;
	error_set(reterr, err, "cannot make the cgroup %.200s: %s", ret->path, strerror(-err));
	free(ret->path);
	ret->path = NULL;
	return err;
}

int own_cgroup_add(const struct own_cgroup *c, pid_t pid, struct error *reterr)
{
	int fd = openat(c->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int err = fd < 0 || dprintf(fd, "%d\n", (int)pid) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (err)
		error_set(reterr, err, "cannot put the command into the cgroup %.200s: %s", c->path,
			  strerror(-err));
	return err;
}

void own_cgroup_remove(struct own_cgroup *c)
{
	if (!c->path)
		return;
	close(c->fd);
	rmdir(c->path);
	free(c->path);
	c->path = NULL;
}

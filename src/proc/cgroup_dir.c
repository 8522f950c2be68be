/* SPDX-License-Identifier: MIT */
#include "proc/cgroup_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/span.h"
#include "base/xalloc.h"

char *cgroup_dir_mount(void)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	char *dir = NULL;

	while (f && !dir && (m = getmntent(f)))
		if (strcmp(m->mnt_type, "cgroup2") == 0)
			dir = xstrdup(m->mnt_dir);
	if (f)
		endmntent(f);
	return dir;
}

int cgroup_dir_open(const char *dir, struct error *reterr)
{
	AUTO_FREE char *mount = NULL;
	struct statfs fs;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(reterr, -errno, "--cgroup %.100s: %s", dir, strerror(errno));
	if (fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	mount = cgroup_dir_mount();
	if (!mount)
		return error_set(reterr, -EINVAL,
				 "--cgroup %.100s: not a cgroup v2 directory (cgroup2 is not "
				 "mounted)",
				 dir);
	return error_set(
		reterr, -EINVAL,
		"--cgroup %.100s: not a cgroup v2 directory (cgroup2 is mounted at %.100s)", dir,
		mount);
}

/* What follows `top` in `path`; NULL: it is not below it. */
static const char *below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]) ? path + len : NULL;
}

char *cgroup_dir_path(const char *dir)
{
	AUTO_FREE char *real = realpath(dir, NULL), *mount = cgroup_dir_mount();
	const char *path = real ? real : dir;
	const char *const tops[] = { mount ? mount : "/sys/fs/cgroup/unified",
				     "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	const char *rest = NULL;
	struct span s;

	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops) && !rest; i++)
		rest = below(path, tops[i]);
	s = span_str(rest ? rest : path);
	while (s.len && s.ptr[s.len - 1] == '/')
		s.len--;
	return xstrndup((const char *)s.ptr, s.len);
}

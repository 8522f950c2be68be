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

#define FILEID_KERNFS 0xfe /* linux/exportfs.h, which is the kernel's own */

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

/* The number of a cgroup is the file handle of its directory, alone (Linux 5.5). */
static int open_by_id(int mount, uint64_t id)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} u = { .h = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };

	memcpy(u.h.f_handle, &id, sizeof(id));
	return open_by_handle_at(mount, &u.h, O_PATH | O_CLOEXEC);
}

char *cgroup_dir_by_id(uint64_t id)
{
	AUTO_FREE char *mount = cgroup_dir_mount();
	int top = mount && id ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int fd = top >= 0 ? open_by_id(top, id) : -1;
	char *path = NULL, link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fd >= 0) {
		path = cgroup_dir_path(link);
		close(fd);
	}
	if (top >= 0)
		close(top);
	return path;
}

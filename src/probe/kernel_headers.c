/* SPDX-License-Identifier: MIT */
#include "probe/kernel_headers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Those in /sys/kernel/kheaders.tar.xz are not used: libbcc unpacks them to /tmp, under a name that
 * anybody can take before it does. */
bool kernel_headers_find(char *what, size_t size)
{
	/* Debian keeps the larger part of them apart, in "source". Where "build" is missing libbcc
	 * looks at neither. */
	static const char *const parts[] = { "build", "source" };
	struct utsname u;
	char path[256];

	if (uname(&u) != 0)
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/build/.", u.release);
	if (access(path, X_OK) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s/include/linux/kconfig.h",
			 u.release, parts[i]);
		if (access(path, R_OK) == 0) {
			snprintf(what, size, "/lib/modules/%.80s", u.release);
			return true;
		}
	}
	return false;
}

int kernel_headers_choose(struct probe_config *c, char *what, size_t size, struct error *reterr)
{
	char path[PATH_MAX];

	if (c->headers == HEADERS_DIR) {
		snprintf(path, sizeof(path), "%s/include/linux/kconfig.h", c->headers_dir);
		if (access(path, R_OK) != 0)
			return error_set(reterr, -errno,
					 "--kernel-headers %.200s: not a kernel source tree (no "
					 "include/linux/kconfig.h); for Debian's split headers use "
					 "--kernel-headers=auto",
					 c->headers_dir);
		snprintf(what, size, "%s", c->headers_dir);
		return 0;
	}
	if (c->headers == HEADERS_AUTO && kernel_headers_find(what, size))
		return 0;
	c->headers = HEADERS_BUILTIN;
	snprintf(what, size, "builtin");
	return 0;
}

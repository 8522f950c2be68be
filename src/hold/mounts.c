/* SPDX-License-Identifier: MIT */
#include "hold/mounts.h"

#include <stdio.h>
#include <string.h>

/* Reads an octal escape such as \040, which stands for a space, tab, newline or backslash. */
static char unescape(const char **at)
{
	const char *s = *at;

	if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
	    s[3] >= '0' && s[3] <= '7') {
		*at += 4;
		return (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
	}
	*at += 1;
	return s[0];
}

/* One field up to a space, and what follows it; NULL: there is no room for it, or it is empty. */
static const char *read_field(const char *at, char *ret, size_t size)
{
	size_t n = 0;

	while (*at && *at != ' ' && *at != '\n' && n + 1 < size)
		ret[n++] = unescape(&at);
	ret[n] = '\0';
	return n && *at == ' ' ? at + 1 : NULL;
}

bool mounts_read_line(const char *line, struct mount *ret)
{
	char word[PATH_MAX];
	int used = 0;

	*ret = (struct mount){ 0 };
	if (sscanf(line, "%u %*u %u:%u %n", &ret->id, &ret->major, &ret->minor, &used) != 3 ||
	    !used)
		return false;
	line = read_field(line + used, word, sizeof(word)); /* which directory of it is mounted */
	if (line)
		line = read_field(line, ret->path, sizeof(ret->path));
	if (line)
		line = read_field(line, word, sizeof(word)); /* options */
	/* Optional fields, until a hyphen. */
	while (line && (line = read_field(line, word, sizeof(word))) && strcmp(word, "-") != 0)
		ret->shared |= strncmp(word, "shared:", 7) == 0;
	return line && ret->path[0] == '/' && read_field(line, ret->type, sizeof(ret->type));
}

bool mounts_may_hold(const struct mount *m)
{
	static const char *const local[] = {
		"ext2",	 "ext3",    "ext4",  "xfs",	 "btrfs",  "bcachefs", "f2fs",
		"zfs",	 "overlay", "tmpfs", "squashfs", "erofs",  "vfat",     "exfat",
		"ntfs3", "iso9660", "udf",   "jfs",	 "nilfs2", "ramfs",    "rootfs",
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (strcmp(m->type, local[i]) == 0)
			return true;
	return false;
}

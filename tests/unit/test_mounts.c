/* SPDX-License-Identifier: MIT */
/* Lines of /proc/PID/mountinfo. */
#include "hold/mounts.h"

#include <string.h>

#include "tests/unit/tap.h"

static void test_lines(void)
{
	struct mount m;

	ok(mounts_read_line(
		   "36 35 98:7 / /mnt rw,noatime shared:1 - ext4 /dev/root rw,errors=continue\n",
		   &m) &&
		   m.id == 36 && m.major == 98 && m.minor == 7 && strcmp(m.path, "/mnt") == 0 &&
		   strcmp(m.type, "ext4") == 0 && m.shared,
	   "a mount that is shared");
	ok(mounts_read_line("1 2 0:3 / / rw - rootfs none rw", &m) && strcmp(m.path, "/") == 0 &&
		   !m.shared,
	   "the root, without optional fields");
	ok(mounts_read_line("1 2 0:3 /a /x rw master:3 propagate_from:2 - tmpfs t rw", &m) &&
		   !m.shared,
	   "a slave is not shared");
	ok(mounts_read_line("1 2 0:3 / /with\\040space\\134and\\011more rw - xfs /dev/a rw", &m) &&
		   strcmp(m.path, "/with space\\and\tmore") == 0,
	   "escapes in a path");
	ok(mounts_read_line("1 2 0:3 / /a\\04 rw - xfs /dev/a rw", &m) &&
		   strcmp(m.path, "/a\\04") == 0,
	   "a backslash that begins no escape stands for itself");
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"",
		"\n",
		"36",
		"36 35 98:0",
		"36 35 98:0 / relative rw - ext4 /dev/root rw",
		"36 35 98:0 / /mnt rw",
		"36 35 98:0 / /mnt rw shared:1",
		"36 35 98:0 / /mnt rw - ",
		"36 35 98:0 / /mnt rw - ext4",
		"x 35 98:0 / /mnt rw - ext4 /dev/root rw",
	};
	char text[3 * PATH_MAX];
	struct mount m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!mounts_read_line(bad[i], &m), "no line: %s", bad[i]);
	memset(text, 'x', sizeof(text));
	memcpy(text, "1 2 0:3 / /", 11);
	memcpy(text + sizeof(text) - 16, " rw - xfs /d r\n", 16);
	ok(!mounts_read_line(text, &m), "a path that is too long");
}

static void test_types(void)
{
	struct mount m = { .type = "ext4" };

	ok(mounts_may_hold(&m), "a disk's may be held");
	strcpy(m.type, "proc");
	ok(!mounts_may_hold(&m), "the kernel's own may not");
	strcpy(m.type, "fuse.sshfs");
	ok(!mounts_may_hold(&m), "nor one that may refuse root");
	strcpy(m.type, "nfs4");
	ok(!mounts_may_hold(&m), "nor another host's");
}

int main(void)
{
	test_lines();
	test_bad();
	test_types();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
#include "probe/stdio_offsets.h"

#include "kernel/btf.h"

static const struct btf_member members[STDIO_OFFSETS] = {
	{ .type = "task_struct", .name = "files" },
	{ .type = "task_struct", .name = "tgid" },
	{ .type = "task_struct", .name = "real_parent" },
	{ .type = "task_struct", .name = "signal" },
	{ .type = "signal_struct", .name = "live" },
	{ .type = "files_struct", .name = "fdt" },
	{ .type = "fdtable", .name = "max_fds" },
	{ .type = "fdtable", .name = "fd" },
	{ .type = "file", .name = "f_inode" },
	{ .type = "inode", .name = "i_mode" },
	{ .type = "inode", .name = "i_ino" },
	{ .type = "socket_alloc", .name = "vfs_inode" },
	{ .type = "socket", .name = "sk" }, /* first in socket_alloc */
	{ .type = "sock", .name = "sk_socket" },
	{ .type = "unix_sock", .name = "peer" },
};

int stdio_offsets_find(struct stdio_offsets *ret)
{
	struct btf_member found[STDIO_OFFSETS];
	int err;

	memcpy(found, members, sizeof(members));
	err = btf_find_kernel(found, STDIO_OFFSETS);
	for (int i = 0; !err && i < STDIO_OFFSETS; i++)
		ret->bytes[i] = found[i].offset;
	return err;
}

void stdio_offsets_add(const struct stdio_offsets *o, struct buf *out)
{
	for (int i = 0; i < STDIO_OFFSETS; i++)
		buf_addf(out, "#define SPY_AT_%s_%s %u\n", members[i].type, members[i].name,
			 o->bytes[i]);
}

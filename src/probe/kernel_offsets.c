/* SPDX-License-Identifier: MIT */
#include "probe/kernel_offsets.h"

#include <errno.h>

#include "kernel/btf.h"

static const struct btf_member members[KERNEL_OFFSETS] = {
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
	/* of a new program */
	{ .type = "task_struct", .name = "mm" },
	{ .type = "mm_struct", .name = "arg_start" },
	{ .type = "mm_struct", .name = "arg_end" },
	{ .type = "mm_struct", .name = "exe_file" },
	{ .type = "linux_binprm", .name = "interp" },
};
#define OF_PIPES 15

static int find(struct kernel_offsets *ret, size_t count)
{
	struct btf_member found[KERNEL_OFFSETS];
	int err;

	memcpy(found, members, sizeof(members));
	err = btf_find_kernel(found, count);
	for (size_t i = 0; !err && i < count; i++)
		ret->bytes[i] = found[i].offset;
	ret->count = err ? 0 : count;
	return err;
}

int kernel_offsets_find(struct kernel_offsets *ret)
{
	int err = find(ret, KERNEL_OFFSETS);

	return err && err != -ENOENT ? find(ret, OF_PIPES) : err;
}

bool kernel_offsets_of_exec(const struct kernel_offsets *o)
{
	return o->count == KERNEL_OFFSETS;
}

void kernel_offsets_add(const struct kernel_offsets *o, struct buf *out)
{
	for (size_t i = 0; i < o->count; i++)
		buf_addf(out, "#define SPY_AT_%s_%s %u\n", members[i].type, members[i].name,
			 o->bytes[i]);
}

/* SPDX-License-Identifier: MIT */
/* Where members are in the kernel's structs, as its own description of its types says (BTF:
 * Documentation/bpf/btf.rst). Built-in kernel headers have no such structs, and those of a running
 * kernel may be of another. */
#ifndef SPY_KERNEL_BTF_H
#define SPY_KERNEL_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct btf_member {
	const char *type,
		*name;	 /* of the struct; of a member, also of one in an anonymous struct */
	uint32_t offset; /* bytes; what is found */
};

/* Finds all of them in what /sys/kernel/btf/vmlinux holds. False: some are not there, or it is
 * malformed. */
bool btf_find(struct span btf, struct btf_member *members, size_t count);

/* The same of the running kernel. 0, or -errno: -ENOENT where there is no such file. */
int btf_find_kernel(struct btf_member *members, size_t count);

#endif

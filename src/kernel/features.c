/* SPDX-License-Identifier: MIT */
#include "kernel/features.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/bpf.h"

uint32_t kernel_version(void)
{
	unsigned major = 0, minor = 0, patch = 0;
	struct utsname u;

	if (uname(&u) != 0 || sscanf(u.release, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return KERNEL(major, minor) + (patch > 255 ? 255 : patch);
}

uint64_t kernel_capabilities(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long bits = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &bits) == 1)
			break;
	if (f)
		fclose(f);
	return bits;
}

/* mov r0, 0; exit */
static const uint64_t empty_program[] = { 0xb7, 0x95 };

bool kernel_may_load_bpf(void)
{
	int fd = bpf_prog_load_kind(BPF_KIND_UPROBE, "spy_try", empty_program,
				    sizeof(empty_program), NULL, 0);

	if (fd >= 0)
		close(fd);
	return fd != -EPERM && fd != -EACCES;
}

bool kernel_can_ring_buffer(void)
{
	/* BPF_MAP_TYPE_RINGBUF of one page; Linux 5.8. */
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_RINGBUF;
	a.max_entries = (uint32_t)sysconf(_SC_PAGESIZE);
	fd = (int)syscall(__NR_bpf, BPF_MAP_CREATE, &a, sizeof(a));
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool kernel_can_multi(void)
{
	uint64_t offset = 0;
	int prog = bpf_prog_load_kind(BPF_KIND_UPROBE_MULTI, "spy_try", empty_program,
				      sizeof(empty_program), NULL, 0);
	int link;

	if (prog < 0)
		return false;
	/* Older kernels load it all the same; a link without offsets is refused by both, with
	 * EINVAL where the kind of link is known but the file is none: so try a directory. */
	link = bpf_uprobe_multi(prog, "/", &offset, 1, 0);
	if (link >= 0)
		close(link);
	close(prog);
	return link == -EBADF || link >= 0;
}

bool kernel_can_raw_tracepoint(const char *name)
{
	int prog = bpf_prog_load_kind(BPF_KIND_RAW_TRACEPOINT, "spy_try", empty_program,
				      sizeof(empty_program), NULL, 0);
	int link = prog < 0 ? prog : bpf_raw_tracepoint(prog, name);

	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
	return link >= 0;
}

/* One stands for both: they came together, and asking for another right after this one waits until
 * no processor can be in it. */
bool kernel_can_sock_length(void)
{
	return kernel_can_raw_tracepoint("sock_send_length");
}

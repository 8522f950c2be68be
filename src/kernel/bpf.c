/* SPDX-License-Identifier: MIT */
#include "kernel/bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"

/* Not in the headers of older distributions. */
#define TRACE_UPROBE_MULTI	 48
#define UPROBE_MULTI_RETURN	 1
#define CGROUP_INET4_GETPEERNAME 29
#define CGROUP_INET6_GETPEERNAME 30

static int bpf_call(int cmd, void *attr, size_t size)
{
	long r = syscall(__NR_bpf, cmd, attr, size);

	return r < 0 ? -errno : (int)r;
}

/* The numbers are the kernel's: headers of older distributions lack names. */
static const struct {
	uint32_t type, attach; /* enum bpf_prog_type, enum bpf_attach_type */
} kinds[] = {
	[BPF_KIND_UPROBE] = { BPF_PROG_TYPE_KPROBE, 0 },
	[BPF_KIND_UPROBE_MULTI] = { BPF_PROG_TYPE_KPROBE, TRACE_UPROBE_MULTI },
	[BPF_KIND_RAW_TRACEPOINT] = { BPF_PROG_TYPE_RAW_TRACEPOINT, 0 },
	[BPF_KIND_CONNECT4] = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	[BPF_KIND_CONNECT6] = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT },
	[BPF_KIND_SOCK_OPS] = { BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS },
	[BPF_KIND_PEER_NAME4] = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, CGROUP_INET4_GETPEERNAME },
	[BPF_KIND_PEER_NAME6] = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, CGROUP_INET6_GETPEERNAME },
};

int bpf_prog_load_kind(enum bpf_prog_kind kind, const char *name, const void *insns, size_t len,
		       char *log, size_t log_len)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = kinds[kind].type;
	a.expected_attach_type = kinds[kind].attach;
	a.insns = (uintptr_t)insns;
	a.insn_cnt = (uint32_t)(len / sizeof(struct bpf_insn));
	a.license = (uintptr_t) "Dual BSD/GPL";
	a.kern_version = kernel_version();
	snprintf(a.prog_name, sizeof(a.prog_name), "%s", name);
	if (log) {
		a.log_buf = (uintptr_t)log;
		a.log_size = (uint32_t)log_len;
		a.log_level = 1;
	}
	return bpf_call(BPF_PROG_LOAD, &a, sizeof(a));
}

int bpf_map_create(const struct bpf_map_layout *l, const char *name)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = l->type;
	a.key_size = l->key_size;
	a.value_size = l->value_size;
	a.max_entries = l->max_entries;
	a.map_flags = l->flags;
	snprintf(a.map_name, sizeof(a.map_name), "%s", name);
	return bpf_call(BPF_MAP_CREATE, &a, sizeof(a));
}

int bpf_map_layout(int map, struct bpf_map_layout *ret)
{
	struct bpf_map_info info;
	union bpf_attr a;
	int err;

	memset(&info, 0, sizeof(info));
	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = (uint32_t)map;
	a.info.info_len = sizeof(info);
	a.info.info = (uintptr_t)&info;
	err = bpf_call(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));
	*ret = (struct bpf_map_layout){ .type = info.type,
					.key_size = info.key_size,
					.value_size = info.value_size,
					.max_entries = info.max_entries,
					.flags = info.map_flags };
	return err;
}

int bpf_map_put(int map, const void *key, const void *value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = (uint32_t)map;
	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	return bpf_call(BPF_MAP_UPDATE_ELEM, &a, sizeof(a));
}

int bpf_map_get(int map, const void *key, void *value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = (uint32_t)map;
	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	return bpf_call(BPF_MAP_LOOKUP_ELEM, &a, sizeof(a));
}

int bpf_map_next(int map, const void *key, void *ret_next)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = (uint32_t)map;
	a.key = (uintptr_t)key;
	a.next_key = (uintptr_t)ret_next;
	return bpf_call(BPF_MAP_GET_NEXT_KEY, &a, sizeof(a));
}

int bpf_raw_tracepoint(int prog, const char *name)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.raw_tracepoint.name = (uintptr_t)name;
	a.raw_tracepoint.prog_fd = (uint32_t)prog;
	return bpf_call(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

int bpf_cgroup_link(int prog, int cgroup, enum bpf_prog_kind kind)
{
	/* union bpf_attr's link_create, which headers before 5.7 lack. */
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
	} a = { (uint32_t)prog, (uint32_t)cgroup, kinds[kind].attach, 0 };

	return bpf_call(BPF_LINK_CREATE, &a, sizeof(a));
}

/* The number after `prefix` in a one-line file of sysfs. */
static int sysfs_number(const char *path, const char *prefix)
{
	char line[64] = "";
	FILE *f = fopen(path, "re");
	bool read;

	if (!f)
		return -errno;
	read = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	if (!read || strncmp(line, prefix, strlen(prefix)) != 0)
		return -EPROTO;
	return (int)strtol(line + strlen(prefix), NULL, 10);
}

int bpf_uprobe(int prog, const char *path, uint64_t offset, int at_return, pid_t pid)
{
	static const char dir[] = "/sys/bus/event_source/devices/uprobe/";
	char file[96];
	struct perf_event_attr a = { .size = sizeof(a), .sample_period = 1, .wakeup_events = 1 };
	int type, bit, fd;

	snprintf(file, sizeof(file), "%stype", dir);
	type = sysfs_number(file, "");
	snprintf(file, sizeof(file), "%sformat/retprobe", dir);
	bit = sysfs_number(file, "config:");
	if (type < 0 || bit < 0)
		return type < 0 ? type : bit;
	a.type = (uint32_t)type;
	a.config = at_return ? 1ull << bit : 0;
	a.config1 = (uintptr_t)path;
	a.config2 = offset;
	fd = (int)syscall(__NR_perf_event_open, &a, pid, pid < 0 ? 0 : -1, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int bpf_uprobe_multi(int prog, const char *path, const uint64_t *offsets, size_t count,
		     int at_return)
{
	/* union bpf_attr's link_create.uprobe_multi, declared here because headers before 6.6 lack
	 * it. */
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t cnt, multi_flags, pid, pad;
	} a = {
		.prog_fd = (uint32_t)prog,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cnt = (uint32_t)count,
		.multi_flags = at_return ? UPROBE_MULTI_RETURN : 0,
	};

	return bpf_call(BPF_LINK_CREATE, &a, sizeof(a));
}

int bpf_uprobe_disable(int perf_fd)
{
	return ioctl(perf_fd, PERF_EVENT_IOC_DISABLE, 0) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: MIT */
/* The calls of bpf(2) and perf_event_open(2) that llm-spy makes itself, so that the tracer needs
 * neither libbcc nor LLVM after a child has compiled the BPF programs. All return a descriptor or
 * 0, or a negative errno. Sources: bpf(2), perf_event_open(2), linux/bpf.h. */
#ifndef SPY_KERNEL_BPF_H
#define SPY_KERNEL_BPF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum bpf_prog_kind {
	BPF_KIND_UPROBE,
	BPF_KIND_UPROBE_MULTI,
	BPF_KIND_RAW_TRACEPOINT,
	/* Of a cgroup: at connect(2), before a SYN is sent, and at getpeername(2). */
	BPF_KIND_CONNECT4,
	BPF_KIND_CONNECT6,
	BPF_KIND_SOCK_OPS,
	BPF_KIND_PEER_NAME4,
	BPF_KIND_PEER_NAME6,
};

/* insns: instructions in the kernel's encoding, `len` bytes. log may be NULL. */
int bpf_prog_load_kind(enum bpf_prog_kind kind, const char *name, const void *insns, size_t len,
		       char *log, size_t log_len);

struct bpf_map_layout {
	uint32_t type, key_size, value_size, max_entries, flags; /* enum bpf_map_type and so on */
};
/* name: as far as the kernel takes it. */
int bpf_map_create(const struct bpf_map_layout *l, const char *name);
int bpf_map_layout(int map, struct bpf_map_layout *ret);
int bpf_map_put(int map, const void *key, const void *value);
int bpf_map_get(int map, const void *key, void *value);
/* The key after this one (NULL: the first) in no order of note; -ENOENT: there is none. */
int bpf_map_next(int map, const void *key, void *ret_next);
int bpf_raw_tracepoint(int prog, const char *name);
/* For the processes of a cgroup and of those below it, beside other programs there, until the
 * descriptor is closed, however that comes about. Linux 5.7. */
int bpf_cgroup_link(int prog, int cgroup, enum bpf_prog_kind kind);

/* One uprobe in one file. pid -1: all processes. */
int bpf_uprobe(int prog, const char *path, uint64_t offset, int at_return, pid_t pid);
/* Linux 6.6: attaches to many offsets of one file at once, for all processes. */
int bpf_uprobe_multi(int prog, const char *path, const uint64_t *offsets, size_t count,
		     int at_return);
int bpf_uprobe_disable(int perf_fd);

#endif

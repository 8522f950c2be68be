/* SPDX-License-Identifier: MIT */
#include "probe/preamble.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"

/* The verifier walks some 850 instructions for each fragment of a call, out of a million. */
#define CHUNKS_MAX 1024
#define RING_CHUNK 65536
/* A perf record that holds more than 65,498 bytes vanishes without an error. */
#define PERF_CHUNK 32768

static void sock_preamble(const struct probe_config *c, struct buf *out)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{ "read", SYS_read },	      { "write", SYS_write },
		{ "readv", SYS_readv },	      { "writev", SYS_writev },
		{ "preadv2", SYS_preadv2 },   { "pwritev2", SYS_pwritev2 },
		{ "recvfrom", SYS_recvfrom }, { "sendto", SYS_sendto },
		{ "recvmsg", SYS_recvmsg },   { "sendmsg", SYS_sendmsg },
		{ "recvmmsg", SYS_recvmmsg }, { "sendmmsg", SYS_sendmmsg },
		{ "sendfile", SYS_sendfile }, { "splice", SYS_splice },
		{ "connect", SYS_connect },   { "close", SYS_close },
		{ "dup", SYS_dup },	      { "dup3", SYS_dup3 },
		{ "fcntl", SYS_fcntl },	      { "close_range", 436 }, /* glibc may be older */
#ifdef SYS_dup2
		{ "dup2", SYS_dup2 },
#endif
	};

	buf_addf(out, "#define SPY_PEERS %d\n#define SPY_PLAIN_ON %d\n", c->peers,
		 c->plain_ports != NULL);
	buf_addf(out, "#define SPY_NETNS %d\n", access("/proc/self/ns/net", F_OK) == 0);
	buf_addf(out, "#define SPY_SOCK_LENGTH %d\n#define SPY_NOTICE %d\n", c->sock_length,
		 c->sock_length && c->peers);
	buf_addf(out, "#define SPY_TASK_REGS %d\n", access("/sys/kernel/btf/vmlinux", F_OK) == 0);
	if (c->plain_ports)
		buf_addf(out, "#define SPY_PLAIN_PORT(p) (%s)\n#define SPY_PLAIN_NEAR %d\n",
			 c->plain_ports, c->plain_near);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		buf_addf(out, "#define SPY_NR_%s %ld\n", calls[i].name, calls[i].number);
}

/* A ring buffer that gives way to the first group's can be small. */
void preamble_add(const struct probe_config *c, enum probe_group g, struct buf *out)
{
	size_t chunk = c->ring_buffer ? RING_CHUNK : PERF_CHUNK;
	size_t chunks = (c->call_max + chunk - 1) / chunk;
	bool read_user = kernel_version() >= KERNEL(5, 5);
	bool cgroup = kernel_version() >= KERNEL(4, 18);

	if (chunks > CHUNKS_MAX)
		chunks = CHUNKS_MAX;
	buf_addf(out, "#define SPY_RINGBUF %d\n", c->ring_buffer);
	buf_addf(out, "#define SPY_RING_PAGES %zu\n", g == GROUP_CORE ? c->ring_bytes / 4096 : 1);
	buf_addf(out, "#define SPY_WAKE_BYTES %zu\n", c->ring_bytes / 16);
	buf_addf(out, "#define SPY_CHUNK %zu\n#define SPY_CHUNKS %zu\n", chunk, chunks);
	buf_addf(out, "#define SPY_CONNS %zu\n", c->conns);
	buf_addf(out, "#define SPY_TREE %d\n#define SPY_SELF %d\n", c->tree, (int)getpid());
	buf_addf(out, "#define SPY_SKIP %s\n", c->skip);
	buf_addf(out, "#define SPY_CGROUPS %zu\n#define SPY_NEED_COMM %d\n", c->cgroups,
		 c->need_comm);
	buf_addf(out, "#define SPY_CGROUP_ID %s\n", cgroup ? "bpf_get_current_cgroup_id()" : "0");
	buf_addf(out, "#define SPY_READ_USER bpf_probe_read%s\n", read_user ? "_user" : "");
	buf_addf(out, "#define SPY_READ_USER_STR bpf_probe_read%s_str\n", read_user ? "_user" : "");
	buf_addf(out, "#define SPY_READ_KERNEL bpf_probe_read%s\n", read_user ? "_kernel" : "");
	sock_preamble(c, out);
	buf_adds(out, "#include <linux/types.h>\n");
}

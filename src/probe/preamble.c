/* SPDX-License-Identifier: MIT */
#include "probe/preamble.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/features.h"
#include "probe/bytecode.h"

/* One program sends so much of a call. The verifier walks some 250 instructions for each fragment,
 * which takes it time at each start. Programs may follow one another 33 times. */
#define PART_BYTES (2u << 20)
#define PARTS_MAX  33
#define WAKE_BYTES (1u << 20)
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
		{ "vmsplice", SYS_vmsplice }, { "tee", SYS_tee },
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

static void stdio_preamble(const struct probe_config *c, struct buf *out)
{
	buf_addf(out, "#define SPY_STDIO_ALL %d\n#define SPY_STDIO_FRESH %d\n",
		 c->stdio == STDIO_ALL, c->tree && c->stdio == STDIO_SPEAKERS);
	buf_addf(out, "#define SPY_STDIO_NOBODY %d\n#define SPY_PLAIN_UNIX %d\n",
		 c->stdio == STDIO_NOBODY, c->plain_unix);
}

/* Reading a traced program's memory and the kernel's. By names of our own: at each place where
 * libbcc (0.26) meets its name of such a helper it makes a table of all symbols of the kernel anew,
 * which took two thirds of the time of compiling. Source: enum bpf_func_id. */
static void read_preamble(struct buf *out)
{
	static const struct {
		const char *macro, *name, *before; /* before Linux 5.5 */
		int id;
	} rows[] = {
		{ "SPY_READ_USER", "spy_read_user", "bpf_probe_read", 112 },
		{ "SPY_READ_KERNEL", "spy_read_kernel", "bpf_probe_read", 113 },
		{ "SPY_READ_USER_STR", "spy_read_user_str", "bpf_probe_read_str", 114 },
		{ "SPY_READ_KERNEL_STR", "spy_read_kernel_str", "bpf_probe_read_str", 115 },
	};
	bool has = kernel_version() >= KERNEL(5, 5);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_addf(out, "#define %s %s\n", rows[i].macro,
			 has ? rows[i].name : rows[i].before);
		if (has)
			buf_addf(out,
				 "static long (*%s)(void *, __u32, const void *) = (void *)%d;\n",
				 rows[i].name, rows[i].id);
	}
}

/* What differs from run to run is put in its place when the programs are loaded (bytecode.h), so
 * that the text does not, and what was compiled can be kept. */
static void value_preamble(struct buf *out)
{
	buf_adds(out, "#define SPY_VALUE(i) ({ unsigned long long value_; "
		      "asm(\"%0 = %1 ll\" : \"=r\"(value_) : \"i\"(");
	buf_addf(out, "0x%llxull + (i))); (unsigned)value_; })\n", BYTECODE_VALUE);
	buf_adds(out, "#define SPY_SELF SPY_VALUE(0)\n#define SPY_PID(i) SPY_VALUE((i) + 1)\n");
}

/* A ring buffer that gives way to the first group's can be small. */
void preamble_add(const struct probe_config *c, enum probe_group g, struct buf *out)
{
	size_t chunk = c->ring_buffer ? RING_CHUNK : PERF_CHUNK;
	size_t chunks = (c->call_max + chunk - 1) / chunk, part = PART_BYTES / chunk;
	bool cgroup = kernel_version() >= KERNEL(4, 18);

	if (chunks > PARTS_MAX * part)
		chunks = PARTS_MAX * part;
	buf_addf(out, "#define SPY_RINGBUF %d\n", c->ring_buffer);
	buf_addf(out, "#define SPY_RING_PAGES %zu\n", g == GROUP_CORE ? c->ring_bytes / 4096 : 1);
	buf_addf(out, "#define SPY_WAKE_BYTES %zu\n",
		 c->ring_bytes / 16 < WAKE_BYTES ? c->ring_bytes / 16 : WAKE_BYTES);
	buf_addf(out, "#define SPY_CHUNK %zu\n#define SPY_CHUNKS %zu\n", chunk,
		 chunks < part ? chunks : part);
	buf_addf(out, "#define SPY_CALL_MAX %zuull\n", chunks * chunk);
	buf_addf(out, "#define SPY_CONNS %zu\n", c->conns);
	buf_addf(out, "#define SPY_TREE %d\n", c->tree);
	value_preamble(out);
	buf_addf(out, "#define SPY_SKIP %s\n", c->skip);
	buf_addf(out, "#define SPY_CGROUPS %zu\n#define SPY_NEED_COMM %d\n", c->cgroups,
		 c->need_comm);
	buf_addf(out, "#define SPY_CGROUP_ID %s\n", cgroup ? "bpf_get_current_cgroup_id()" : "0");
	sock_preamble(c, out);
	if (g == GROUP_STDIO)
		stdio_preamble(c, out);
	if (g == GROUP_STDIO || g == GROUP_CORE)
		kernel_offsets_add(&c->offsets, out);
	buf_addf(out, "#define SPY_EXEC_NAMES %d\n",
		 g == GROUP_CORE && c->ring_buffer && kernel_offsets_of_exec(&c->offsets));
	buf_adds(out, "#include <linux/types.h>\n");
	read_preamble(out);
}

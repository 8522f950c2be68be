/* SPDX-License-Identifier: MIT */
/* The probe from source text to loaded programs. A child process does it, through libbcc, and
 * hands the descriptors back: the tracer itself never holds LLVM. */
#ifndef SPY_ATTACH_COMPILE_H
#define SPY_ATTACH_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* The programs of probes/. */
#define PROBE_PROGRAMS(X)                       \
	X(PROG_CALL, "spy_call")                \
	X(PROG_CALL_EX, "spy_call_ex")          \
	X(PROG_CALL_PEEK, "spy_call_peek")      \
	X(PROG_CALL_INTERNAL, "spy_call_internal") \
	X(PROG_WRITE_RETURN, "spy_write_return")\
	X(PROG_READ_RETURN, "spy_read_return")  \
	X(PROG_NEW_RETURN, "spy_new_return")    \
	X(PROG_HANDSHAKE_RETURN, "spy_handshake_return") \
	X(PROG_FREE, "spy_free")                \
	X(PROG_CLEAR, "spy_clear")              \
	X(PROG_UP_REF, "spy_up_ref")            \
	X(PROG_CTRL, "spy_ctrl")                \
	X(PROG_MAPPED, "spy_mapped")            \
	X(PROG_EXEC, "spy_exec")                \
	X(PROG_GO_CALL, "spy_go_call")          \
	X(PROG_GO_WRITE_RETURN, "spy_go_write_return") \
	X(PROG_GO_READ_RETURN, "spy_go_read_return") \
	X(PROG_GO_BEGIN, "spy_go_begin")        \
	X(PROG_GO_CLOSE, "spy_go_close")        \
	X(PROG_RECEIVED, "spy_received")        \
	X(PROG_STATE, "spy_state")              \
	X(PROG_SYS_EXIT, "spy_sys_exit")        \
	X(PROG_SOCK_SENT, "spy_sock_sent")      \
	X(PROG_SOCK_RECEIVED, "spy_sock_received") \
	X(PROG_FORK, "spy_fork")                \
	X(PROG_EXIT, "spy_exit")                \
	X(PROG_WRITE_GAP, "spy_write_gap")      \
	X(PROG_READ_GAP, "spy_read_gap")        \
	X(PROG_HOST_TEXT, "spy_host_text")      \
	X(PROG_HOST_SIZED, "spy_host_sized")    \
	X(PROG_INIT_RETURN, "spy_init_return")  \
	X(PROG_UNCORK, "spy_uncork")            \
	X(PROG_UNCORK_RETURN, "spy_uncork_return") \
	X(PROG_NSPR_CALL, "spy_nspr_call")      \
	X(PROG_NSPR_CALL_FLAGS, "spy_nspr_call_flags") \
	X(PROG_IMPORT_RETURN, "spy_import_return")    \
	X(PROG_RUSTLS_WRITE, "spy_rustls_write")\
	X(PROG_RUSTLS_READ, "spy_rustls_read")  \
	X(PROG_RUSTLS_READ_RETURN, "spy_rustls_read_return")

enum probe_program {
#define X(id, name) id,
	PROBE_PROGRAMS(X)
#undef X
	PROG_COUNT
};

enum kernel_headers { HEADERS_AUTO, HEADERS_BUILTIN, HEADERS_DIR };

struct probe_config {
	enum kernel_headers headers;
	const char *headers_dir; /* HEADERS_DIR */
	bool ring_buffer;	 /* false: perf buffer */
	bool multi;		 /* load for bpf_uprobe_multi */
	size_t ring_bytes;	 /* a power of two, at least a page */
	size_t call_max;	 /* bytes of one call that are captured at least */
	size_t conns;		 /* TLS objects remembered */
	bool tree;		 /* only the command's tree */
	const char *skip;	 /* C expression, see probes/tls.bpf.c; "0": nothing is skipped */
	bool need_cgroup, need_comm;
	bool peers; /* which sockets connections use is found out */
	/* C expression of a port p that is true for those whose plaintext is captured; NULL: none */
	const char *plain_ports;
	bool sock_length; /* probe_can_sock_length() */
	bool plain_near; /* of these, only between processes of this host */
};

/* Descriptors; -1 where there is none. The caller closes them (probe_close). */
struct probe {
	int prog[PROG_COUNT];
	int events, counters, tree_tgids;
	unsigned compile_ms, load_ms;
	long child_peak_kb;
	char headers[128]; /* which headers were taken, for people */
};

/* The C text in front of event.h and the probe. */
void probe_preamble(const struct probe_config *c, struct buf *out);
int probe_compile(const struct probe_config *c, struct probe *ret, struct error *reterr);
void probe_close(struct probe *p);

/* What this kernel can do, and lets us do. */
bool probe_may_load(void);
bool probe_can_ring_buffer(void);
bool probe_can_multi(void);
bool probe_can_raw_tracepoint(const char *name);
bool probe_can_sock_length(void); /* sock_send_length and sock_recv_length: Linux 6.3 */
/* True when libbcc will find headers of the running kernel by itself: says which. */
bool probe_kernel_headers(char *what, size_t size);
extern const char probe_libbcc[]; /* name of the library */

#endif

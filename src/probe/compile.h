/* SPDX-License-Identifier: MIT */
/* The probe: programs in the kernel, by groups that are compiled when they are needed. The compiler
 * is a process of its own (compiler.h) that hands descriptors over: the tracer itself never holds
 * LLVM. */
#ifndef SPY_PROBE_COMPILE_H
#define SPY_PROBE_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "probe/kernel_offsets.h"
#include "probes/programs.h"

enum kernel_headers { HEADERS_AUTO, HEADERS_BUILTIN, HEADERS_DIR };

/* Whose pipes and Unix sockets are captured where they carry JSON-RPC. */
enum stdio_who {
	STDIO_NOBODY,
	STDIO_SPEAKERS, /* processes in the map spy_speakers and their children */
	STDIO_ALL,
};

struct probe_config {
	enum kernel_headers headers;
	const char *headers_dir; /* HEADERS_DIR */
	bool ring_buffer;	 /* false: perf buffer */
	bool multi;		 /* load for bpf_uprobe_multi */
	size_t ring_bytes;	 /* a power of two, at least a page */
	size_t call_max;	 /* bytes of one call that are captured at least */
	size_t conns;		 /* TLS objects remembered */
	bool tree;		 /* only the command's tree */
	const char *skip;	 /* C expression, see probes/base.bpf.c; "0": nothing is skipped */
	const pid_t *pids;	 /* that it speaks of as SPY_PID(i) */
	size_t npids;
	bool no_cache; /* compile always, and keep nothing */
	bool need_comm;
	size_t cgroups; /* how many; probe_map(spy_cgroups) has them; 0: any */
	bool peers;	/* which sockets connections use is found out */
	/* C expression of a port p that is true for those whose plaintext is captured; NULL: none
	 */
	const char *plain_ports;
	bool sock_length; /* kernel_can_sock_length() */
	bool plain_near;  /* of these, only between processes of this host */
	bool plain_unix;  /* HTTP over Unix sockets too; needs offsets */
	enum stdio_who stdio;
	struct kernel_offsets offsets; /* as found; those of pipes, unless STDIO_NOBODY */
};

/* Used by one thread at a time: by the one that starts, then by that of discover.h. */
struct probe;

/* compiler: the socket of compiler_start, which the probe closes, on failure too. */
int probe_open(struct probe **ret, const struct probe_config *c, int compiler,
	       struct error *reterr);
void probe_free(struct probe *p); /* accepts NULL */

/* Has a group compiled in the background, unless it was before. */
void probe_begin(struct probe *p, enum probe_group g);
/* The same, and waits until it is loaded. 0, or why it cannot be; what it failed for want of memory
 * or descriptors is tried some times more, a while later. */
int probe_need(struct probe *p, enum probe_group g, struct error *reterr);
/* Whether it failed for want of what may be there later, memory or descriptors: neither the probe
 * nor the kernel is to blame. */
bool err_is_transient(int err);
/* Begins it too. Whether probe_need() would not wait. */
bool probe_is_ready(struct probe *p, enum probe_group g);
/* The same as probe_begin for a group that will be needed, as it seems: probe_settle waits for it
 * only if it has to be compiled. Else it is loaded once nobody waits for another. */
void probe_expect(struct probe *p, enum probe_group g);
/* Has what is left loaded, one group after another and at a low priority. Does not wait; to be
 * called again until it returns true: nothing is left. */
bool probe_prefetch(struct probe *p);
/* Waits for what was begun, whatever comes of it. */
void probe_settle(struct probe *p);

enum probe_group probe_group_of(enum probe_program prog);
/* Descriptors, which stay the probe's; -1: not loaded, or left out by the configuration. */
int probe_program(const struct probe *p, enum probe_program prog);
int probe_map(const struct probe *p, const char *name);

#endif

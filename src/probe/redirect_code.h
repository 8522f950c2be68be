/* SPDX-License-Identifier: MIT */
/* BPF programs that lead the connections of a cgroup to a proxy on this host, as instructions: they
 * are short, so no compiler is needed. Pure. Sources: linux/bpf.h, bpf-helpers(7), RFC 9669.
 *
 * At connect(2) the address is noted under the socket's cookie and replaced by the proxy's. Before
 * the SYN leaves, when the socket has its port, the note is copied to where the proxy finds it by
 * that port. getpeername(2) tells the client the address that it asked for. */
#ifndef SPY_PROBE_REDIRECT_CODE_H
#define SPY_PROBE_REDIRECT_CODE_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/ports.h"

/* Where a client wanted to connect: what the proxy reads, and the programs write. */
struct redirect_slot {
	uint8_t address[16]; /* of IPv4 the first four bytes */
	uint16_t port;
	uint8_t family; /* 4 or 6; of 6 it may be a mapped address */
	uint8_t via;	/* 4 or 6: by which of its addresses the proxy is reached */
	uint32_t pid;	/* whose client; 0: nobody wanted to */
};

/* By the client's port; those that came by IPv6 follow those by IPv4. */
#define REDIRECT_PORTS 65536u
#define REDIRECT_SLOTS (2 * REDIRECT_PORTS)

#define REDIRECT_USERS 16

/* Who is led where. All processes of the cgroup, unless users are named, in one network namespace.
 */
struct redirect_rule {
	struct port_range ports[PORTS_MAX];
	size_t nports;
	uint32_t users[REDIRECT_USERS];
	size_t nusers;
	uint32_t except[2]; /* processes that connect as they want */
	uint64_t netns;	    /* SO_NETNS_COOKIE */
	uint16_t to_port;   /* at 127.0.0.1 */
	bool to_v6;	    /* and at ::1 */
};

#define REDIRECT_CODE_MAX 512

struct redirect_code {
	struct bpf_insn insns[REDIRECT_CODE_MAX];
	size_t count;
};

/* notes: a map by cookie; slots: the array of struct redirect_slot. */
void redirect_connect4(struct redirect_code *c, const struct redirect_rule *r, int notes);
void redirect_connect6(struct redirect_code *c, const struct redirect_rule *r, int notes);
void redirect_before_syn(struct redirect_code *c, int notes, int slots);
void redirect_peer_name4(struct redirect_code *c, int notes);
void redirect_peer_name6(struct redirect_code *c, int notes);

#endif

/* SPDX-License-Identifier: MIT */
/* Which of the TLS connections that processes opened were captured: a ClientHello was noticed, data
 * followed it, and a hooked TLS object has the same endpoints, or may have. Where endpoints of
 * captured connections are unknown or may be wrong, each of them stands for one that was noticed
 * at about that time in its process: better nothing is said than what is not true. QUIC is never
 * captured. Bounded. Pure. */
#ifndef SPY_REPORT_CARRIED_H
#define SPY_REPORT_CARRIED_H

#include "capture/chunk.h"
#include "capture/hello.h"

/* A connection whose data nothing that is hooked has carried. */
struct uncarried {
	uint32_t tgid, uid;
	uint64_t begun_ns, moved_ns; /* its handshake; when data followed */
	bool quic;
	bool captured;		      /* others of its process were */
	bool unwritten;		      /* what it sent was not captured, only what it received */
	bool joined;		      /* it was, but from its middle on */
	char server_name[HELLO_NAME]; /* "": unknown */
	char peer[ENDPOINT_TEXT];
	char comm[17];
};

struct carried;
struct carried *carried_new(void);
void carried_free(struct carried *c); /* accepts NULL */

void carried_notice(struct carried *c, const struct notice *from);
/* Of every kind; what is no data or endpoints of a TLS object is passed over. True: its connection
 * had moved data before any of it was captured. */
bool carried_chunk(struct carried *c, const struct chunk *k);
/* Events were lost: of what has begun until now, nothing is known. */
void carried_lost(struct carried *c);

struct carried_stats {
	uint64_t noticed; /* handshakes */
	uint64_t moved;	  /* that data followed */
	uint64_t same;	  /* of which a captured connection has the endpoints */
	uint64_t likely;  /* for which another may stand */
};
struct carried_stats carried_stats(const struct carried *c);

typedef void (*uncarried_fn)(void *arg, const struct uncarried *u);
/* Call now and then. at_end: nothing more is awaited. */
void carried_settle(struct carried *c, uint64_t now_ns, bool at_end, uncarried_fn fn, void *arg);

#endif

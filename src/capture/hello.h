/* SPDX-License-Identifier: MIT */
/* What the beginnings of a connection's sends say of TLS and QUIC: the name of the server that is
 * asked for, and whether the handshake was followed by data. Pure. Sources: RFC 8446, RFC 6066
 * section 3, RFC 9000 section 17. */
#ifndef SPY_CAPTURE_HELLO_H
#define SPY_CAPTURE_HELLO_H

#include "capture/endpoints.h"

#define HELLO_NAME 256

/* A ClientHello or an Initial packet that left, or something after it; see SPY_NOTICE_EVENT. */
struct notice {
	uint32_t tgid, uid;
	uint64_t id; /* of the socket's connection */
	uint64_t ts_ns;
	uint32_t seq;  /* 0: the handshake begins */
	uint32_t sent; /* bytes */
	bool datagram; /* UDP, so QUIC */
	bool received; /* a ClientHello came from the peer, of seq 0 */
	char comm[17];
	struct endpoints ends;
	struct span data; /* the beginning of what was sent, borrowed; maybe empty */
};

/* The name in lower case. False, and "": it names none, or it is cut before. */
bool hello_server_name(struct span sent, char ret[HELLO_NAME]);

/* What tells one ClientHello, or QUIC connection, from all others: its random bytes; 0: none is
 * there. Whoever passes it on sends the same. */
uint64_t hello_mark(struct span sent, bool datagram);

/* The client's side of a connection after its ClientHello, from the beginnings of its sends. Zeroed
 * at first. */
struct hello_flow {
	bool old;	  /* TLS 1.2 or older: the handshake is readable */
	bool ccs, done;	  /* change of cipher; TLS 1.3: Finished was sent */
	bool moved;	  /* application data was */
	unsigned unclear; /* encrypted records of TLS 1.3 before Finished */
	unsigned packets; /* of QUIC, after its handshake */
};
void hello_flow_tls(struct hello_flow *f, struct span begin, uint32_t sent);
void hello_flow_quic(struct hello_flow *f, struct span begin);

#endif

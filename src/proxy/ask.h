/* SPDX-License-Identifier: MIT */
/* What a client asks the proxy for: the beginning of its connection. Pure. Sources: RFC 9110
 * section 9.3.6 (CONNECT), RFC 9112 section 3.2 (absolute and authority form), RFC 1928 (SOCKS5).
 */
#ifndef SPY_PROXY_ASK_H
#define SPY_PROXY_ASK_H

#include "base/buf.h"
#include "base/span.h"

/* No beginning is longer. */
#define ASK_MAX 65536

enum ask_kind {
	ASK_CONNECT,  /* a tunnel */
	ASK_SOCKS,    /* the same, in SOCKS5 */
	ASK_LED,      /* nothing: it was led to us, and does not know */
	ASK_ABSOLUTE, /* a request with the server's name in its target, or for a fixed server */
};

struct ask {
	enum ask_kind kind;
	char host[256]; /* without brackets */
	unsigned port;
	bool upgrades;	 /* it wants to speak another protocol, as WebSocket */
	struct buf head; /* ASK_ABSOLUTE: the request's head as the server gets it */
};

/* Reads `in`, which is all that the client has sent and has not been answered yet. Returns
 * 0: it is incomplete; > 0: so many bytes of it were read. *ret_reply: what the client must get
 * now, static, maybe empty. ret->host is set once what it asks for is known. < 0: it asks for
 * nothing that can be given, *ret_reply says so. fixed_host: where all requests go, whatever they
 * name; or NULL. */
int ask_read(struct span in, const char *fixed_host, unsigned fixed_port, struct ask *ret,
	     struct span *ret_reply);

/* How many bytes of what a client sends may belong to its beginning and to nothing after it. */
size_t ask_take(struct span had, struct span more);
/* The same of a head of HTTP alone. */
size_t ask_take_head(struct span had, struct span more);

/* "host:port", "[::1]:port" into host and port; `standard` where no port is named, 0: one must be.
 */
bool ask_authority(struct ask *a, struct span s, unsigned standard);

void ask_init(struct ask *a);
void ask_done(struct ask *a);

/* What answers a client whose tunnel stands, or cannot be had. */
struct span ask_granted(enum ask_kind k);
struct span ask_refused(enum ask_kind k);

#endif

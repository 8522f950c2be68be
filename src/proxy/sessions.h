/* SPDX-License-Identifier: MIT */
/* TLS sessions with servers: a later connection resumes one instead of a full handshake. A session
 * vouches for the certificate that was verified when it began, and none is verified at a
 * resumption; so it is offered to the same host name and port alone, with the same ALPN, and for a
 * limited time. Every certificate is verified in the same way (main.c), so that is no part of what
 * must be the same. Sources: RFC 8446 sections 2.2, 4.6.1 and C.4; SSL_CTX_sess_set_new_cb(3). */
#ifndef SPY_PROXY_SESSIONS_H
#define SPY_PROXY_SESSIONS_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/list.h"

#define SESSIONS_MAX	     128
#define SESSIONS_OF_ONE_MAX  8 /* of one server: as many connections may begin at once */
#define SESSIONS_TICKET_MAX  4096
#define SESSIONS_MAX_SECONDS 3600 /* since the certificate was verified */

struct sessions {
	struct list items; /* the newest first */
	size_t count;
};

/* Of one connection to a server: what it may offer, and what its own sessions may be used for. */
struct session_use {
	struct buf key; /* server name, port, ALPN; empty: nothing is kept */
	/* Since 1970, as all times here: so that time that a host sleeps counts. */
	int64_t begun_ns;
	int64_t verified_ns; /* when the connection began whose certificate was verified */
};

void sessions_init(struct sessions *s);
void sessions_done(struct sessions *s);

/* Lets `ssl` offer a session if there is one, which is offered this once. Fills ret_use.
 * offered: ALPN, as in a ClientHello. */
void sessions_offer(struct sessions *s, SSL *ssl, const char *host, unsigned port,
		    struct span offered, int64_t now_ns, struct session_use *ret_use);
/* A session that came on a connection, whether that was `resumed` or not. A copy is kept, for
 * OpenSSL spoils its own where a connection ends without a farewell. */
void sessions_keep(struct sessions *s, const struct session_use *use, SSL_SESSION *session,
		   bool resumed);
void session_use_done(struct session_use *use); /* accepts a zeroed one */

#endif

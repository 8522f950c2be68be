/* SPDX-License-Identifier: MIT */
/* What the files of a tunnel share: tunnel.c, tunnel_reach.c (the way to the server) and
 * tunnel_tls.c (the handshakes). Where one says that a tunnel may be gone, it was freed. */
#ifndef SPY_PROXY_TUNNEL_INT_H
#define SPY_PROXY_TUNNEL_INT_H

#include "proxy/ask.h"
#include "proxy/finder.h"
#include "proxy/pump.h"
#include "proxy/teller.h"
#include "proxy/tunnel.h"
#include "proxy/upstream.h"

#define CLIENT 0
#define SERVER 1

enum step {
	STEP_ASK,
	STEP_RESOLVE,
	STEP_CONNECT,
	STEP_NAME,    /* the address cannot be reached, and maybe others of that name can */
	STEP_CHAIN,   /* another proxy is asked for the server */
	STEP_REQUEST, /* one without a tunnel */
	STEP_FIRST,   /* who speaks first, and how */
	STEP_HELLO,
	STEP_SERVER_TLS,
	STEP_CLIENT_TLS,
	STEP_PUMP,
};

struct tunnel {
	struct proxy *proxy;
	struct list in;
	enum step step;
	struct pump pump;
	struct event *timer;
	struct ask ask;
	struct buf said; /* by the client, so far, of what it asks for; then by another proxy */
	size_t peeked;	 /* bytes of a ClientHello that have come so far */
	const struct upstream *upstream; /* the proxy behind us; NULL: none */
	struct upstream_talk talk;
	struct evdns_getaddrinfo_request *request;
	struct evutil_addrinfo *addresses, *next;
	struct finder_query *query; /* who the client is; NULL: nobody is asked */
	bool waits;		    /* for that */
	struct owner owner;
	char name[256];		    /* of the server, in its certificate */
	struct buf offered;	    /* ALPN, as in the ClientHello */
	struct session_use session; /* TLS with the server */
	bool by_name;		    /* its other addresses are tried */
	bool refused;		    /* the server's certificate is */
	struct teller teller;
};

/* Frees it. abort: both ends hear of it as of a connection that was reset. */
void tunnel_end(struct tunnel *t, bool abort);
/* The next that can be done. The tunnel may be gone. */
void tunnel_advance(struct tunnel *t);
/* An event_callback_fn: the same. */
void tunnel_on_event(evutil_socket_t fd, short what, void *arg);
/* The program, for people. */
const char *tunnel_program(const struct tunnel *t);
/* To the client, before anything else passes. */
bool tunnel_answer(struct tunnel *t, struct span s);
/* From now on bytes pass. told: what passes is plaintext, and shown. */
void tunnel_pump(struct tunnel *t, bool told, bool cleartext);
/* The way to the server stands. The tunnel may be gone. */
void tunnel_connected(struct tunnel *t);

/* Who was led here believes to be connected already, and will not try the next address of the
 * server's by itself: the name in its ClientHello is waited for. The tunnel may be gone. */
void tunnel_find_name(struct tunnel *t);

/* ---- tunnel_reach.c ---- */

/* The server that t->ask names. The tunnel may be gone. */
void tunnel_reach(struct tunnel *t);
/* The server that the client wanted to connect to when it was led to us, as `slot` says. */
struct redirect_slot;
void tunnel_reach_original(struct tunnel *t, const struct redirect_slot *slot);
/* The addresses of t->name, which the client asks for. */
void tunnel_reach_by_name(struct tunnel *t);
void tunnel_connect(struct tunnel *t);
void tunnel_chain(struct tunnel *t);

/* ---- tunnel_tls.c ---- */

bool tunnel_begin_server_tls(struct tunnel *t);
void tunnel_hello(struct tunnel *t);
void tunnel_server_tls(struct tunnel *t);
void tunnel_client_tls(struct tunnel *t);

#endif

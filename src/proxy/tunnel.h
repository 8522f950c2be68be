/* SPDX-License-Identifier: MIT */
/* One connection of a client, from what it asks for to its end. */
#ifndef SPY_PROXY_TUNNEL_H
#define SPY_PROXY_TUNNEL_H

#include "proxy/proxy.h"

/* Takes the descriptor. */
void tunnel_begin(struct proxy *p, evutil_socket_t fd);
/* Ends all that there are. */
void tunnels_end(struct proxy *p);

/* For SSL_CTX_sess_set_new_cb of proxy.servers. */
int tunnel_on_session(SSL *ssl, SSL_SESSION *session);
/* For SSL_CTX_set_client_hello_cb and SSL_CTX_set_alpn_select_cb of proxy.clients. */
int tunnel_on_hello(SSL *ssl, int *alert, void *arg);
int tunnel_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
		   const unsigned char *in, unsigned inlen, void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/* An HTTP/1.1 server that gives recorded answers, by libmicrohttpd, on the thread that calls it. */
#ifndef SPY_CLI_REPLAY_HTTP_H
#define SPY_CLI_REPLAY_HTTP_H

#include "base/error.h"
#include "exchange/exchange.h"

struct replay_http_config {
	const char *address; /* NULL: loopback */
	unsigned port;	     /* 0: any that is free */
	bool paced;	     /* answers come as they came */
	struct limits *lim;
};

/* A record that is given; or NULL, and a body of JSON for 404 in `refusal`. `asked`: the request,
 * its content coding undone and its credentials masked; of its body as much as could be decoded. */
typedef const struct exchange *(*replay_fn)(void *arg, const struct exchange *asked,
					    struct buf *refusal);

struct replay_http;
int replay_http_open(struct replay_http **ret, const struct replay_http_config *c, replay_fn fn,
		     void *arg, struct error *reterr);
void replay_http_free(struct replay_http *h); /* accepts NULL */
/* "http://127.0.0.1:8080" */
const char *replay_http_url(const struct replay_http *h);
/* A descriptor that can be read when there is something to serve, and in how many ms that is due at
 * the latest; -1: whenever. */
int replay_http_fd(const struct replay_http *h, int *ret_ms);
void replay_http_serve(struct replay_http *h); /* never waits */

#endif

/* SPDX-License-Identifier: MIT */
/* Where our own HTTP servers listen. */
#ifndef SPY_SINK_HTTP_PORT_H
#define SPY_SINK_HTTP_PORT_H

#include "base/error.h"

struct http_port {
	const char *what;    /* what the messages begin with: "metrics:" */
	const char *port;    /* by default; "0": any that is free */
	const char *another; /* how to choose another: "--metrics=PORT" */
};

/* where: "ADDR:PORT", "[::1]:PORT", "ADDR", "PORT" or NULL; addresses are numbers, loopback by
 * default. A socket that listens; or -errno with a reason. */
int http_port_listen(const struct http_port *p, const char *where, struct error *reterr);
/* "http://127.0.0.1:7556" and the path. */
void http_port_url(int fd, const char *path, char *ret, unsigned size);

#endif

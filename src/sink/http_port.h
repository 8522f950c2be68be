/* SPDX-License-Identifier: MIT */
/* Where our own HTTP servers listen. */
#ifndef SPY_SINK_HTTP_PORT_H
#define SPY_SINK_HTTP_PORT_H

#include <stdbool.h>

#include "base/error.h"

struct http_port {
	const char *what;    /* what the messages begin with: "metrics:" */
	const char *port;    /* by default; "0": any that is free */
	const char *another; /* how to choose another: "--metrics=PORT" */
	unsigned next;	     /* where nobody said which, so many ports behind that one will do */
};

/* where: "ADDR:PORT", "[::1]:PORT", "ADDR", "PORT" or NULL; addresses are numbers, loopback by
 * default. A socket that listens; or -errno with a reason. */
int http_port_listen(const struct http_port *p, const char *where, struct error *reterr);
/* The port that `where` names; 0: it names none. */
unsigned http_port_given(const char *where);
/* An address, NULL for loopback, and a port, 0 for the one by default, as `where`; to be freed. */
char *http_port_place(const char *address, unsigned port);
/* Whether only this host reaches it. */
bool http_port_is_own(const char *where);
/* "http://127.0.0.1:7556" and the path. */
void http_port_url(int fd, const char *path, char *ret, unsigned size);

#endif

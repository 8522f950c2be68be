/* SPDX-License-Identifier: MIT */
/* Another proxy behind ours, as networks of companies have it: which servers are reached through
 * it, and what it is asked and answers. Pure. Sources: RFC 9110 section 9.3.6, RFC 7617, RFC 1928,
 * RFC 1929; curl's manual page for the variables. */
#ifndef SPY_PROXY_UPSTREAM_H
#define SPY_PROXY_UPSTREAM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

enum upstream_kind { UPSTREAM_NONE, UPSTREAM_HTTP, UPSTREAM_SOCKS };

struct upstream {
	enum upstream_kind kind;
	char host[256]; /* without brackets */
	unsigned port;
	char user[256], password[256];
	bool has_user;
};

/* "http://user:password@host:port", "socks5://host", or "host:port". False: it is none of these.
 */
bool upstream_read(struct span url, struct upstream *ret);

/* Whether a server is reached without it, by a list as NO_PROXY has it: "*", names with what is
 * below them, addresses, and networks as 10.0.0.0/8. list may be NULL. */
bool upstream_excepts(const char *list, const char *host, unsigned port);

/* Which there are. */
struct upstreams {
	struct upstream secure, plain; /* for TLS and whatever else needs a tunnel; for http:// */
	const char *except;	       /* as NO_PROXY; NULL */
	bool chosen;		       /* on the command line, not by the environment */
};

/* For a server; NULL: it is reached without. */
const struct upstream *upstreams_choose(const struct upstreams *u, bool plain, const char *host,
					unsigned port);

/* How far the talk with it is. Zeroed at first. */
struct upstream_talk {
	unsigned step;
	unsigned status; /* that it answered with; of HTTP, or of SOCKS */
};

/* What it is to get first, for a server. */
void upstream_begin(const struct upstream *u, const char *host, unsigned port, struct buf *out);
/* Reads `in`, which is all that it sent and has not been used: > 0: so many bytes were, and what
 * `out` has is to be sent; *ret_stands: the way to the server does. 0: it is incomplete. < 0: it
 * refuses, or speaks otherwise. */
int upstream_answer(const struct upstream *u, const char *host, unsigned port,
		    struct upstream_talk *talk, struct span in, struct buf *out, bool *ret_stands);
/* How many of the next bytes belong to its answer and to nothing behind it. */
size_t upstream_take(const struct upstream *u, const struct upstream_talk *talk, struct span had,
		     struct span more);

/* A request without a tunnel as it wants it: with the whole URL. head: as the server would get it.
 */
void upstream_head(const struct upstream *u, const char *host, unsigned port, struct span head,
		   struct buf *out);

#endif

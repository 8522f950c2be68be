/* SPDX-License-Identifier: MIT */
/* What of a process can be seen: which TLS it carries and whether that can be hooked; where not,
 * why, and what helps. */
#ifndef SPY_DISCOVER_COVERAGE_H
#define SPY_DISCOVER_COVERAGE_H

#include "discover/scan_cache.h"
#include "proc/sockets.h"

enum coverage_status {
	COVERAGE_NONE,	 /* no TLS, and no connection that hints at any */
	COVERAGE_SEEN,	 /* its TLS can be hooked */
	COVERAGE_PARTLY, /* its TLS can be hooked, but not all, or it seems to speak QUIC as well */
	COVERAGE_MAYBE,	 /* "blind?": connections to port 443, and no TLS that is known */
	COVERAGE_BLIND,	 /* its TLS is known, and cannot be hooked */
};

const char *coverage_status_name(enum coverage_status s);
enum coverage_status coverage_status_of(const char *name); /* COVERAGE_NONE for others */

/* One implementation in one file that the process runs. */
struct coverage_tls {
	char *implementation, *method, *file;
};

struct coverage {
	pid_t pid;
	char *program;
	enum coverage_status status;
	struct coverage_tls *tls;
	size_t ntls;
	size_t conns, udp; /* to port 443 */
	char peer[64];
	char *reason;	    /* of COVERAGE_PARTLY, _MAYBE and _BLIND, else NULL */
	const char *remedy; /* with it */
	char *brief;	    /* the reason in a word or two; NULL without one */
	bool java;	    /* runs a Java machine */
	char *unread;	    /* a file of it that could not be opened or searched, in words; NULL */
};

/* 0; -errno: the process is gone or not ours to look at. ret is valid in any case. */
int coverage_of(struct scan_cache *f, const struct sockets *c, pid_t pid, struct coverage *ret);
void coverage_done(struct coverage *c);

#endif

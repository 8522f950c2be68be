/* SPDX-License-Identifier: MIT */
/* What all tunnels share. */
#ifndef SPY_PROXY_PROXY_H
#define SPY_PROXY_PROXY_H

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "base/list.h"
#include "proxy/authority.h"
#include "proxy/outlet.h"
#include "proxy/pinned.h"

struct proxy {
	struct event_base *base;
	struct evdns_base *dns;
	struct authority *authority;
	SSL_CTX *servers, *clients; /* towards servers, and towards clients */
	struct outlet *outlet;
	struct pinned pinned;
	const char *hosts;	/* patterns, separated by commas; NULL: the known providers */
	const char *fixed_host; /* where all goes, whatever is asked for; NULL: nowhere */
	unsigned fixed_port;
	bool fixed_tls;
	uint64_t count; /* tunnels so far */
	struct list tunnels;
};

/* Whether the TLS of a connection to that host is opened. */
bool proxy_opens(const struct proxy *p, const char *host);

#endif

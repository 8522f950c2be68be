/* SPDX-License-Identifier: MIT */
/* What all tunnels share. */
#ifndef SPY_PROXY_PROXY_H
#define SPY_PROXY_PROXY_H

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "base/list.h"
#include "proxy/authority.h"
#include "proxy/finder.h"
#include "proxy/outlet.h"
#include "proxy/pinned.h"
#include "proxy/sessions.h"
#include "proxy/upstream.h"

/* Where llm-spy leaves the descriptors: run/proxy.c. */
#define LISTEN_FD  3
#define CHUNKS_FD  4
#define SLOTS_FD   5
#define LISTEN6_FD 6

struct redirect_slot;

struct proxy {
	struct event_base *base;
	struct evdns_base *dns;
	struct authority *authority;
	SSL_CTX *servers, *clients; /* towards servers, and towards clients */
	struct outlet *outlet;
	struct finder *finder;
	struct pinned pinned;
	struct sessions sessions;
	const char *hosts;	/* patterns, separated by commas; NULL: the known providers */
	const char *also;	/* patterns beside these; NULL */
	const char *fixed_host; /* where all goes, whatever is asked for; NULL: nowhere */
	unsigned fixed_port;
	bool fixed_tls;
	struct upstreams upstreams;
	struct redirect_slot
		*slots; /* where clients that were led here wanted to go; NULL: none were */
	bool said_full;
	uint64_t count; /* tunnels so far */
	struct list tunnels;
};

/* No descriptor is left for a connection: said once. */
void proxy_say_full(struct proxy *p);
/* Whether the TLS of a connection to that host is opened. */
bool proxy_opens(const struct proxy *p, const char *host);

#endif

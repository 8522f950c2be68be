/* SPDX-License-Identifier: MIT */
/* Where the proxy listens: on loopback, unless --listen names another address. */
#ifndef SPY_RUN_PROXY_LISTENER_H
#define SPY_RUN_PROXY_LISTENER_H

#include <stdbool.h>

#include "base/error.h"
#include "options/options.h"

/* fd and fd6 are -1 at first. */
struct proxy_listener {
	int fd, fd6; /* -1: none, or the proxy has it */
	bool has_v6;
	char *address;
	unsigned port;
};

/* For --proxy=transparent at 127.0.0.1 and ::1 alike, with one port. */
int proxy_listener_open(struct proxy_listener *l, const struct options *o, struct error *reterr);
void proxy_listener_close(struct proxy_listener *l);
void proxy_listener_done(struct proxy_listener *l);
/* The caller frees it. */
char *proxy_listener_url(const struct proxy_listener *l);
bool proxy_listener_is_local(const struct proxy_listener *l);

#endif

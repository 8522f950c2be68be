/* SPDX-License-Identifier: MIT */
/* `--proxy -- COMMAND`: connections of the command and of what it started that did not go through
 * the proxy, as of programs that read none of its variables. What they say cannot be seen; that
 * they speak can. One that is over between two looks is missed. */
#ifndef SPY_RUN_PAST_PROXY_H
#define SPY_RUN_PAST_PROXY_H

#include "options/options.h"
#include "report/unseen.h"

struct past_proxy_socket;
/* Zeroed at first, but for its options and the proxy's port. */
struct past_proxy {
	const struct options *o;
	unsigned port;
	uint64_t looked_ns;
	bool cannot;
	struct past_proxy_socket *sockets; /* at the last look */
	size_t count;
	struct unseen unseen;
};

/* Looks, five times a second, and says who went past, once for each program. */
void past_proxy_tick(struct past_proxy *p, uint64_t now_ns);
/* Who has ended since is noted as such. */
void past_proxy_finish(struct past_proxy *p);
void past_proxy_done(struct past_proxy *p);

#endif

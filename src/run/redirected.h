/* SPDX-License-Identifier: MIT */
/* `--proxy=transparent`: whose connections are led to the proxy. */
#ifndef SPY_RUN_REDIRECTED_H
#define SPY_RUN_REDIRECTED_H

#include "options/options.h"
#include "probe/redirect.h"
#include "proc/own_cgroup.h"

struct redirected {
	struct redirect *redirect; /* NULL: nobody's are */
	struct own_cgroup tree;	   /* of the command */
};

/* Where the proxy listens, and who is not to be led to it. */
struct redirected_to {
	uint16_t port;
	bool v6;
	pid_t proxy;
	pid_t command; /* 0: none */
};

/* Before the proxy starts. */
int redirected_open(struct redirected *d, struct error *reterr);
/* From here on, until redirected_done or our end, whatever it is. */
int redirected_begin(struct redirected *d, const struct options *o, const struct redirected_to *to,
		     struct error *reterr);
void redirected_done(struct redirected *d);

#endif

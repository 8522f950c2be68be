/* SPDX-License-Identifier: MIT */
/* The process llm-spy-proxy: what it is given, and what it says. */
#ifndef SPY_RUN_PROXY_PROCESS_H
#define SPY_RUN_PROXY_PROCESS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "options/options.h"
#include "run/proxy_listener.h"

struct proxy_process {
	pid_t pid;
	int news; /* its messages; -1: none */
	struct buf lines;
};

/* -ENOENT: llm-spy was built without it. */
int proxy_process_check(struct error *reterr);
/* Of the certificate authority of the user's proxies; the caller frees it. */
char *proxy_process_dir(void);

void proxy_process_init(struct proxy_process *p);
/* It is nobody's child, so that waiting for what the command leaves behind does not wait for it. It
 * ends when we close our half of the socket. The listener is closed here. slots: as
 * redirect_slots() gives it; -1: none. The end of the socket from which what it captured is read;
 * or what error_set gave. */
int proxy_process_start(struct proxy_process *p, const struct options *o, const char *dir,
			struct proxy_listener *l, int slots, struct error *reterr);
/* Its messages go where ours do. */
void proxy_process_pass_news(struct proxy_process *p);
void proxy_process_done(struct proxy_process *p);

#endif

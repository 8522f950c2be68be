/* SPDX-License-Identifier: MIT */
/* What sudo(8) or doas(1) took from the environment of the user who called it. Source:
 * proc_pid_environ(5): the environment with which sudo itself was started. */
#ifndef SPY_PROC_SUDO_H
#define SPY_PROC_SUDO_H

#include <sys/types.h>

#include "base/buf.h"

/* Environments and arguments: texts, each with a NUL behind it. */
struct sudo_facts {
	struct buf caller; /* the caller's environment */
	struct buf given;  /* what sudo made of it, for the program that it started */
	struct buf args;   /* sudo's own command line */
};

/* Of the sudo that is the nearest of our ancestors. 0; -ENOENT: there is none; -EPERM: it was not
 * `uid` who called it; or -errno. sudo_facts_done() in any case. */
int sudo_facts_read(struct sudo_facts *ret, uid_t uid);
void sudo_facts_done(struct sudo_facts *f);

#endif

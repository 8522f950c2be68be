/* SPDX-License-Identifier: MIT */
/* Threads that stand for a while, unseen by them and by their parents: by ptrace(2), which unlike a
 * signal leaves no job stopped when whoever asked for it is killed. One that is traced by somebody
 * else runs on. Nothing here waits. For one thread. */
#ifndef SPY_HOLD_STOPS_H
#define SPY_HOLD_STOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STOPS_MAX 64

struct stops {
	struct stop {
		pid_t pid, tid;
		uint64_t until_ns;
	} items[STOPS_MAX];
	size_t count;
};

/* Past the room for it, it runs on. */
void stops_begin(struct stops *s, pid_t pid, pid_t tid, uint64_t until_ns);
void stops_end(struct stops *s, pid_t tid);
/* Lets those go whose time has come; to be called again after so many ms: -1: there are none. */
int stops_service(struct stops *s, uint64_t now_ns);

#endif

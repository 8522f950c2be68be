/* SPDX-License-Identifier: MIT */
/* A process that does nothing but let programs pass. The kernel holds each open that was asked for
 * (fanotify(7), permission events) until this process answers. It asks the tracer about files that
 * may be programs or libraries, and lets them pass when the tracer has answered or when the limit
 * is reached, whatever has become of the tracer meanwhile. A file that was answered for is not held
 * again until it is written to.
 *
 * When the tracer ends, in whatever way, the gate ends, and the kernel lets all pass.
 *
 * Threads that have mapped a file without opening it where it is held are stopped (hold/stops.h).
 */
#ifndef SPY_HOLD_GATE_H
#define SPY_HOLD_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gate {
	int marks; /* for gate_mark */
	int asks;  /* readable when a file is held, and at the gate's end */
};

/* Starts it: to be called while the tracer has one thread. 0 or -errno; *ret_opens: the same for
 * permission events, without which it can only stop threads. */
int gate_start(struct gate *g, uint64_t limit_ns, int *ret_opens);
/* Ends it: all passes from now on. The other functions may still be called, and do nothing. */
void gate_end(const struct gate *g);
void gate_done(struct gate *g);

enum gate_mark {
	GATE_EXECS, /* programs that are begun, of the whole file system */
	GATE_OPENS, /* all files that are opened through this mount */
};
/* Which kind of mark held the file that was asked for by this number. */
static inline enum gate_mark gate_mark_of(uint32_t id)
{
	return (enum gate_mark)(id & 1);
}
/* fd: O_PATH will do. Waits for the kernel's answer: 0 or -errno. For one thread at a time. */
int gate_mark(const struct gate *g, enum gate_mark what, int fd);

struct gate_ask {
	uint32_t id;
	int32_t pid; /* who opens the file */
	uint64_t since_ns;
};
/* The next file that is held: *ret_fd, which the caller closes. False: the gate has ended. */
bool gate_next(const struct gate *g, struct gate_ask *ret, int *ret_fd);
/* The file may pass, if it has not passed at the limit. Any thread. */
void gate_answer(const struct gate *g, uint32_t id);
/* Lets a thread of that process stand until gate_go, or until the limit. Any thread. */
void gate_stop(const struct gate *g, pid_t pid, pid_t tid);
void gate_go(const struct gate *g, pid_t tid);

#endif

/* SPDX-License-Identifier: MIT */
/* Programs and libraries are held before their first instruction, until they are hooked: files that
 * the tree of a command opens, or programs that anybody begins. What is held, and for how long at
 * most, is the gate's affair (hold/gate.h); here is what the tracer does about it.
 *
 * Further mount namespaces are marked when one of their processes is seen to begin a program. */
#ifndef SPY_HOLD_HOLD_H
#define SPY_HOLD_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file that is held. */
struct held_file {
	uint32_t id;
	pid_t pid; /* who opens it */
	int fd;	   /* the file */
	uint64_t since_ns;
};
/* Must not wait. False: there is no room for it; then it passes. */
typedef bool (*held_fn)(void *arg, const struct held_file *file);

struct hold;
/* Starts the gate: to be called while the tracer has one thread. NULL where it cannot be started.
 * *ret_err: 0, or why not; -errno with a result: opens cannot be held, threads can be stopped. */
struct hold *hold_open(uint64_t limit_ns, int *ret_err);
/* Lets all pass. Accepts NULL. */
void hold_free(struct hold *h);

/* Holds what is opened in the mount namespace of this process, which nobody else may use: or, with
 * all, each program that is begun on a file system that this process sees. 0, or -errno when
 * nothing could be marked. To be followed at once by hold_start, also
 * when it fails: threads can be stopped without it. */
int hold_begin(struct hold *h, pid_t pid, bool all);
/* From now on a thread tells of what is held. 0 or -errno. */
int hold_start(struct hold *h, held_fn fn, void *arg);
/* Ends the thread, and lets all pass. */
void hold_stop(struct hold *h);
/* The file may pass; closes it. Any thread; after hold_stop too. */
void hold_answer(struct hold *h, const struct held_file *file);
/* Lets a thread of that process stand until hold_go or until the limit: it has mapped what is not
 * hooked yet. */
void hold_stand(struct hold *h, pid_t pid, pid_t tid);
void hold_go(struct hold *h, pid_t tid);
/* This process has begun a program: its mount namespace is followed. */
void hold_follow(struct hold *h, pid_t pid);

#endif

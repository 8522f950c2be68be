/* SPDX-License-Identifier: MIT */
/* Helper processes of the tracer, and messages that pass descriptors to and from them. */
#ifndef SPY_KERNEL_HELPER_PROCESS_H
#define SPY_KERNEL_HELPER_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#define FDPASS_MAX 253 /* descriptors per message: the kernel's SCM_MAX_FD */

/* Starts a process named `name` in a session of its own, so that Ctrl-C reaches only the tracer. It
 * inherits no descriptor except the socket given to `run`; returns the other end of that, or
 * -errno. `run` does not return. To be called while the tracer has one thread. waitpid(2) does not
 * find the process. type: of the socket. */
int helper_spawn(int type, const char *name, void (*run)(int sock));

/* A child of such a process, which the kernel kills when its parent ends. A process may not outlive
 * its purpose, whatever ends the tracer: so it is waited for beside the socket. */
struct helper_child {
	pid_t pid;
	int ended; /* becomes readable then */
};
/* As fork(2); or -errno. Who gives up privileges in the child calls helper_tie after that. */
pid_t helper_fork(struct helper_child *c);
void helper_tie(void);
/* Waits until it ends: 0. Kills it when the other end of `sock` is closed: -EPIPE; or when so many
 * seconds have passed (0: any number may): -ETIME. *ret_status is as of waitpid(2). */
int helper_wait(struct helper_child *c, int sock, int seconds, int *ret_status);

/* 0 or -errno. */
int fdpass_send(int sock, const void *bytes, size_t len, const int *fds, size_t nfds);
/* The same, but -EAGAIN where it would have to wait for the other end. */
int fdpass_send_now(int sock, const void *bytes, size_t len, const int *fds, size_t nfds);
/* Returns the number of bytes received, 0 at the end, or -errno. The caller closes the *ret_nfds
 * descriptors; those beyond `max` are closed here. */
ssize_t fdpass_receive(int sock, void *bytes, size_t size, int *fds, size_t max, size_t *ret_nfds);

#endif

/* SPDX-License-Identifier: MIT */
/* Processes of our own beside the tracer, and messages with descriptors between them. */
#ifndef SPY_KERNEL_HELPER_PROCESS_H
#define SPY_KERNEL_HELPER_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#define FDPASS_MAX 253 /* descriptors of one message: the kernel's SCM_MAX_FD */

/* Starts one, named `name`, in a session of its own, so that Ctrl-C is for the tracer alone.
 * Nothing of ours is open in it but the socket that `run` gets, whose other end is returned; or
 * -errno. `run` does not return. To be called while the tracer has one thread. It is no child that
 * waitpid(2) finds. type: of the socket. */
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
/* How many bytes came, 0 at the end of all, or -errno. The caller closes the *ret_nfds descriptors;
 * those that do not fit into `max` are closed. */
ssize_t fdpass_receive(int sock, void *bytes, size_t size, int *fds, size_t max, size_t *ret_nfds);

#endif

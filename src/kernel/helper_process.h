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

/* 0 or -errno. */
int fdpass_send(int sock, const void *bytes, size_t len, const int *fds, size_t nfds);
/* How many bytes came, 0 at the end of all, or -errno. The caller closes the *ret_nfds descriptors;
 * those that do not fit into `max` are closed. */
ssize_t fdpass_receive(int sock, void *bytes, size_t size, int *fds, size_t max, size_t *ret_nfds);

#endif

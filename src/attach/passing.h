/* SPDX-License-Identifier: MIT */
/* Messages with descriptors between our own processes, over a socket that keeps their borders. */
#ifndef SPY_ATTACH_PASSING_H
#define SPY_ATTACH_PASSING_H

#include <stddef.h>
#include <sys/types.h>

#define PASSING_MAX 253 /* descriptors of one message: the kernel's SCM_MAX_FD */

/* 0 or -errno. */
int passing_send(int sock, const void *bytes, size_t len, const int *fds, size_t nfds);
/* How many bytes came, 0 at the end of all, or -errno. The caller closes the *ret_nfds descriptors; those
 * that do not fit into `max` are closed. */
ssize_t passing_receive(int sock, void *bytes, size_t size, int *fds, size_t max, size_t *ret_nfds);

#endif

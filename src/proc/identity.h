/* SPDX-License-Identifier: MIT */
/* The identity of a process, from /proc and from what names its user and its container. Any of it
 * may take long: a process chooses where its arguments lie, users may come from the network.
 * Source: proc(5). */
#ifndef SPY_PROC_IDENTITY_H
#define SPY_PROC_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

#define IDENTITY_MAX (64u << 10)

/* Appends the data of a CHUNK_PROC (capture/process.h), at most IDENTITY_MAX bytes. comm: the name
 * to use if the process is gone. False if it is gone. */
bool identity_read(pid_t pid, uid_t uid, const char *comm, struct buf *out);
/* The name alone: of the executable, else of argv[0], else "?". The caller frees it. */
char *identity_name(pid_t pid);

#endif

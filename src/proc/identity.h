/* SPDX-License-Identifier: MIT */
/* The identity of a process, from /proc. Source: proc(5). */
#ifndef SPY_PROC_IDENTITY_H
#define SPY_PROC_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* Appends the data of a CHUNK_PROC (capture/process.h): name, executable, command line with
 * credentials masked. comm: the name to use if the process is gone. False if it is gone. */
bool identity_read(pid_t pid, const char *comm, struct buf *out);

#endif

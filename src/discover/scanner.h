/* SPDX-License-Identifier: MIT */
/* Runs the finders in a process of its own, without privileges: the files are anybody's, and one
 * that is made shorter while it is read, or on a file system that never answers, ends that process
 * alone. */
#ifndef SPY_DISCOVER_SCANNER_H
#define SPY_DISCOVER_SCANNER_H

#include "find/plan.h"

/* For one file: of processor time, since a busy host has little of it to give; and in all, for a
 * file system that does not answer. */
#define SCAN_CPU_SECONDS 20
#define SCAN_SECONDS	 120

struct scanner {
	int sock;		      /* -1: not running */
	void (*meanwhile)(void *arg); /* called every few ms of a search; may be NULL */
	void *arg;
};

/* To be called while the program has one thread. 0, or -errno: also when it may not give up its
 * privileges. */
int scanner_start(struct scanner *s);
/* 0; -ENOEXEC: no program or library for this machine; -EIO: it came to no end; -EINTR: it was
 * killed each time; -EPIPE: no process is left. ret is valid in any case. *ret_cut: the file loads
 * more than is searched. */
int scanner_scan(struct scanner *s, int fd, struct plan *ret, bool *ret_cut);
void scanner_end(struct scanner *s);

#endif

/* SPDX-License-Identifier: MIT */
/* What the thread that discovers is told by the one that reads events. Telling never waits; what
 * there is no room for is lost, of processes with a note of it. */
#ifndef SPY_DISCOVER_MAILBOX_H
#define SPY_DISCOVER_MAILBOX_H

#include <sys/types.h>

#include "capture/endpoints.h"
#include "http/traffic_class.h"

#define INBOX_PIDS     1024
#define INBOX_OPENED   256
#define INBOX_VERDICTS 256

struct opened {
	pid_t pid;
	char peer[ENDS_TEXT];
};

struct verdict {
	pid_t pid;
	enum looks looks;
	uint64_t times, bytes;
};

struct news {
	pid_t pids[INBOX_PIDS];			 /* that began a program or mapped libraries */
	struct opened opened[INBOX_OPENED];	 /* that opened a connection to port 443 */
	struct verdict verdicts[INBOX_VERDICTS]; /* on how connections look */
	size_t npids, nopened, nverdicts;
	bool overflow; /* of pids */
};

struct inbox;
struct inbox *inbox_new(void);
void inbox_free(struct inbox *b);

/* Each process once. Past the room for them: overflow. */
void inbox_process(struct inbox *b, pid_t pid);
/* Each process once. Past the room for them, the look into /proc once a second or at the end has to
 * do. */
void inbox_connected(struct inbox *b, pid_t pid, const struct ends *ends);
/* Alike ones are added up. Past the room for them they are passed over. */
void inbox_looks(struct inbox *b, pid_t pid, enum looks looks, uint64_t bytes);
/* From now on nothing is waited for. */
void inbox_stop(struct inbox *b);
/* For how long, in ns, that has been so; 0: it is not. */
uint64_t inbox_stopped_ns(struct inbox *b);

/* Waits for news until a moment of CLOCK_MONOTONIC, ns; verdicts alone are no reason to end it.
 * NULL: to stop; what came until then stays for inbox_rest. Valid, and the reader's own, until the
 * next call. */
const struct news *inbox_wait(struct inbox *b, uint64_t until_ns);
/* When nobody tells or waits any more. */
const struct news *inbox_rest(const struct inbox *b);

#endif

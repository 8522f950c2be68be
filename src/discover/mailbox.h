/* SPDX-License-Identifier: MIT */
/* What the thread that discovers is told by the one that reads events. Telling never waits; what
 * there is no room for is lost, of processes with a note of it. */
#ifndef SPY_DISCOVER_MAILBOX_H
#define SPY_DISCOVER_MAILBOX_H

#include <sys/types.h>

#include "capture/endpoints.h"
#include "hold/hold.h"
#include "http/traffic_class.h"
#include "report/carried.h"

#define MAILBOX_HELD	  256
#define MAILBOX_BEGUN	  1024
#define MAILBOX_OPENED	  256
#define MAILBOX_VERDICTS  256
#define MAILBOX_UNCARRIED 64

/* Began a program or mapped libraries. */
struct begun {
	pid_t pid, tid;
};

struct opened {
	pid_t pid;
	bool https; /* to port 443; else one on which TLS begins */
	char peer[ENDPOINT_TEXT];
};

struct verdict {
	pid_t pid;
	enum traffic_class looks;
	uint64_t times, bytes;
};

struct batch {
	struct begun begun[MAILBOX_BEGUN];
	struct opened opened[MAILBOX_OPENED];
	struct verdict verdicts[MAILBOX_VERDICTS]; /* on how connections look */
	struct uncarried uncarried[MAILBOX_UNCARRIED];
	size_t nbegun, nopened, nverdicts, nuncarried;
	size_t peeked; /* of begun, by mailbox_peek */
	bool overflow; /* of begun */
};

struct mailbox;
struct mailbox *mailbox_new(void);
void mailbox_free(struct mailbox *b);

/* Each thread once. Past the room for them: overflow. */
void mailbox_begun(struct mailbox *b, pid_t pid, pid_t tid);
/* The next that began and was not asked for here before, before its batch is waited for. False:
 * there is none. */
bool mailbox_peek(struct mailbox *b, struct begun *ret);
/* Each process once of a kind. Past the room for them, the look into /proc once a second or at the
 * end has to do. */
void mailbox_connected(struct mailbox *b, pid_t pid, bool https, const struct endpoints *ends);
/* What was not captured. Past the room for it: of each process the first, and no more. */
void mailbox_uncarried(struct mailbox *b, const struct uncarried *u);
/* Alike ones are added up. Past the room for them they are passed over. */
void mailbox_class(struct mailbox *b, pid_t pid, enum traffic_class looks, uint64_t bytes);
/* A file that is held: whoever takes it answers for it. False: there is no room, or nobody takes it
 * any more. */
bool mailbox_held(struct mailbox *b, const struct held_file *f);
/* The next of them, whoever else is told something. False: there is none. */
bool mailbox_next_held(struct mailbox *b, struct held_file *ret);
/* From now on nothing is waited for. */
void mailbox_stop(struct mailbox *b);
/* For how long, in ns, that has been so; 0: it is not. */
uint64_t mailbox_stopped_ns(struct mailbox *b);

/* Waits for news, files that are held among them, until a moment of CLOCK_MONOTONIC, ns; verdicts
 * alone are no reason to end it. NULL: to stop; what came until then stays for mailbox_rest. Valid,
 * and the reader's own, until the next call. */
const struct batch *mailbox_wait(struct mailbox *b, uint64_t until_ns);
/* When nobody tells or waits any more. */
const struct batch *mailbox_rest(const struct mailbox *b);

#endif

/* SPDX-License-Identifier: MIT */
/* The one loop of every run, live or replayed: serves the source, lets time pass, and acts on
 * signals. It ends with the source, when a signal or the end of the command asks for it, or its
 * owner. */
#ifndef SPY_RUN_LOOP_H
#define SPY_RUN_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "run/child.h"
#include "source/source.h"

/* What its owner does. */
struct loop_ops {
	void (*tick)(void *arg, uint64_t now_ns); /* some 20 times a second */
	bool (*is_over)(const void *arg);
	void (*show)(void *arg); /* SIGUSR1 came */
};

struct loop {
	const struct loop_ops *ops;
	void *arg; /* theirs */
	struct source *source;
	struct child *command; /* its pid 0: none */
	int signals;	       /* signalfd; -1 */
	/* A screen of ours has the terminal and reads SIGWINCH and SIGTSTP; the command is in a
	 * session of its own, so keys do not reach it. */
	bool screen;
	bool stop, all_gone; /* asked to stop; the command and its children have ended */
	uint64_t ticked_ns;
};

/* The signals that end us: held back, or let through to end us at once. */
void loop_hold_ends(bool hold);
/* The signals that ask a run to end; blocked from here on, for who waits for them. */
void loop_block_ends(sigset_t *ret);
/* Takes the signals over: they arrive as readable bytes, so that nothing ever runs in a handler.
 * Those that end us do so until they are held back, since nobody reads of them before loop_run. 0,
 * or what error_set gave. */
int loop_init(struct loop *l, struct error *reterr);
void loop_done(struct loop *l);
/* Until a signal asks to stop: for what serves others meanwhile. */
void loop_wait(struct loop *l);
/* 0, also at the end of the source, or the first error of the source. */
int loop_run(struct loop *l);

#endif

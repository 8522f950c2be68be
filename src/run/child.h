/* SPDX-License-Identifier: MIT */
/* `llm-spy -- COMMAND`: starts the command as the user who called sudo, held back until the probes
 * are in place, and waits for it and for all it leaves behind. */
#ifndef SPY_RUN_CHILD_H
#define SPY_RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct child {
	pid_t pid; /* 0: none */
	int gate;  /* writing end: closing it lets the command go */
	int news;  /* reading end: why the command could not be executed */
	bool exited;
	int status;  /* as waitpid gives it, once exited */
	int apart;   /* 0, or -errno: it has no mount namespace of its own */
	int stopped; /* the signal that stopped it, until child_stop_with() */
};

/* What is run. */
struct child_options {
	char **argv, **environment;
	bool errors_only; /* its standard output goes to standard error */
	int said; /* a file that it writes to, in a session of its own, for it has no terminal; -1:
		   * none */
	bool apart; /* in a mount namespace of its own: a copy, of which shared mounts stay shared
		     */
};

/* Back to who called sudo, with that user's groups. 0 or -errno. */
int child_become_caller(void);
/* Makes the process, which waits at its gate. */
int child_start(struct child *c, const struct child_options *o, struct error *reterr);
/* Lets it go; its exec happens from here on. */
void child_release(struct child *c);
/* Reaps what has ended. True when the command and all its descendants have. */
bool child_reap(struct child *c);
/* It was told to end: waits a moment for that, so that we end as it did. */
void child_settle(struct child *c);
/* The command was stopped, as by Ctrl-Z: if the shell waits for us, we stop too until it continues
 * us, and continue the command then. */
void child_stop_with(struct child *c);
/* Whether it ended without ever being the command; it said why. */
bool child_never_ran(const struct child *c);
/* The tracer's own exit status; raises the signal that killed the command, as strace does. */
int child_exit_status(const struct child *c);

#endif

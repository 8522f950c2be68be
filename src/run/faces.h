/* SPDX-License-Identifier: MIT */
/* What shows a live run while it goes on: a screen, a web server. Each has threads of its own and
 * reads the live store, so the thread that drains the kernel waits for none. */
#ifndef SPY_RUN_FACES_H
#define SPY_RUN_FACES_H

#include "options/options.h"
#include "view/live_store.h"

#define FACES_MAX 4

/* All on the main thread. `*ret` is the face's own. */
struct face {
	/* It gets ready, and may say where it is. What it opened is closed where it fails. */
	int (*open)(void **ret, struct live_store *s, const struct options *o,
		    struct error *reterr);
	/* Events are about to come, and messages are held back where the terminal is taken; NULL.
	 */
	int (*begin)(void *face, struct error *reterr);
	/* Whoever looks at it has ended it, and so the run; NULL: that cannot be. */
	bool (*is_over)(const void *face);
	/* No more calls come, and all are in the archive; `why` for people. NULL. */
	void (*finished)(void *face, const char *why);
	/* Its threads end, and its views are closed. */
	void (*close)(void *face);
	bool takes_terminal; /* nothing else may write to it, and a command has none */
	bool takes_keys;     /* it reads them, SIGWINCH and SIGTSTP */
};

struct faces {
	const struct face *const *list; /* NULL-terminated; NULL: none */
	void *states[FACES_MAX];
	size_t opened;
	struct live_store *store; /* NULL: nobody looks */
};

bool faces_take_terminal(const struct faces *f);
bool faces_take_keys(const struct faces *f);
/* The store, for whoever is in the list. */
int faces_open_store(struct faces *f, const struct live_store_config *c, struct error *reterr);
int faces_open(struct faces *f, const struct options *o, struct error *reterr);
int faces_begin(struct faces *f, struct error *reterr);
bool faces_are_over(const struct faces *f);
/* Whether somebody still looks at what has come: faces_are_over() tells when no longer. */
bool faces_finished(struct faces *f, const char *why);
void faces_close(struct faces *f); /* all that was opened */
void faces_done(struct faces *f);  /* and the store, when its output has ended */

#endif

/* SPDX-License-Identifier: MIT */
/* What a view of a live run reads: the calls in flight, and an archive of those that have ended. An
 * ordinary sqlite output writes the archive, so that all views of it show the same numbers. The
 * thread that drains the kernel never waits for a view: a view has a thread of its own, and an own
 * reader of the archive.
 *
 * An answer that has ended is in the archive about a second later. Until then the registry has its
 * record, not in flight; the archive numbers its rows by itself. */
#ifndef SPY_VIEW_LIVE_STORE_H
#define SPY_VIEW_LIVE_STORE_H

#include "report/registry.h"
#include "report/unseen.h"
#include "sink/sink.h"
#include "view/view.h"

struct live_store;

struct live_store_config {
	/* Those of -o. The first one that is an archive of all calls is the one that views read. */
	const char *const *outputs;
	size_t count;
	const struct sink_ops *format; /* of an output that names none */
	/* Of a private archive: how long, and how large; NULL: as it is by default. */
	const char *keep, *max_size;
	bool bodies; /* the same, with the text of the bodies */
};

/* Makes a private archive, in a directory that nobody else can enter, unless an output writes one
 * that will do; and removes what a run that was killed has left. 0, or -errno with a reason. */
int live_store_open(struct live_store **ret, const struct live_store_config *c,
		    struct error *reterr);
/* After the outputs have ended and all views are closed. Removes a private archive. Accepts NULL.
 */
void live_store_close(struct live_store *s);

/* The output that has to be added for it, as an argument of -o; NULL: none. */
const char *live_store_output(const struct live_store *s);
/* It is the one that an output writes. */
bool live_store_is_named(const struct live_store *s);

/* On the thread that assembles: what observes the exchanges (registry_observer). */
struct registry *live_store_registry(struct live_store *s);
/* The programs that cannot be seen by now; copied. */
void live_store_set_unseen(struct live_store *s, const struct unseen *u);

/* ---- on any thread ---- */

const char *live_store_path(const struct live_store *s); /* of the archive */
/* The archive, for one thread: view_free() closes it. */
int live_store_view(const struct live_store *s, struct view **ret, struct error *reterr);
/* Rises with everything that happens to a call. After one has ended, the archive gets it within
 * about a second. */
uint64_t live_store_changes(struct live_store *s);
/* Into one that is zeroed; unseen_done(). */
void live_store_unseen(struct live_store *s, struct unseen *ret);

#endif

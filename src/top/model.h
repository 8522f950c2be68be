/* SPDX-License-Identifier: MIT */
/* What `llm-spy top` shows: agents with their calls, and how fast it goes; of a live run, of an
 * archive that goes on, or of a file at a moment of its time. */
#ifndef SPY_TOP_MODEL_H
#define SPY_TOP_MODEL_H

#include "cli/kept.h"
#include "top/filter.h"
#include "top/windows.h"
#include "view/live_sessions.h"
#include "view/live_store.h"
#include "view/pace.h"

struct top_model {
	struct kept *k;		  /* the view and what is asked of it */
	struct live_store *store; /* NULL: it is no live run */
	const char *name;	  /* where it comes from, for people */
	struct sessions *sessions;
	struct pace *pace;
	struct top_windows *windows;
	enum session_order order;
	enum session_tree tree;
	const struct select *also; /* of a filter */

	/* Calls under way and those that ended last, of a live run or at the cursor. */
	struct registry_row *rows;
	size_t nrows, live;
	uint64_t changes; /* of the live store, that `rows` are of */
	struct unseen unseen;

	int64_t now_ns;		   /* since 1970: of what is shown */
	uint64_t monotonic_ns;	   /* the same by the clock of records; 0: a file's is not ours */
	uint64_t read_ns, told_ns; /* when the archive and who is blind was asked last */
	int64_t cursor_ns;	   /* 0: the end */
	int64_t first_ns, last_ns; /* of all calls that were read */
	const char *ended;	   /* why no more comes; NULL */
};

/* All of it anew. 0, or -errno with a reason, after everything that could be read. */
int top_model_load(struct top_model *m, struct error *reterr);
/* What came since; whether something is to be shown anew, which time alone is once a second. */
bool top_model_refresh(struct top_model *m, struct error *reterr);
/* The order of rows. */
void top_model_arrange(struct top_model *m);
/* It goes on, and time passes. */
bool top_model_follows(const struct top_model *m);
/* The moment that is shown goes so many steps on, of 60 from the first call to the last. */
int top_model_step(struct top_model *m, int steps, struct error *reterr);
void top_model_done(struct top_model *m);

#endif

/* SPDX-License-Identifier: MIT */
/* What was kept, from an archive, a recording or a jsonl file alike: one question for all views of
 * it. An archive answers by its columns and indexes where these tell what is asked; the others are
 * read from the front. */
#ifndef SPY_VIEW_VIEW_H
#define SPY_VIEW_VIEW_H

#include "base/limits.h"
#include "select/select.h"

struct named_hosts;

struct view_config {
	const char *path; /* "-": standard input, a recording or jsonl */
	/* It is known to be an archive: nobody looks into the file before SQLite does. That is a
	 * must where this process has it open already: to close another descriptor of the file
	 * would give up all locks that SQLite has on it (fcntl(2)), and others could take the log
	 * away under it. */
	bool is_archive;
	/* Of a recording: which exchanges are shown, and so numbered. */
	enum show_mode mode;
	const struct limits *limits;
	const char *prices;		 /* of a recording: file, or NULL */
	const struct named_hosts *named; /* likewise; NULL: none */
};

struct view;
int view_open(struct view **ret, const struct view_config *c, struct error *reterr);
void view_free(struct view *v); /* accepts NULL */
/* "archive", "recording" or "jsonl". */
const char *view_kind(const struct view *v);
bool view_is_archive(const struct view *v);

enum view_order {
	VIEW_AS_KEPT, /* as they were written; an archive: oldest first */
	VIEW_NEWEST,  /* by when they began, then by id */
	VIEW_BY_ID,   /* of an archive: as they were written, whenever they began */
};

/* A zeroed one asks for everything. */
struct view_query {
	const struct select *select; /* its mode counts too, if it is not SHOW_DEFAULT; NULL: all */
	enum view_order order;
	size_t max; /* rows, with VIEW_NEWEST; 0: all */
	bool whole; /* with texts; without, an archive need not read its records */
	bool once;  /* not what its client's record, too, tells of */
	bool calls; /* only calls that count in sums; not with a text */
	bool failed;
	bool tools;  /* an archive gives only calls of tools, and those that ask for some */
	uint64_t id; /* only this one; 0 */
	/* Of an archive: the same, of its first run, by the number that it had there; 0. */
	uint64_t number;
	/* Of an archive: only what was kept after this one, as it was kept; 0: all. */
	uint64_t after;
	const char *conversation; /* only of those whose id begins so, by turn; NULL */
	/* Only with this text in what is new; NULL. Of an archive with more than 2000 that have it,
	 * and a `max`, those with the newest messages. */
	const char *text;
};

/* Returns 0 to go on, 1 when it has enough, or -errno with a reason. */
typedef int (*view_fn)(void *arg, const struct exchange *x, struct error *reterr);
/* 0, or -errno with a reason, after everything that could be read. */
int view_each(struct view *v, const struct view_query *q, view_fn fn, void *arg,
	      struct error *reterr);

/* The same, in no order but that of the source (VIEW_AS_KEPT, VIEW_BY_ID) and without a text; it
 * tells which of them count in sums. */
typedef int (*view_counted_fn)(void *arg, const struct exchange *x, bool spends,
			       struct error *reterr);
int view_each_counted(struct view *v, const struct view_query *q, view_counted_fn fn, void *arg,
		      struct error *reterr);

/* A text as it is looked for: as TEXT of --grep; of an archive with an index words, of which the
 * last may go on. NULL with a reason. */
struct needle *view_needle(const struct view *v, const char *text, struct error *reterr);

#endif

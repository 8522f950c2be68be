/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "archive/reading.h"
#include "base/xalloc.h"
#include "view/page.h"
#include "view/sums.h"
#include "view/view_int.h"

#ifdef HAVE_SQLITE

/* Of more matches than these, those with the newest messages count: a word may be in a million. */
#define MATCHES_MAX 2000

struct archive_view {
	struct view view; /* first */
	struct reading *reading;
};

static struct reading *reading_of(const struct view *v)
{
	return ((const struct archive_view *)v)->reading;
}

/* ---- rows ---- */

struct asking {
	struct view *v;
	const struct view_query *q;
	bool whole, columns; /* whole records are read; columns tell what is selected */
	source_fn fn;
	void *arg;
};

/* What columns do not tell: texts, names of a process beside its program's, a container's id. */
static bool needs_record(const struct view_query *q)
{
	static const char *const words[] = { "grep", "process", "container", NULL };
	const struct select *s = q->select;

	return s && (select_asks(s, words) || s->mode == SHOW_SMART || s->mode == SHOW_AGENTS);
}

static int on_row(void *arg, const struct exchange *row, bool spends, struct error *reterr)
{
	const struct asking *a = arg;
	struct exchange *x;
	int err = 0;

	if (a->columns && !view_has(a->q, row, spends))
		return 0;
	if (!a->whole)
		return a->fn(a->arg, row, spends, reterr);
	x = reading_whole(reading_of(a->v), row->id, reterr);
	/* It was removed meanwhile. */
	if (!x)
		return reterr->code == -ENOENT ? 0 : reterr->code;
	if (view_has(a->q, x, spends))
		err = a->fn(a->arg, x, spends, reterr);
	exchange_unref(x);
	return err;
}

/* ---- texts ---- */

struct found {
	struct page *page;
	size_t left;
};

static int on_found(void *arg, const struct exchange *row, bool spends, struct error *reterr)
{
	struct found *f = arg;

	page_add(f->page, row);
	return --f->left == 0;
}

static int on_sorted(void *arg, const struct exchange *row, struct error *reterr)
{
	return on_row(arg, row, false, reterr);
}

/* What is found comes by how new its message is, which an older exchange may have had too. */
static int each_match(struct asking *a, struct error *reterr)
{
	struct found f = { page_new(page_newest, 0), a->q->max ? MATCHES_MAX : SIZE_MAX };
	int err = reading_matches(reading_of(a->v), a->q->text, on_found, &f, reterr);

	if (!err)
		err = page_each(f.page, on_sorted, a, reterr);
	page_free(f.page);
	return err;
}

static int archive_each(struct view *v, const struct view_query *q, source_fn fn, void *arg,
			struct error *reterr)
{
	bool record = needs_record(q);
	struct asking a = { .v = v,
			    .q = q,
			    .whole = q->whole || record,
			    .columns = !record,
			    .fn = fn,
			    .arg = arg };
	struct reading_query r = { .until_ns = INT64_MAX,
				   .oldest_first = q->order == VIEW_AS_KEPT,
				   .failed = q->failed && q->order == VIEW_NEWEST,
				   .tools = q->tools && q->order == VIEW_NEWEST,
				   .id = q->id,
				   .number = q->number,
				   .after = q->after,
				   .by_id = q->order == VIEW_BY_ID,
				   .conversation = q->conversation };

	if (q->select)
		select_span(q->select, &r.since_ns, &r.until_ns);
	return q->text ? each_match(&a, reterr)
		       : reading_rows(reading_of(v), &r, on_row, &a, reterr);
}

static void archive_free_view(struct view *v)
{
	reading_free(reading_of(v));
	free(v);
}

static const char *archive_kind(const struct view *v)
{
	return "archive";
}

static const struct view_ops archive_ops = { .each = archive_each,
					     .kind = archive_kind,
					     .free = archive_free_view };

int view_archive_open(struct view **ret, const char *path, struct error *reterr)
{
	struct archive_view *a = xcalloc(1, sizeof(*a));
	int err = reading_open(&a->reading, path, reterr);

	if (err) {
		free(a);
		return err;
	}
	a->view.ops = &archive_ops;
	*ret = &a->view;
	return 0;
}

bool view_is_archive(const struct view *v)
{
	return v->ops == &archive_ops;
}

int view_sums(struct view *v, enum sums_of of, int64_t since, int64_t until, view_sum_fn fn,
	      void *arg, struct error *reterr)
{
	return reading_sums(reading_of(v), of, since, until, fn, arg, reterr);
}

int view_keys(struct view *v, int64_t since_ns, int64_t until_ns, view_key_fn fn, void *arg,
	      struct error *reterr)
{
	return reading_keys(reading_of(v), since_ns, until_ns, fn, arg, reterr);
}

int view_pin(const char *path, uint64_t id, bool pin, struct error *reterr)
{
	return reading_pin(path, id, pin, reterr);
}

#else

static int without(struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without SQLite");
}

int view_archive_open(struct view **ret, const char *path, struct error *reterr)
{
	return without(reterr);
}

bool view_is_archive(const struct view *v)
{
	return false;
}

int view_sums(struct view *v, enum sums_of of, int64_t since, int64_t until, view_sum_fn fn,
	      void *arg, struct error *reterr)
{
	return without(reterr);
}

int view_keys(struct view *v, int64_t since_ns, int64_t until_ns, view_key_fn fn, void *arg,
	      struct error *reterr)
{
	return without(reterr);
}

int view_pin(const char *path, uint64_t id, bool pin, struct error *reterr)
{
	return without(reterr);
}

#endif

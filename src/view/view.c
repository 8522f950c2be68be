/* SPDX-License-Identifier: MIT */
#include "view/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "select/search.h"
#include "view/page.h"
#include "view/view_int.h"

/* ---- opening ---- */

static int refuse(const char *path, int err, struct error *reterr)
{
	return error_set(reterr, err, "%s: %s", path, strerror(-err));
}

/* As much of the front as tells what it is. */
static int read_front(int fd, struct buf *front, const char *path, struct error *reterr)
{
	char piece[64];
	ssize_t n = 1;

	while (n > 0 && front->len < sizeof(piece)) {
		n = read(fd, piece, sizeof(piece) - front->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			buf_add(front, span_of(piece, (size_t)n));
	}
	return n < 0 ? refuse(path, -errno, reterr) : 0;
}

static int open_file(struct view **ret, const struct view_config *c, struct error *reterr)
{
	bool standard = strcmp(c->path, "-") == 0;
	int fd = standard ? dup(STDIN_FILENO) : open(c->path, O_RDONLY | O_CLOEXEC);
	struct buf front;
	int err;

	if (fd < 0)
		return refuse(standard ? "standard input" : c->path, -errno, reterr);
	buf_init(&front, 64);
	err = read_front(fd, &front, c->path, reterr);
	if (!err && span_starts(buf_span(&front), SPAN_LIT("SQLite format 3"))) {
		close(fd);
		err = standard ? error_set(reterr, -ESPIPE,
					   "standard input is an archive, which is read by its "
					   "name alone: -r FILE")
			       : view_archive_open(ret, c->path, reterr);
	} else if (!err) {
		*ret = view_file_new(fd, buf_span(&front));
	} else {
		close(fd);
	}
	buf_done(&front);
	return err;
}

int view_open(struct view **ret, const struct view_config *c, struct error *reterr)
{
	int err =
		c->is_archive ? view_archive_open(ret, c->path, reterr) : open_file(ret, c, reterr);

	if (!err)
		(*ret)->config = *c;
	return err;
}

const char *view_kind(const struct view *v)
{
	return v->ops->kind(v);
}

void view_free(struct view *v)
{
	if (v)
		v->ops->free(v);
}

/* ---- what is asked for ---- */

bool view_has(const struct view_query *q, const struct exchange *x, bool spends)
{
	const struct select *s = q->select;

	if ((q->id && x->id != q->id) || (q->calls && !spends) || (q->once && x->twin_of) ||
	    (q->failed && !exchange_went_wrong(x)))
		return false;
	if (q->conversation && (!x->conversation.id[0] || !span_starts(span_str(x->conversation.id),
								       span_str(q->conversation))))
		return false;
	if (s && s->mode != SHOW_DEFAULT && !show_mode_has(s->mode, x))
		return false;
	return !s || select_words_have(s, x);
}

struct needle *view_needle(const struct view *v, const char *text, struct error *reterr)
{
	AUTO_FREE char *word = NULL;

	if (!view_is_archive(v))
		return needle_new(text, reterr);
	word = xstrndup(text, strcspn(text, " \t\n"));
	return needle_new(*word ? word : text, reterr);
}

/* ---- rows ---- */

struct passing {
	const struct view_query *q;
	struct needle *needle; /* of a source without an index; NULL */
	struct page *page;     /* NULL: as they come */
	view_fn fn;
	void *arg;
};

static int on_exchange(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	const struct passing *p = arg;

	if (p->needle && !(view_has(p->q, x, spends) && search_exchange(p->needle, x)))
		return 0;
	if (!p->needle && !view_has(p->q, x, spends))
		return 0;
	if (!p->page)
		return p->fn(p->arg, x, reterr);
	page_add(p->page, x);
	return 0;
}

/* A file is read from the front, and what is newest known at its end. */
static int each_of_file(struct view *v, const struct view_query *q, struct passing *p,
			struct error *reterr)
{
	struct error late = { 0 };
	int err, failed = 0;

	if (q->text) {
		p->needle = needle_new(q->text, reterr);
		if (!p->needle)
			return reterr->code;
	}
	if (q->order == VIEW_NEWEST || q->conversation)
		p->page = page_new(q->conversation ? page_by_turn : page_newest, q->max);
	err = v->ops->each(v, q, on_exchange, p, reterr);
	if (p->page)
		failed = page_each(p->page, p->fn, p->arg, &late);
	if (!err && failed) {
		*reterr = late;
		err = failed;
	}
	page_free(p->page);
	needle_free(p->needle);
	return err;
}

struct limited {
	view_fn fn;
	void *arg;
	size_t left; /* 0: without end */
};

static int on_limited(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	struct limited *l = arg;
	int err = l->fn(l->arg, x, reterr);

	return err ? err : l->left && --l->left == 0;
}

int view_each(struct view *v, const struct view_query *q, view_fn fn, void *arg,
	      struct error *reterr)
{
	struct passing p = { .q = q, .fn = fn, .arg = arg };
	struct limited l = { fn, arg, q->order == VIEW_NEWEST ? q->max : 0 };

	return view_is_archive(v) ? v->ops->each(v, q, on_limited, &l, reterr)
				  : each_of_file(v, q, &p, reterr);
}

struct counting {
	const struct view_query *q;
	view_counted_fn fn;
	void *arg;
};

static int on_counted(void *arg, const struct exchange *x, bool spends, struct error *reterr)
{
	const struct counting *c = arg;

	return view_has(c->q, x, spends) ? c->fn(c->arg, x, spends, reterr) : 0;
}

int view_each_counted(struct view *v, const struct view_query *q, view_counted_fn fn, void *arg,
		      struct error *reterr)
{
	struct counting c = { q, fn, arg };

	return v->ops->each(v, q, on_counted, &c, reterr);
}

/* SPDX-License-Identifier: MIT */
#include "web/copy.h"

#ifdef HAVE_MICROHTTPD

#include "archive/archive.h"

static int open_whole(struct web *w, const char *path, bool is_archive, struct error *reterr)
{
	const struct view_config c = { .path = path,
				       .is_archive = is_archive,
				       .limits = &w->limits };

	return view_open(&w->whole, &c, reterr);
}

#ifdef HAVE_SQLITE

int copy_open(struct web *w, struct error *reterr)
{
	static const struct live_store_config private = { 0 };
	const struct archive_options o = { .bodies = true };
	int err;

	if (w->config.live || view_is_archive(w->kept))
		return open_whole(w,
				  w->config.live ? live_store_path(w->config.live) : w->config.path,
				  true, reterr);
	err = live_store_open(&w->own, &private, reterr);
	if (!err)
		err = archive_open(&w->copy, live_store_path(w->own), &o, reterr);
	return err ? err : open_whole(w, live_store_path(w->own), true, reterr);
}

void copy_close(struct web *w)
{
	view_free(w->whole);
	archive_free(w->copy);
	live_store_close(w->own);
}

int copy_add(struct web *w, const struct exchange *x, uint64_t id, struct error *reterr)
{
	struct exchange *own;
	int err;

	if (!w->copy)
		return 0;
	own = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
	own->id = id;
	exchange_freeze(own);
	err = archive_add(w->copy, own, reterr);
	exchange_unref(own);
	return err;
}

int copy_flush(struct web *w, struct error *reterr)
{
	return w->copy ? archive_flush(w->copy, reterr) : 0;
}

#else

int copy_open(struct web *w, struct error *reterr)
{
	/* It is read from its front for each record. */
	return open_whole(w, w->config.path, false, reterr);
}

void copy_close(struct web *w)
{
	view_free(w->whole);
}

int copy_add(struct web *w, const struct exchange *x, uint64_t id, struct error *reterr)
{
	return 0;
}

int copy_flush(struct web *w, struct error *reterr)
{
	return 0;
}

#endif

#endif

/* SPDX-License-Identifier: MIT */
#include "cli/web_face.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "sink/http_port.h"
#include "web/web.h"

/* Beside the daemon's archive: its address, for those who may read that. */
#define ADDRESS_FILE "web-address"

struct shown {
	struct web *web;
	struct view *view;
	struct select select;
	char *folder; /* of ADDRESS_FILE; NULL: there is none */
	bool finished;
};

/* ---- its address ---- */

static int write_address(struct shown *s, struct error *reterr)
{
	AUTO_FREE char *line = xasprintf("%s\n", web_url(s->web));
	int dir = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = dir < 0 ? dir : file_replace(dir, ADDRESS_FILE, span_str(line));

	if (dir >= 0)
		close(dir);
	return err ? error_set(reterr, err, "%s/" ADDRESS_FILE ": cannot be written", s->folder)
		   : 0;
}

/* The journal, where a daemon's messages go, is read by others than its archive. */
static int tell(struct shown *s, const struct live_store *store, const struct options *o,
		struct error *reterr)
{
	const char *path = live_store_path(store);

	if (!http_port_is_own(o->web))
		log_say("whoever reaches %s and has the token can read all of it, and what passes "
			"on the way there is not encrypted",
			o->web);
	if (o->action != ACTION_DAEMON) {
		log_say("open %s", web_url(s->web));
		return 0;
	}
	s->folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	log_say("the address of the pages is in %s/" ADDRESS_FILE, s->folder);
	return write_address(s, reterr);
}

/* ---- the face ---- */

static void on_close(void *face)
{
	struct shown *s = face;
	AUTO_FREE char *file = s->folder ? xasprintf("%s/" ADDRESS_FILE, s->folder) : NULL;

	web_stop(s->web);
	view_free(s->view);
	if (file)
		unlink(file);
	free(s->folder);
	free(s);
}

static int on_open(void **ret, struct live_store *store, const struct options *o,
		   struct error *reterr)
{
	struct shown *s = xcalloc(1, sizeof(*s));
	struct web_config c = { .where = *o->web ? o->web : NULL,
				.path = live_store_path(store),
				.select = &s->select,
				.live = store,
				.another = "--web=PORT" };
	int err = live_store_view(store, &s->view, reterr);

	s->select = o->select;
	s->select.mode = o->mode == SHOW_DEFAULT ? SHOW_AGENTS : o->mode;
	c.kept = s->view;
	if (!err)
		err = web_start(&s->web, &c, reterr);
	if (!err)
		err = tell(s, store, o, reterr);
	if (err)
		on_close(s);
	else
		*ret = s;
	return err;
}

static void on_finished(void *face, const char *why)
{
	struct shown *s = face;

	s->finished = true;
	if (web_is_watched(s->web))
		log_say("%s; pages that are open stay until they are closed, or Ctrl-C", why);
}

/* Whoever has a page open goes on reading after the command's end. */
static bool is_over(const void *face)
{
	const struct shown *s = face;

	return s->finished && !web_is_watched(s->web);
}

const struct face *web_face(void)
{
	static const struct face face = {
		.open = on_open, .is_over = is_over, .finished = on_finished, .close = on_close
	};

	return &face;
}

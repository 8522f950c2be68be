/* SPDX-License-Identifier: MIT */
#include "top/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "run/daemon.h"
#include "top/top.h"

struct live_face {
	struct kept k;
	struct top_source source;
	struct top_signals signals;
	bool lines; /* no screen */
	pthread_t thread;
	bool started;
	atomic_bool over; /* the person has ended it */
	struct error failed;
};

bool top_is_live(const struct options *o)
{
	if (o->action != ACTION_TOP || o->replay)
		return false;
	if (o->command || o->traces || o->outputs.count || o->record)
		return true;
	return !o->once && strcmp(o->format->name, "jsonl") != 0 && geteuid() == 0 &&
	       !daemon_runs();
}

/* ---- its thread ---- */

static void *run(void *arg)
{
	struct live_face *f = arg;
	int signal_number, err;

	prctl(PR_SET_NAME, "llm-spy-top");
#ifdef HAVE_CURSES
	err = f->lines ? top_print_changes(&f->source, &f->failed)
		       : top_view_run(&f->source, &signal_number, &f->failed);
	if (err == -ENOTSUP && !f->failed.text[0]) {
		f->lines = true;
		err = top_print_changes(&f->source, &f->failed);
	}
#else
	err = top_print_changes(&f->source, &f->failed);
#endif
	(void)signal_number;
	(void)err;
	atomic_store(&f->over, true);
	return NULL;
}

/* ---- the face ---- */

static unsigned columns(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

static int face_open(void **ret, struct live_store *s, const struct options *o,
		     struct error *reterr)
{
	struct live_face *f = xcalloc(1, sizeof(*f));
	int err;

	f->lines = !top_can_draw();
	f->k = (struct kept){ .o = o,
			      .select = o->select,
			      .width = columns(),
			      .utf8 = log_utf8() || !isatty(STDOUT_FILENO) };
	f->k.select.mode = o->mode;
	f->k.query.select = &f->k.select;
	f->signals.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->source = (struct top_source){
		.k = &f->k, .store = s, .name = "live", .signals = &f->signals
	};
	err = f->signals.wake < 0 ? error_set(reterr, -errno, "eventfd: %s", strerror(errno))
				  : live_store_view(s, &f->k.view, reterr);
	if (!err) {
		*ret = f;
		return 0;
	}
	if (f->signals.wake >= 0)
		close(f->signals.wake);
	free(f);
	return err;
}

static int face_begin(void *face, struct error *reterr)
{
	struct live_face *f = face;
	int err = pthread_create(&f->thread, NULL, run, f);

	f->started = err == 0;
	return err ? error_set(reterr, -err, "cannot start a thread: %s", strerror(err)) : 0;
}

static bool face_is_over(const void *face)
{
	const struct live_face *f = face;

	return atomic_load(&f->over);
}

static void wake(struct live_face *f)
{
	uint64_t one = 1;

	if (write(f->signals.wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		log_debug("top", "the screen is awake");
}

static void face_finished(void *face, const char *why)
{
	struct live_face *f = face;

	atomic_store(&f->signals.ended, why);
	wake(f);
}

static void face_close(void *face)
{
	struct live_face *f = face;

	atomic_store(&f->signals.stop, true);
	wake(f);
	if (f->started)
		pthread_join(f->thread, NULL);
	if (f->failed.text[0])
		log_warn("top", "%s", f->failed.text);
	view_free(f->k.view);
	close(f->signals.wake);
	free(f);
}

const struct face *top_face(void)
{
	static const struct face screen = { .open = face_open,
					    .begin = face_begin,
					    .is_over = face_is_over,
					    .finished = face_finished,
					    .close = face_close,
					    .takes_terminal = true,
					    .takes_keys = true };
	static const struct face lines = { .open = face_open,
					   .begin = face_begin,
					   .is_over = face_is_over,
					   .finished = face_finished,
					   .close = face_close,
					   .takes_terminal = true };

	return top_can_draw() ? &screen : &lines;
}

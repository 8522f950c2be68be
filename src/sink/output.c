/* SPDX-License-Identifier: MIT */
#include "sink/output.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "sink/begun.h"
#include "sink/output_spec.h"
#include "sink/queue.h"
#include "select/redact_setting.h"
#include "sink/stricter.h"
#include "sink/writer.h"

#define QUEUE_BYTES (64u << 20)
#define TICK_MS	    1000
/* How long a reader may take nothing at the end before it is given up. */
#define PATIENCE_MS 3000
/* Records that are written between two commits at most. */
#define BATCH 256

struct output {
	struct output_spec spec;
	const struct sink_ops *ops; /* the spec's */
	struct sink *sink;
	struct sink_config config;
	struct stricter stricter;
	struct writer *writer; /* with SINK_WRITES */
	struct queue *queue;
	bool lossless;
	bool bodies;			/* asked for, by the command line or its own setting */
	const struct select *selection; /* the command line's; NULL */
	struct begun begun;
	pthread_t thread;
	bool started;
	/* The thread's own, and read by others. */
	uint64_t handled; /* atomic: events */
	int over;	  /* atomic: the thread has ended */
	int dead;	  /* atomic: -errno, since when no record can be written; 0 */
	/* The thread's own. */
	uint64_t uncommitted; /* records */
	uint64_t ticked_ns;
	unsigned tick_ms; /* from the last tick to the next */
	bool troubled;	  /* a failure was logged, and none succeeded since */
	/* Under the lock. */
	pthread_mutex_t lock;
	struct output_totals totals;
};

/* ---- opening ---- */

/* Whether it moves the cursor and erases, as all do but those that say so. */
static bool can_redraw(void)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0;
}

static bool wants_color(enum color_when when, bool tty)
{
	const char *no = getenv("NO_COLOR");

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	return tty && !(no && *no) && can_redraw();
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* Whether the terminal does, as the locale says. Where there is no locale at all, as in many
 * containers and services, terminals take UTF-8 nevertheless. */
static bool takes_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ||
	       !(is_set("LC_ALL") || is_set("LC_CTYPE") || is_set("LANG"));
}

static int open_writer(struct output *o, const struct output_defaults *d, struct error *reterr)
{
	struct winsize w;
	bool tty;
	int fd, err;

	if (!(o->ops->wants & SINK_WRITES))
		return 0;
	err = writer_open(&o->writer, o->config.target, d->force, reterr);
	if (err)
		return err;
	fd = writer_fd(o->writer);
	tty = isatty(fd);
	o->config.out = writer_stream(o->writer);
	o->config.color = wants_color(d->color, tty);
	o->config.utf8 = !tty || takes_utf8();
	o->config.terminal = tty;
	o->config.fd = fd;
	o->config.live = tty && can_redraw() && !d->lossless;
	o->config.keys = o->config.live && !d->command;
	if (tty && ioctl(fd, TIOCGWINSZ, &w) == 0)
		o->config.width = w.ws_col;
	return 0;
}

/* The sink sees what was asked for, not the spec itself. */
static void configure(struct output *o)
{
	o->ops = o->spec.ops;
	if (o->spec.select.mode == SHOW_RAW && o->ops->raw)
		o->ops = o->ops->raw;
	o->stricter.policy = o->spec.policy;
	o->config.target = o->spec.target;
	o->config.values = o->spec.values;
	o->config.nvalues = o->spec.nvalues;
	o->config.mode = o->spec.select.mode;
	memcpy(o->totals.name, o->spec.name, sizeof(o->totals.name));
}

static int write_out(struct output *o, bool last)
{
	int err;

	if (o->ops->closing)
		writer_set_closing(o->writer, o->ops->closing(o->sink));
	err = writer_commit(o->writer);
	if (!err && last)
		err = writer_end(o->writer);
	if (o->ops->committed)
		o->ops->committed(o->sink, !err);
	return err;
}

/* How a file begins is there before all else, or it is not begun. */
static int begin_file(struct output *o, struct error *reterr)
{
	int err = writer_is_file(o->writer) ? write_out(o, false) : 0;

	return err ? error_set(reterr, err, "%s: %s", o->totals.name, strerror(-err)) : 0;
}

static int read_flags(struct output *o, const struct output_defaults *d, struct error *reterr)
{
	bool all = o->ops->wants & SINK_ALL_BODIES;
	int err = sink_flag(&o->config, "bodies", d->bodies || all, &o->bodies, reterr);

	return err ? err : sink_flag(&o->config, "events", d->events, &o->config.events, reterr);
}

/* What all outputs are to. */
static int hide(struct output_spec *o, const struct output_defaults *d, struct error *reterr)
{
	struct error why = { 0 };
	int err = 0;

	for (size_t i = 0; i < d->nredact && !err; i++)
		err = redact_setting_add(&o->policy, d->redact[i], &why);
	return err ? error_set(reterr, err, "--redact: %s", why.text) : 0;
}

/* With --force it would be emptied before it is read, and an archive would be added to itself. */
static int spare_source(const struct output *o, const char *source, struct error *reterr)
{
	const char *target = o->config.target;
	struct stat in, out;

	if (!source || !target || stat(target, &out) != 0 ||
	    (strcmp(source, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(source, &in)) != 0)
		return 0;
	if (!S_ISREG(in.st_mode) || in.st_dev != out.st_dev || in.st_ino != out.st_ino)
		return 0;
	return error_set(reterr, -EINVAL,
			 "%.150s is the file that is read: name another one to write to", target);
}

int output_open(struct output **ret, const char *arg, const struct sink_ops *format,
		const struct output_defaults *d, struct error *reterr)
{
	struct output *o = xcalloc(1, sizeof(*o));
	int err;

	pthread_mutex_init(&o->lock, NULL);
	o->spec.select.mode = d->mode;
	o->spec.select.recorded = d->lossless;
	o->selection = d->selection;
	o->spec.queue_bytes = QUEUE_BYTES;
	o->lossless = d->lossless;
	o->config.full = d->full;
	o->config.bodies = d->bodies;
	o->config.follow = d->follow;
	o->config.lines = d->lines;
	o->config.recorded = d->lossless;
	o->config.health = d->health;
	err = output_spec_read(&o->spec, arg, format, reterr);
	if (!err)
		err = hide(&o->spec, d, reterr);
	configure(o);
	if (!err)
		err = read_flags(o, d, reterr);
	if (!err)
		err = spare_source(o, d->source, reterr);
	if (!err)
		err = open_writer(o, d, reterr);
	if (!err)
		err = o->ops->open(&o->sink, &o->config, reterr);
	if (!err && o->writer)
		err = begin_file(o, reterr);
	if (err) {
		output_free(o);
		return err;
	}
	o->queue = queue_new(o->spec.queue_bytes);
	o->tick_ms = TICK_MS;
	if (o->ops->pollfds)
		queue_fd(o->queue);
	*ret = o;
	return 0;
}

void output_free(struct output *o)
{
	if (!o)
		return;
	if (o->sink)
		o->ops->free(o->sink);
	writer_free(o->writer);
	queue_free(o->queue);
	stricter_done(&o->stricter);
	begun_done(&o->begun);
	output_spec_done(&o->spec);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* ---- its thread ---- */

static void count_failed(struct output *o, uint64_t records)
{
	pthread_mutex_lock(&o->lock);
	o->totals.failed += records;
	pthread_mutex_unlock(&o->lock);
}

/* What it could not write, once for a while; the end sums up. */
static void report(struct output *o, int err, const char *text, uint64_t records)
{
	bool first = !o->troubled;

	count_failed(o, records);
	pthread_mutex_lock(&o->lock);
	snprintf(o->totals.problem, sizeof(o->totals.problem), "%s", text);
	pthread_mutex_unlock(&o->lock);
	o->troubled = true;
	/* A reader that leaves, as head(1) does, is no news. */
	if (first && err != -EPIPE && err != -ETIMEDOUT)
		log_warn("output", "%s: %s",
			 output_is_stdout(o) ? "standard output" : o->totals.name, text);
}

static bool is_final(int err)
{
	return err == -EPIPE || err == -ETIMEDOUT || err == -EBADF || err == -EIO;
}

/* What it took, and could not write after all. */
static void count_lost(struct output *o)
{
	struct error e = { 0 };
	uint64_t lost = o->ops->lost ? o->ops->lost(o->sink, &e) : 0;

	if (!lost && !e.code)
		return;
	report(o, e.code, e.text, lost);
	pthread_mutex_lock(&o->lock);
	o->totals.written -= lost;
	pthread_mutex_unlock(&o->lock);
}

static void commit(struct output *o, bool last)
{
	uint64_t records = o->uncommitted;
	struct error e = { 0 };
	int err = o->ops->flush ? o->ops->flush(o->sink, &e) : 0;

	if (!err && o->writer) {
		err = write_out(o, last);
		if (err)
			error_set(&e, err, "%s",
				  err == -EPIPE	      ? "nobody reads any more"
				  : err == -ETIMEDOUT ? "the reader stopped reading"
						      : strerror(-err));
	}
	o->uncommitted = 0;
	if (err) {
		report(o, err, e.text, records);
		if (is_final(err))
			__atomic_store_n(&o->dead, err, __ATOMIC_RELAXED);
		return;
	}
	o->troubled &= records == 0;
	pthread_mutex_lock(&o->lock);
	o->totals.written += records;
	pthread_mutex_unlock(&o->lock);
	count_lost(o);
}

static void give(struct output *o, enum event_kind kind, const struct exchange *x,
		 const struct exchange_delta *d)
{
	const struct sink_ops *ops = o->ops;
	struct error err = { 0 };
	int code = 0;

	switch (kind) {
	case EVENT_REQUEST:
		code = ops->request ? ops->request(o->sink, x, &err) : 0;
		break;
	case EVENT_RESPONSE:
		code = ops->response ? ops->response(o->sink, x, &err) : 0;
		break;
	case EVENT_DELTA:
		code = ops->delta ? ops->delta(o->sink, x, d, &err) : 0;
		break;
	case EVENT_SUPERSEDED:
		code = ops->superseded ? ops->superseded(o->sink, x, &err) : 0;
		break;
	case EVENT_END:
		code = ops->end(o->sink, x, &err);
		break;
	}
	if (code)
		report(o, code, err.text, kind == EVENT_END);
	else
		o->uncommitted += kind == EVENT_END;
}

/* What is given with a stricter copy of a record. */
struct gift {
	struct output *output;
	const struct exchange *x;
};

static void give_delta(void *arg, const struct exchange_delta *d)
{
	const struct gift *g = arg;

	give(g->output, EVENT_DELTA, g->x, d);
}

static void give_stricter(struct output *o, const struct event *e)
{
	struct exchange *copy = e->kind == EVENT_DELTA ? stricter_light(&o->stricter, e->x)
						       : stricter_copy(e->x, &o->stricter);
	struct gift g = { o, copy };

	if (e->kind == EVENT_DELTA) {
		stricter_delta(&o->stricter, &e->d, give_delta, &g);
	} else {
		if (e->kind == EVENT_END || e->kind == EVENT_SUPERSEDED)
			stricter_end(&o->stricter, copy->id, give_delta, &g);
		give(o, e->kind, copy, NULL);
	}
	exchange_unref(copy);
}

static void handle(struct output *o, const struct event *e)
{
	if (stricter_is_needed(&o->stricter))
		give_stricter(o, e);
	else
		give(o, e->kind, e->x, &e->d);
}

/* Whether the sink's own descriptors are ready, or its queue, or its tick is due. */
static bool wait_for_any(struct output *o)
{
	struct pollfd fds[1 + SINK_POLLFDS];
	size_t n;

	o->tick_ms = TICK_MS;
	n = o->ops->pollfds(o->sink, fds + 1, SINK_POLLFDS, &o->tick_ms);
	fds[0] = (struct pollfd){ .fd = queue_fd(o->queue), .events = POLLIN };
	if (poll(fds, 1 + n, (int)o->tick_ms) <= 0)
		return false;
	for (size_t i = 1; i <= n; i++)
		if (fds[i].revents)
			return true;
	return false;
}

static struct event *next_event(struct output *o, bool *ret_is_due, bool *ret_closed)
{
	*ret_is_due = o->ops->pollfds && wait_for_any(o);
	return queue_take(o->queue, o->ops->pollfds ? 0 : TICK_MS, ret_closed);
}

static bool tick(struct output *o, bool is_due)
{
	struct error e = { 0 };
	uint64_t now = now_ns();

	if (!o->ops->tick || (!is_due && now - o->ticked_ns < o->tick_ms * 1000000ull))
		return false;
	o->ticked_ns = now;
	if (o->ops->tick(o->sink, now, &e) != 0)
		report(o, e.code, e.text, 0);
	return true;
}

static void take_event(struct output *o, struct event *e)
{
	if (e && !__atomic_load_n(&o->dead, __ATOMIC_RELAXED))
		handle(o, e);
	else if (e && e->kind == EVENT_END)
		count_failed(o, 1);
	queued_free(e);
	__atomic_add_fetch(&o->handled, 1, __ATOMIC_RELAXED);
}

static void *run(void *arg)
{
	struct output *o = arg;
	bool closed = false, is_due;

	while (!closed) {
		struct event *e = next_event(o, &is_due, &closed);
		bool ticked, idle = !e;

		take_event(o, e);
		ticked = tick(o, is_due);
		/* What is idle has everything written out. */
		if (idle || ticked || o->uncommitted >= BATCH || queue_is_empty(o->queue))
			commit(o, false);
	}
	if (o->ops->finish)
		o->ops->finish(o->sink);
	if (output_is_alive(o))
		commit(o, true);
	__atomic_store_n(&o->over, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* The tracer takes signals by a descriptor and blocks them after its outputs have started: one
 * that a thread left open would end the process instead. */
int output_start(struct output *o, struct error *reterr)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t all, before;
	int err;

	sigfillset(&all);
	/* Those of a fault reach whoever restores the terminal. */
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&o->thread, NULL, run, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	o->started = !err;
	return err ? error_set(reterr, -err, "no thread can be started: %s", strerror(err)) : 0;
}

/* ---- the thread that assembles ---- */

enum show_mode output_mode(const struct output *o)
{
	return o->spec.select.mode;
}

unsigned output_parts(const struct output *o)
{
	return EXCHANGE_CONTENT | (o->config.mode == SHOW_RAW ? EXCHANGE_BODIES : 0);
}

static bool selects(const struct output *o, const struct exchange *x)
{
	return select_has(&o->spec.select, x) &&
	       (!o->selection || select_words_have(o->selection, x));
}

static bool takes_events(const struct output *o)
{
	return o->ops->wants & SINK_EVENTS && o->config.events;
}

static bool needs_end(const struct output *o)
{
	return !(o->ops->wants & SINK_DELTAS || takes_events(o)) ||
	       select_needs_end(&o->spec.select) ||
	       (o->selection && select_needs_end(o->selection));
}

bool output_has_live(struct output *o, const struct exchange *x, bool news)
{
	if (needs_end(o))
		return false;
	if (begun_has(&o->begun, x->id))
		return true;
	if (!news || !selects(o, x))
		return false;
	begun_add(&o->begun, x->id);
	return true;
}

bool output_takes(const struct output *o, enum event_kind kind)
{
	return o->ops->wants & SINK_DELTAS || kind == EVENT_REQUEST;
}

bool output_has_end(struct output *o, const struct exchange *x, bool superseded)
{
	return begun_drop(&o->begun, x->id) || (!superseded && selects(o, x));
}

bool output_shows(const struct output *o, const struct exchange *x)
{
	return show_mode_has(o->spec.select.mode, x);
}

static bool searches_bodies(const struct output *o, const struct exchange *x)
{
	return x->kind != EXCHANGE_LLM && (select_searches(&o->spec.select) ||
					   (o->selection && select_searches(o->selection)));
}

bool output_shows_bodies(const struct output *o, const struct exchange *x)
{
	bool always = o->bodies || o->config.mode == SHOW_RAW;
	bool other = o->ops->wants & SINK_BODIES && x->kind == EXCHANGE_HTTP;

	return (always || other || searches_bodies(o, x)) && output_shows(o, x);
}

void output_put(struct output *o, struct event *e)
{
	/* Of what is slow only the text as it comes is left out at first. */
	bool spare = e->kind == EVENT_DELTA && !o->lossless && queue_is_busy(o->queue);
	bool is_end = e->kind == EVENT_END;

	if (!spare && queue_put(o->queue, e, o->lossless))
		return;
	queued_free(e);
	if (!is_end)
		return;
	pthread_mutex_lock(&o->lock);
	o->totals.dropped++;
	pthread_mutex_unlock(&o->lock);
}

bool output_is_alive(const struct output *o)
{
	return !__atomic_load_n(&o->dead, __ATOMIC_RELAXED);
}

bool output_has_reader(const struct output *o)
{
	return __atomic_load_n(&o->dead, __ATOMIC_RELAXED) != -EPIPE &&
	       (!o->writer || writer_has_reader(o->writer));
}

bool output_is_stdout(const struct output *o)
{
	return o->writer && !o->config.target;
}

void output_close(struct output *o)
{
	queue_close(o->queue);
}

static uint64_t progress(const struct output *o)
{
	return __atomic_load_n(&o->handled, __ATOMIC_RELAXED) +
	       (o->writer ? writer_bytes(o->writer) : 0);
}

static bool is_over(const struct output *o)
{
	return __atomic_load_n(&o->over, __ATOMIC_ACQUIRE);
}

/* As long as something is taken, it is waited for. */
static void wait_for_reader(struct output *o)
{
	uint64_t before = progress(o), since = now_ns();

	while (!is_over(o)) {
		usleep(1000);
		if (progress(o) != before || o->lossless) {
			before = progress(o);
			since = now_ns();
		} else if (now_ns() - since > PATIENCE_MS * 1000000ull) {
			break;
		}
	}
	if (!is_over(o) && o->writer)
		writer_abandon(o->writer);
}

void output_finish(struct output *o)
{
	if (!o->started)
		return;
	wait_for_reader(o);
	pthread_join(o->thread, NULL);
	o->started = false;
}

void output_note(struct output *o, struct span lines)
{
	if (!o->writer)
		return;
	writer_note(o->writer, lines);
	if (!o->started)
		writer_commit(o->writer);
}

struct output_totals output_totals(const struct output *o)
{
	struct output *unlocked = (struct output *)o;
	struct output_totals s;

	pthread_mutex_lock(&unlocked->lock);
	s = o->totals;
	pthread_mutex_unlock(&unlocked->lock);
	return s;
}

/* SPDX-License-Identifier: MIT */
/* Jobs are shared with the threads, under a lock. Cards hold what was read; they are the caller's
 * alone. A thread that does not come back from one job is left to it, and another is started. */
#include "source/describer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/types.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "probes/event.h"
#include "proc/identity.h"
#include "proc/list.h"

#define CARDS	1024
#define NOTES	4096
#define JOBS	64
#define THREADS 8
/* For a process of its first sight. Reading takes 0.1 ms. */
#define PATIENCE_NS 20000000ull
/* After somebody made us wait for so long, for a while. */
#define HASTE_NS      2000000ull
#define HASTE_LAST_NS 1000000000ull
/* A process may change its name; it is read again when it makes a connection. */
#define FRESH_NS 1000000000ull
/* For so long a number is hardly given to another process. One that lives longer was read. */
#define NOTE_NS 30000000000ull
/* A job that takes longer is given a thread of its own. */
#define STUCK_NS 100000000ull
#define END_S	 1

#define NOBODY ((uid_t)-1)

enum state { FREE, WAITING, RUNNING, DONE };

struct job {
	enum state state;
	struct chunk of; /* without data */
	bool asked;	 /* not only prepared */
	bool outdated;	 /* it may be of another program */
	bool exists;
	uint64_t begun_ns;
	struct buf text;
};

struct card {
	uint32_t tgid, uid;
	uint64_t read_ns;
	bool exists;
	char *text;
	size_t len;
};

/* What was told of a process when its program began. */
struct note {
	uint32_t tgid, parents[SPY_PARENTS];
	uint64_t ts_ns, ino;
	size_t exe_len, args_len;
	char text[]; /* exe, then arguments */
};

struct describer {
	pthread_mutex_t lock;
	pthread_cond_t wanted, done;
	pthread_t threads[THREADS];
	size_t nthreads;
	bool stop;
	struct job jobs[JOBS];
	struct note *notes[NOTES];
	/* The caller's. */
	struct card cards[CARDS];
	uint64_t hasty_ns; /* until then */
	struct buf late;
};

static void init_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

struct describer *describer_new(void)
{
	struct describer *d = xcalloc(1, sizeof(*d));

	pthread_mutex_init(&d->lock, NULL);
	init_cond(&d->wanted);
	init_cond(&d->done);
	buf_init(&d->late, IDENTITY_MAX);
	for (size_t i = 0; i < JOBS; i++)
		buf_init(&d->jobs[i].text, IDENTITY_MAX);
	return d;
}

/* ---- the threads ---- */

static struct job *next_waiting(struct describer *d)
{
	for (size_t i = 0; i < JOBS; i++)
		if (d->jobs[i].state == WAITING)
			return &d->jobs[i];
	return NULL;
}

static size_t note_size(const struct note *n)
{
	return sizeof(*n) + n->exe_len + n->args_len;
}

/* A copy, for the caller to free; NULL: nothing was told. */
static struct note *note_of(const struct describer *d, const struct chunk *of)
{
	const struct note *n = d->notes[of->conn.tgid % NOTES];
	uint64_t at = of->ts_ns ? of->ts_ns : now_ns();
	struct note *copy;

	if (!n || n->tgid != of->conn.tgid || at < n->ts_ns || at - n->ts_ns > NOTE_NS)
		return NULL;
	copy = xmalloc(note_size(n));
	memcpy(copy, n, note_size(n));
	return copy;
}

static struct identity_hint hint_of(const struct note *n)
{
	return (struct identity_hint){ .exe = span_of(n->text, n->exe_len),
				       .ino = n->ino,
				       .args = span_of(n->text + n->exe_len, n->args_len),
				       .parents = n->parents,
				       .nparents = SPY_PARENTS };
}

static void work(struct describer *d, struct job *j)
{
	struct identity_hint hint = { .nparents = 0 };
	struct note *note;
	struct chunk of;
	struct buf text;
	bool exists;

	j->state = RUNNING;
	j->begun_ns = now_ns();
	if (j->of.uid == NOBODY)
		j->of.uid = proc_uid((pid_t)j->of.conn.tgid);
	of = j->of;
	note = note_of(d, &of);
	if (note)
		hint = hint_of(note);
	hint.cgroup = of.cgroup;
	pthread_mutex_unlock(&d->lock);
	buf_init(&text, IDENTITY_MAX);
	exists = identity_read((pid_t)of.conn.tgid, of.uid, of.comm, &hint, &text);
	free(note);
	pthread_mutex_lock(&d->lock);
	buf_done(&j->text);
	j->text = text;
	j->exists = exists;
	j->state = DONE;
	pthread_cond_broadcast(&d->done);
}

static void *run(void *arg)
{
	struct describer *d = arg;
	struct job *j;

	pthread_mutex_lock(&d->lock);
	while (!d->stop) {
		j = next_waiting(d);
		if (j)
			work(d, j);
		else
			pthread_cond_wait(&d->wanted, &d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static bool all_stuck(const struct describer *d)
{
	uint64_t now = now_ns();
	size_t stuck = 0;

	for (size_t i = 0; i < JOBS; i++)
		stuck += d->jobs[i].state == RUNNING && d->jobs[i].begun_ns + STUCK_NS < now;
	return stuck >= d->nthreads;
}

/* Signals are the main thread's. */
static void start_thread(struct describer *d)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&d->threads[d->nthreads], NULL, run, d) == 0)
		d->nthreads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void describer_free(struct describer *d)
{
	struct timespec until;
	bool ended = true;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->wanted);
	pthread_mutex_unlock(&d->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	for (size_t i = 0; i < d->nthreads; i++)
		ended &= pthread_timedjoin_np(d->threads[i], NULL, &until) == 0;
	/* A thread that is stuck still uses it; the kernel ends both. */
	if (!ended)
		return;
	for (size_t i = 0; i < CARDS; i++)
		free(d->cards[i].text);
	for (size_t i = 0; i < JOBS; i++)
		buf_done(&d->jobs[i].text);
	for (size_t i = 0; i < NOTES; i++)
		free(d->notes[i]);
	buf_done(&d->late);
	pthread_cond_destroy(&d->wanted);
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- cards ---- */

static struct card *card_of(struct describer *d, uint32_t tgid)
{
	return &d->cards[tgid % CARDS];
}

static bool is_known(const struct card *c, uint32_t tgid, uint32_t uid)
{
	return c->text && c->tgid == tgid && c->uid == uid;
}

static void add_card(const struct card *c, struct buf *out)
{
	buf_add(out, span_of(c->text, c->len));
}

/* Whether it says something new. What was known of a process that has ended says more than that it
 * is gone. */
static bool keep(struct describer *d, struct job *j)
{
	struct card *c = card_of(d, j->of.conn.tgid);
	bool known = is_known(c, j->of.conn.tgid, j->of.uid);
	bool same = known && span_eq(span_of(c->text, c->len), buf_span(&j->text));

	if (known)
		c->read_ns = now_ns();
	if (same || (known && c->exists && !j->exists))
		return false;
	free(c->text);
	*c = (struct card){ .tgid = j->of.conn.tgid,
			    .uid = j->of.uid,
			    .read_ns = now_ns(),
			    .exists = j->exists,
			    .len = j->text.len };
	c->text = buf_take(&j->text);
	return true;
}

/* ---- jobs; the lock is held ---- */

static struct job *job_of(struct describer *d, uint32_t tgid)
{
	for (size_t i = 0; i < JOBS; i++)
		if (d->jobs[i].state != FREE && d->jobs[i].of.conn.tgid == tgid &&
		    !d->jobs[i].outdated)
			return &d->jobs[i];
	return NULL;
}

/* NULL: there are too many already. */
static struct job *post(struct describer *d, const struct chunk *of)
{
	struct job *j = d->jobs;

	while (j < d->jobs + JOBS && j->state != FREE)
		j++;
	if (j == d->jobs + JOBS)
		return NULL;
	j->state = WAITING;
	j->of = *of;
	j->of.data = span_of(NULL, 0);
	j->asked = j->outdated = false;
	if (d->nthreads < THREADS && all_stuck(d))
		start_thread(d);
	pthread_cond_signal(&d->wanted);
	return j;
}

/* Whether the job was done in time. */
static bool await(struct describer *d, struct job *j)
{
	uint64_t now = now_ns();
	uint64_t end = now + (now < d->hasty_ns ? HASTE_NS : PATIENCE_NS);
	struct timespec until = { .tv_sec = (time_t)(end / 1000000000),
				  .tv_nsec = (long)(end % 1000000000) };

	while (j->state != DONE && pthread_cond_timedwait(&d->done, &d->lock, &until) == 0)
		;
	if (j->state == DONE)
		return true;
	d->hasty_ns = now_ns() + HASTE_LAST_NS;
	return false;
}

/* Takes what was read into its card. False: there is nothing, or it is of another user. */
static bool ask(struct describer *d, const struct chunk *of, bool wait)
{
	struct card *c = card_of(d, of->conn.tgid);
	struct job *j = job_of(d, of->conn.tgid);
	bool late = j && j->asked;

	if (!j)
		j = post(d, of);
	if (!j)
		return false;
	if (wait && !late)
		await(d, j);
	j->asked = true;
	if (j->state != DONE || !wait)
		return false;
	keep(d, j);
	j->state = FREE;
	return is_known(c, of->conn.tgid, of->uid);
}

void describer_prepare(struct describer *d, uint32_t tgid)
{
	struct chunk of = { .kind = CHUNK_PROC, .conn.tgid = tgid, .uid = NOBODY };

	if (card_of(d, tgid)->tgid == tgid && card_of(d, tgid)->text)
		return;
	pthread_mutex_lock(&d->lock);
	if (!job_of(d, tgid))
		post(d, &of);
	pthread_mutex_unlock(&d->lock);
}

bool describer_get(struct describer *d, const struct chunk *of, struct buf *out)
{
	struct card *c = card_of(d, of->conn.tgid);
	bool known = is_known(c, of->conn.tgid, of->uid);

	if (!known || c->read_ns + FRESH_NS < now_ns()) {
		pthread_mutex_lock(&d->lock);
		/* What was prepared may have been of a user that it was not. */
		if (!known && !ask(d, of, true) && !job_of(d, of->conn.tgid))
			ask(d, of, true);
		if (known)
			ask(d, of, false);
		pthread_mutex_unlock(&d->lock);
	}
	if (is_known(c, of->conn.tgid, of->uid))
		add_card(c, out);
	return is_known(c, of->conn.tgid, of->uid);
}

void describer_forget(struct describer *d, uint32_t tgid)
{
	struct card *c = card_of(d, tgid);
	struct job *j;

	if (c->tgid == tgid) {
		free(c->text);
		c->text = NULL;
	}
	pthread_mutex_lock(&d->lock);
	j = job_of(d, tgid);
	if (j)
		j->outdated = true;
	pthread_mutex_unlock(&d->lock);
}

void describer_note(struct describer *d, uint32_t tgid, uint64_t ts_ns,
		    const struct spy_exec_names *names)
{
	struct note *n = xcalloc(1, sizeof(*n) + names->exe_len + names->args_len);
	struct note **at = &d->notes[tgid % NOTES];

	n->tgid = tgid;
	n->ts_ns = ts_ns;
	n->ino = names->ino;
	memcpy(n->parents, names->parents, sizeof(n->parents));
	n->exe_len = names->exe_len;
	n->args_len = names->args_len;
	memcpy(n->text, names->exe, n->exe_len);
	memcpy(n->text + n->exe_len, names->args, n->args_len);
	pthread_mutex_lock(&d->lock);
	free(*at);
	*at = n;
	pthread_mutex_unlock(&d->lock);
}

/* Of a job that is done; false: nothing is to be told. */
static bool settle(struct describer *d, struct job *j, struct chunk *ret)
{
	bool tell = !j->outdated && keep(d, j) && j->asked;
	const struct card *c = card_of(d, j->of.conn.tgid);

	j->state = FREE;
	if (!tell)
		return false;
	buf_reset(&d->late);
	add_card(c, &d->late);
	*ret = j->of;
	ret->kind = CHUNK_PROC;
	ret->data = buf_span(&d->late);
	return true;
}

bool describer_late(struct describer *d, struct chunk *ret)
{
	bool any = false;

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < JOBS && !any; i++)
		if (d->jobs[i].state == DONE)
			any = settle(d, &d->jobs[i], ret);
	pthread_mutex_unlock(&d->lock);
	return any;
}

/* SPDX-License-Identifier: MIT */
#include "discover/blind.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "discover/coverage.h"
#include "discover/verdict.h"
#include "proc/list.h"
#include "proc/sockets.h"

/* Processes that run and are remembered for their connections; and how often those that have ended
 * are sorted out for want of room. */
#define OPENED_MAX 1024
#define FORGET_NS  100000000ull

/* Processes of which it is known what they ran, by number; and for how long that is right. */
#define LOOKS	512
#define LOOK_NS 1000000000ull

/* Facts that were told of processes that had ended: of one, one is enough. */
#define FACTS	64
#define FACT_NS 60000000000ull

struct look {
	struct coverage c; /* pid 0: none */
	uint64_t at_ns;
};

struct blind {
	const struct filter_options *filter;
	struct scan_cache *files;
	struct sockets opened; /* who has or had connections to port 443 */
	uint64_t forgot_ns, unjudged;
	struct look looks[LOOKS];
	struct {
		pid_t pid;
		uint64_t at_ns;
	} facts[FACTS];
	size_t nfacts; /* ever */
	pthread_mutex_t lock;
	struct unseen notes; /* under the lock */
};

struct blind *blind_new(const struct filter_options *filter, struct scan_cache *files)
{
	struct blind *b = xcalloc(1, sizeof(*b));

	*b = (struct blind){ .filter = filter, .files = files };
	pthread_mutex_init(&b->lock, NULL);
	return b;
}

void blind_free(struct blind *b)
{
	unseen_done(&b->notes);
	sockets_done(&b->opened);
	for (size_t i = 0; i < LOOKS; i++)
		coverage_done(&b->looks[i].c);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

bool blind_knows(const struct blind *b, pid_t pid)
{
	return sockets_of(&b->opened, pid) != NULL;
}

uint64_t blind_unjudged(const struct blind *b)
{
	return b->unjudged;
}

void blind_unseen(struct blind *b, struct unseen *ret)
{
	pthread_mutex_lock(&b->lock);
	unseen_copy(ret, &b->notes);
	pthread_mutex_unlock(&b->lock);
}

static bool is_named(const struct blind *b, const char *program)
{
	return filter_has_name(b->filter, span_str(program));
}

/* It has ended, and nobody has waited for it yet. */
static bool is_nothing(const struct coverage *c)
{
	return !c->ntls && strcmp(c->program, "?") == 0;
}

/* NULL: it is gone, and was not looked at while it ran. */
static const struct coverage *look(struct blind *b, pid_t pid)
{
	struct look *l = &b->looks[(unsigned)pid % LOOKS];
	struct coverage c;

	if (coverage_of(b->files, &b->opened, pid, &c) != 0 || is_nothing(&c)) {
		coverage_done(&c);
		return l->c.pid == pid ? &l->c : NULL;
	}
	coverage_done(&l->c);
	*l = (struct look){ .c = c, .at_ns = now_ns() };
	return &l->c;
}

void blind_look(struct blind *b, pid_t pid)
{
	const struct look *l = &b->looks[(unsigned)pid % LOOKS];

	if (l->c.pid != pid || now_ns() - l->at_ns > LOOK_NS)
		look(b, pid);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static struct unseen_note *running_note(const struct blind *b, pid_t pid)
{
	for (size_t i = 0; i < b->notes.count; i++)
		if (b->notes.items[i].pid == pid && !b->notes.items[i].ended)
			return &b->notes.items[i];
	return NULL;
}

void blind_judge(struct blind *b, pid_t pid)
{
	const struct coverage *c = look(b, pid);
	const struct unseen_note *note;

	if (!c || is_gone(pid))
		return;
	pthread_mutex_lock(&b->lock);
	note = running_note(b, pid);
	if (!note || !note->proven) {
		if (c->reason && is_named(b, c->program))
			unseen_add(&b->notes, pid, c->program, c->reason, c->remedy);
		else
			unseen_drop(&b->notes, pid);
	}
	pthread_mutex_unlock(&b->lock);
}

/* Whether somebody was told of a note: not yet; not yet, and it stood there at the last look. */
enum { UNTOLD, SEEN, TOLD };

/* In one call of blind_tell; those that follow are in the summary. */
#define TELL_MAX 5

size_t blind_settle(struct blind *b)
{
	size_t n = 0;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->notes.count; i++) {
		b->notes.items[i].told = TOLD;
		n += b->notes.items[i].processes != 0;
	}
	pthread_mutex_unlock(&b->lock);
	return n;
}

static void tell(const struct unseen_note *n)
{
	log_say("%s[%d] cannot be seen: %s%s%s", n->name, (int)n->pid, n->reason,
		n->remedy ? " -> " : "", n->remedy ? n->remedy : "");
}

static bool is_unhooked(const struct targets *ts, const struct coverage *c)
{
	bool all = c && c->ntls;

	for (size_t i = 0; c && i < c->ntls; i++)
		all &= targets_lack(ts, c->tls[i].file);
	return all;
}

/* It is certain: it is said at the next call of blind_tell. */
static void put_fact(struct blind *b, const struct uncarried *u, const struct coverage *c,
		     const struct targets *ts)
{
	uint64_t hooked_ns = targets_hooked_ns(ts, (pid_t)u->tgid);
	const char *program = c ? c->program : u->comm, *remedy;
	pid_t pid = (pid_t)u->tgid;
	AUTO_FREE char *reason = verdict_reason(u, c, is_unhooked(ts, c), hooked_ns, &remedy);
	struct unseen_note *n;

	pthread_mutex_lock(&b->lock);
	unseen_add(&b->notes, pid, program, reason, remedy);
	n = running_note(b, pid);
	n->proven = true;
	n->told = SEEN;
	if (is_gone(pid))
		unseen_ended(&b->notes, pid);
	pthread_mutex_unlock(&b->lock);
	b->facts[b->nfacts % FACTS].pid = pid;
	b->facts[b->nfacts++ % FACTS].at_ns = now_ns();
}

static bool has_fact(struct blind *b, pid_t pid)
{
	const struct unseen_note *n;
	bool known;

	pthread_mutex_lock(&b->lock);
	n = running_note(b, pid);
	known = n && n->proven;
	pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < FACTS && !known; i++)
		known = b->facts[i].pid == pid && now_ns() - b->facts[i].at_ns < FACT_NS;
	return known;
}

void blind_uncarried(struct blind *b, const struct uncarried *u, const struct targets *ts)
{
	const struct coverage *c;

	/* What was hooked in time and captured late is no fault of ours. */
	if (u->joined && targets_hooked_ns(ts, (pid_t)u->tgid) <= u->begun_ns)
		return;
	if (has_fact(b, (pid_t)u->tgid) || !filter_has_uid(b->filter, u->uid))
		return;
	c = look(b, (pid_t)u->tgid);
	if (is_named(b, c ? c->program : u->comm))
		put_fact(b, u, c, ts);
}

void blind_tell(struct blind *b)
{
	size_t told = 0;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->notes.count; i++) {
		struct unseen_note *n = &b->notes.items[i];

		bool due = n->told == SEEN && n->pid;

		/* What is certain is said later, if not now. */
		if (due && told >= TELL_MAX && n->proven)
			continue;
		if (due && told++ < TELL_MAX)
			tell(n);
		if (n->told < TOLD)
			n->told++;
	}
	pthread_mutex_unlock(&b->lock);
}

/* Before their numbers are given to others. Who is blind has a row. */
void blind_forget_gone(struct blind *b)
{
	b->forgot_ns = now_ns();
	for (size_t i = b->opened.count; i > 0; i--) {
		pid_t pid = b->opened.rows[i - 1].pid;

		if (!is_gone(pid))
			continue;
		sockets_forget(&b->opened, pid);
		pthread_mutex_lock(&b->lock);
		unseen_ended(&b->notes, pid);
		pthread_mutex_unlock(&b->lock);
	}
}

static bool has_room(struct blind *b)
{
	if (b->opened.count >= OPENED_MAX && now_ns() - b->forgot_ns >= FORGET_NS)
		blind_forget_gone(b);
	if (b->opened.count < OPENED_MAX)
		return true;
	if (!b->unjudged++)
		log_warn("attach",
			 "more than %d processes have connections to port 443; the others are not "
			 "checked",
			 OPENED_MAX);
	return false;
}

bool blind_remember(struct blind *b, pid_t pid, bool udp, const char *peer)
{
	const struct sockets_row *row = sockets_of(&b->opened, pid);

	if (row && (udp ? row->udp : row->count))
		return true;
	if (!row && !has_room(b))
		return false;
	sockets_add(&b->opened, pid, udp, peer);
	return true;
}

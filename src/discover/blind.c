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
#include "proc/sockets.h"

/* Processes that run and are remembered for their connections; and how often those that have ended
 * are sorted out for want of room. */
#define OPENED_MAX 1024
#define FORGET_NS  100000000ull

struct blind {
	const struct filter_options *filter;
	struct scan_cache *files;
	struct sockets opened; /* who has or had connections to port 443 */
	uint64_t forgot_ns, unjudged;
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

void blind_judge(struct blind *b, pid_t pid)
{
	struct coverage c;
	int err = coverage_of(b->files, &b->opened, pid, &c);

	pthread_mutex_lock(&b->lock);
	if (!err && c.reason && is_named(b, c.program))
		unseen_add(&b->notes, pid, c.program, c.reason, c.remedy);
	else if (!err)
		unseen_drop(&b->notes, pid);
	pthread_mutex_unlock(&b->lock);
	coverage_done(&c);
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

void blind_tell(struct blind *b)
{
	size_t told = 0;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->notes.count; i++) {
		struct unseen_note *n = &b->notes.items[i];

		if (n->told == SEEN && n->pid && told++ < TELL_MAX)
			tell(n);
		if (n->told < TOLD)
			n->told++;
	}
	pthread_mutex_unlock(&b->lock);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
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

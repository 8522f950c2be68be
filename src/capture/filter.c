/* SPDX-License-Identifier: MIT */
#include "capture/filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "capture/held_chunks.h"
#include "capture/process.h"

/* What is known of processes, by number. A source describes a process again with each connection;
 * until then, one that lost its slot here is held up, or filtered by its thread's name and its
 * user's number. So those that have ended lose theirs first, and then the ones that were silent for
 * longest. */
#define SETS 4096
#define WAYS 4
/* fnmatch() takes long for a long text and many stars. */
#define NAME_LEN_MAX 256

struct filter {
	const struct filter_options *o;
	chunk_fn next;
	void *arg;
	struct held_chunks *held; /* NULL: nothing waits for a description */
	int err;		  /* of what was passed on between chunks */
	bool *met;		  /* by user of the options: a process of that name was described */
	struct slot {
		uint32_t tgid;
		bool described; /* if not, nothing waits for that any more */
		bool ended;
		bool named, fits; /* by name; in all other ways */
	} slots[SETS][WAYS];	  /* of each set, who was heard of last comes first */
};

/* ---- one process ---- */

bool filter_is_on(const struct filter_options *o)
{
	return o->npids || filter_asks_more(o);
}

bool filter_asks_more(const struct filter_options *o)
{
	return o->nnames || o->nusers || o->ncontainers || o->nunits || o->ncgroups;
}

bool filter_has_pid(const struct filter_options *o, pid_t pid)
{
	for (size_t i = 0; i < o->npids; i++)
		if (o->pids[i] == pid)
			return true;
	return o->npids == 0;
}

bool filter_has_uid(const struct filter_options *o, uint32_t uid)
{
	for (size_t i = 0; i < o->nusers; i++)
		if (o->users[i].known && o->users[i].uid == uid)
			return true;
	return o->nusers == 0;
}

static bool matches(const char *const *patterns, size_t count, struct span name)
{
	char text[NAME_LEN_MAX];

	if (!name.len || name.len >= sizeof(text))
		return false;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	/* A name may have brackets that are meant as they are. */
	for (size_t i = 0; i < count; i++)
		if (strcmp(patterns[i], text) == 0 || fnmatch(patterns[i], text, 0) == 0)
			return true;
	return false;
}

bool filter_has_name(const struct filter_options *o, struct span name)
{
	return o->nnames == 0 || matches(o->names, o->nnames, name);
}

static bool has_name_of(const struct filter_options *o, const struct proc_text *p)
{
	struct span none = { NULL, 0 };

	for (size_t i = 0; i < o->nnames; i++)
		if (proc_is_named(p, span_str(o->names[i])))
			return true;
	return filter_has_name(o, p->name) || filter_has_name(o, p->script) ||
	       filter_has_name(o, proc_name(none, p->cmdline, none));
}

static bool has_user_of(const struct filter_options *o, const struct proc_text *p, uint32_t uid)
{
	if (!p->user.len)
		return filter_has_uid(o, uid);
	for (size_t i = 0; i < o->nusers; i++)
		if (o->users[i].name ? span_eq(p->user, span_str(o->users[i].name))
				     : o->users[i].uid == uid)
			return true;
	return o->nusers == 0;
}

static bool has_container_of(const struct filter_options *o, const struct proc_text *p)
{
	if (matches(o->containers, o->ncontainers, p->container_name) ||
	    matches(o->containers, o->ncontainers, p->pod))
		return true;
	for (size_t i = 0; i < o->ncontainers; i++)
		if (p->container.len && span_starts(p->container, span_str(o->containers[i])))
			return true;
	return o->ncontainers == 0;
}

static bool has_cgroup_of(const struct filter_options *o, const struct proc_text *p)
{
	for (size_t i = 0; i < o->ncgroups; i++) {
		struct span top = span_str(o->cgroups[i]), rest = span_from(p->cgroup, top.len);

		if (p->cgroup.len && span_starts(p->cgroup, top) &&
		    (!rest.len || rest.ptr[0] == '/'))
			return true;
	}
	return o->ncgroups == 0;
}

static bool fits(const struct filter_options *o, const struct proc_text *p, uint32_t uid)
{
	return has_user_of(o, p, uid) && has_container_of(o, p) && has_cgroup_of(o, p) &&
	       (o->nunits == 0 || matches(o->units, o->nunits, p->unit));
}

bool filter_has_process(const struct filter_options *o, const struct proc_text *p, uint32_t uid,
			const char *comm)
{
	return fits(o, p, uid) && (has_name_of(o, p) || filter_has_name(o, span_str(comm)));
}

/* ---- chunks ---- */

struct filter *filter_new(const struct filter_options *o, chunk_fn next, void *arg)
{
	struct filter *f = xcalloc(1, sizeof(*f));

	f->o = o;
	f->next = next;
	f->arg = arg;
	f->met = xcalloc(o->nusers + 1, sizeof(*f->met));
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	held_chunks_free(f->held);
	free(f->met);
	free(f);
}

void filter_await_descriptions(struct filter *f)
{
	if (!f->held)
		f->held = held_chunks_new();
}

const char *filter_unknown_user(const struct filter *f)
{
	for (size_t i = 0; i < f->o->nusers; i++)
		if (!f->o->users[i].known && !f->met[i])
			return f->o->users[i].name;
	return NULL;
}

/* Comes first in its set from now on. */
static struct slot *move_first(struct slot *set, size_t at)
{
	struct slot s = set[at];

	memmove(set + 1, set, at * sizeof(*set));
	set[0] = s;
	return set;
}

/* NULL: it is not known. */
static struct slot *find(struct filter *f, uint32_t tgid)
{
	struct slot *set = f->slots[tgid % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (tgid && set[i].tgid == tgid)
			return move_first(set, i);
	return NULL;
}

static struct slot *make_room(struct filter *f, uint32_t tgid)
{
	struct slot *set = f->slots[tgid % SETS];
	size_t at = WAYS - 1;

	for (size_t i = WAYS; i > 0; i--)
		if (!set[i - 1].tgid || set[i - 1].ended) {
			at = i - 1;
			break;
		}
	return move_first(set, at);
}

/* Its slot; nothing is known of it. */
static struct slot *begin_anew(struct filter *f, uint32_t tgid)
{
	struct slot *s = find(f, tgid);

	s = s ? s : make_room(f, tgid);
	*s = (struct slot){ .tgid = tgid };
	return s;
}

static void learn(struct filter *f, const struct chunk *c)
{
	struct proc_text p;
	struct slot *s;

	if (proc_decode(c->data, &p) != 0)
		return;
	s = begin_anew(f, c->conn.tgid);
	s->described = true;
	s->named = has_name_of(f->o, &p);
	s->fits = fits(f->o, &p, c->uid);
	for (size_t i = 0; i < f->o->nusers; i++)
		f->met[i] |= f->o->users[i].name && p.user.len &&
			     span_eq(p.user, span_str(f->o->users[i].name));
}

/* Of what is not described, only the user is known. */
static bool fits_unknown(const struct filter *f, const struct chunk *c)
{
	return !f->o->ncontainers && !f->o->nunits && !f->o->ncgroups &&
	       filter_has_uid(f->o, c->uid);
}

static bool wanted(struct filter *f, const struct chunk *c)
{
	const struct slot *s = find(f, c->conn.tgid);
	bool fit = s && s->described ? s->fits : fits_unknown(f, c);

	return fit && filter_has_pid(f->o, (pid_t)c->conn.tgid) &&
	       ((s && s->named) || filter_has_name(f->o, span_str(c->comm)));
}

static int pass(struct filter *f, const struct chunk *c)
{
	struct slot *s = find(f, c->conn.tgid);

	if (c->kind == CHUNK_PROC)
		learn(f, c);
	else if (c->kind == CHUNK_EXIT && s)
		s->ended = true;
	if (c->kind == CHUNK_CLOCK || c->kind == CHUNK_LOST || c->kind == CHUNK_EXIT ||
	    wanted(f, c))
		return f->next(f->arg, c);
	return 0;
}

/* ---- what waits ---- */

/* Connections that were closed and processes that have ended are told without a description, of
 * whoever had no others. */
static bool lacks_description(struct filter *f, const struct chunk *c)
{
	return c->conn.tgid && c->kind != CHUNK_PROC && c->kind != CHUNK_CLOSE &&
	       c->kind != CHUNK_EXIT && !find(f, c->conn.tgid) &&
	       filter_has_pid(f->o, (pid_t)c->conn.tgid);
}

static bool is_holding(const struct filter *f)
{
	return f->held && held_chunks_first(f->held);
}

/* A process for which others have waited for long enough is not waited for again. */
static int pass_held(struct filter *f, bool all, uint64_t now_ns)
{
	int err = 0;

	while (!err && is_holding(f)) {
		const struct chunk *c = held_chunks_first(f->held);

		if (lacks_description(f, c)) {
			if (!all && !held_chunks_is_late(f->held, now_ns))
				break;
			begin_anew(f, c->conn.tgid);
		}
		err = pass(f, held_chunks_take(f->held));
	}
	return err;
}

/* It may be what others wait for. */
static bool is_first_description(struct filter *f, const struct chunk *c)
{
	const struct slot *s = find(f, c->conn.tgid);

	return c->kind == CHUNK_PROC && !(s && s->described);
}

uint64_t filter_tick(struct filter *f, uint64_t now_ns)
{
	const struct chunk *first;

	f->err = f->err ? f->err : pass_held(f, false, now_ns);
	first = is_holding(f) ? held_chunks_first(f->held) : NULL;
	return first && first->ts_ns < now_ns ? first->ts_ns : now_ns;
}

int filter_finish(struct filter *f)
{
	return f->err ? f->err : pass_held(f, true, 0);
}

int filter_chunk(void *filter, const struct chunk *c)
{
	struct filter *f = filter;
	bool waits = f->held && !is_first_description(f, c) &&
		     (is_holding(f) || lacks_description(f, c));
	int err = f->err;

	if (err)
		return err;
	if (waits)
		held_chunks_add(f->held, c);
	else
		err = pass(f, c);
	return err ? err : pass_held(f, false, c->ts_ns);
}

/* SPDX-License-Identifier: MIT */
#include "capture/filter.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "capture/process.h"

/* Names of known processes. A source repeats the name with each connection; until then, a process
 * that lost its slot here is filtered by its thread's name. */
#define SLOTS 4096

struct filter {
	const struct filter_options *o;
	chunk_fn next;
	void *arg;
	struct slot {
		uint32_t tgid;
		bool named;
	} slots[SLOTS];
};

struct filter *filter_new(const struct filter_options *o, chunk_fn next, void *arg)
{
	struct filter *f = xcalloc(1, sizeof(*f));

	f->o = o;
	f->next = next;
	f->arg = arg;
	return f;
}

void filter_free(struct filter *f)
{
	free(f);
}

static bool is_named(const struct filter *f, struct span name)
{
	for (size_t i = 0; i < f->o->nnames; i++)
		if (span_eq(name, span_str(f->o->names[i])))
			return true;
	return false;
}

static bool is_meant(const struct filter *f, const struct proc_text *p)
{
	for (size_t i = 0; i < f->o->nnames; i++)
		if (proc_is_named(p, span_str(f->o->names[i])))
			return true;
	return false;
}

static void learn(struct filter *f, const struct chunk *c)
{
	struct slot *s = &f->slots[c->conn.tgid % SLOTS];
	struct proc_text p;

	if (proc_decode(c->data, &p) != 0)
		return;
	s->tgid = c->conn.tgid;
	s->named = is_meant(f, &p);
}

static bool wanted(const struct filter *f, const struct chunk *c)
{
	const struct slot *s = &f->slots[c->conn.tgid % SLOTS];
	bool found = f->o->npids == 0;

	for (size_t i = 0; i < f->o->npids && !found; i++)
		found = (uint32_t)f->o->pids[i] == c->conn.tgid;
	if (!found || (f->o->has_uid && f->o->uid != c->uid))
		return false;
	return !f->o->nnames || (s->tgid == c->conn.tgid && s->named) ||
	       is_named(f, span_str(c->comm));
}

int filter_chunk(void *filter, const struct chunk *c)
{
	struct filter *f = filter;

	if (c->kind == CHUNK_PROC)
		learn(f, c);
	if (c->kind == CHUNK_CLOCK || c->kind == CHUNK_LOST || c->kind == CHUNK_EXIT ||
	    wanted(f, c))
		return f->next(f->arg, c);
	return 0;
}

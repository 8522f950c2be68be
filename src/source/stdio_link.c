/* SPDX-License-Identifier: MIT */
#include "source/stdio_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "proc/list.h"

#define LINKS_MAX 1024

void links_init(struct links *s, const struct stdio_out *out, struct files *files)
{
	*s = (struct links){ .out = *out, .files = files };
	list_init(&s->all);
}

void links_done(struct links *s)
{
	struct list *at;

	while ((at = list_first(&s->all)))
		link_free(s, container_of(at, struct link, of_all));
}

void link_free(struct links *s, struct link *l)
{
	for (int d = 0; d < 2; d++)
		if (l->file[d])
			file_free(s->files, l->file[d]);
	list_remove(&l->of_all);
	s->count--;
	free(l);
}

static uint8_t flags_of(const struct link *l)
{
	return CHUNK_FROM_START | CHUNK_CLEARTEXT | (l->http ? 0 : CHUNK_STDIO);
}

int link_close(struct links *s, struct link *l, uint64_t ts_ns)
{
	struct chunk c = { .kind = CHUNK_CLOSE,
			   .flags = flags_of(l),
			   .conn = l->id,
			   .ts_ns = ts_ns,
			   .totals = { l->totals[0], l->totals[1] } };
	int err = s->out.chunk(s->out.arg, &c);

	link_free(s, l);
	return err;
}

struct link *link_add(struct links *s, const struct file *f, uint32_t agent)
{
	struct link *l;

	if (s->count == LINKS_MAX)
		link_close(s, container_of(list_last(&s->all), struct link, of_all), now_ns());
	l = xcalloc(1, sizeof(*l));
	l->id = (struct conn_id){ .tgid = agent,
				  .object = f->own.ino,
				  .first_seen_ns = f->first_seen_ns };
	list_add_first(&s->all, &l->of_all);
	s->count++;
	return l;
}

void link_take(struct link *l, struct file *f, enum dir d)
{
	f->link = l;
	f->dir = d;
	f->slot = &l->file[d];
	*f->slot = f;
}

/* ---- whose a file is ---- */

static uint32_t child_of(uint32_t agent, const struct end *e)
{
	uint32_t child = end_child(agent, e);

	return child ? child : (uint32_t)stdio_ends_child((pid_t)agent, (pid_t)end_process(e));
}

void link_set_server(struct link *l, const struct end *e)
{
	if (end_process(e) && end_process(&l->server) != end_process(e))
		l->child = child_of(l->id.tgid, e);
	if (end_process(e))
		l->server = *e;
}

/* How well a file from one end fits a connection that lacks one of that direction; 0: not. */
static int fit(const struct link *l, uint32_t agent, const struct end *server, enum dir d)
{
	if (l->file[d] || l->http || l->id.tgid != agent || !end_process(server))
		return 0;
	if (end_process(&l->server) == end_process(server))
		return 2;
	return l->child && l->child == child_of(agent, server);
}

/* The only connection whose server is not known, that an answer may be for: a server that has ended
 * by now has no descriptors any more by which it was told. */
static struct link *link_unanswered(struct links *s, uint32_t agent)
{
	struct link *only = NULL;

	list_each(at, &s->all)
	{
		struct link *l = container_of(at, struct link, of_all);

		if (end_process(&l->server) || l->file[DIR_READ] || !l->file[DIR_WRITE] ||
		    l->http || l->id.tgid != agent)
			continue;
		if (only)
			return NULL;
		only = l;
	}
	return only;
}

static struct link *link_for(struct links *s, uint32_t agent, const struct end *server, enum dir d)
{
	struct link *best = NULL;
	int most = 0;

	list_each(at, &s->all)
	{
		struct link *l = container_of(at, struct link, of_all);
		int n = fit(l, agent, server, d);

		if (n > most) {
			most = n;
			best = l;
		}
	}
	return best || d == DIR_WRITE || !end_process(server) ? best : link_unanswered(s, agent);
}

void link_join(struct links *s, struct file *f)
{
	const struct end *told;
	struct stdio_ends e;
	struct end server;
	struct link *l;
	enum dir d;

	if (!file_ends(f, &e))
		stdio_ends_find((pid_t)end_process(&f->writer), &f->peer, f->asks, &e);
	d = end_process(&f->writer) == (uint32_t)e.agent ? DIR_WRITE : DIR_READ;
	told = file_end(f, (uint32_t)e.server);
	server = told ? *told : end_of_process(e.server);
	l = link_for(s, (uint32_t)e.agent, &server, d);
	if (!l)
		l = link_add(s, f, (uint32_t)e.agent);
	link_take(l, f, d);
	if (!end_process(&l->server))
		link_set_server(l, &server);
}

bool link_goes_on(struct link *l)
{
	const struct file *f = l->file[DIR_WRITE];
	pid_t reader = f ? stdio_ends_reader((pid_t)l->id.tgid, &f->peer) : 0;

	l->server = end_of_process(reader);
	return reader != 0;
}

/* ---- what comes out ---- */

static void as_agent(const struct link *l, struct chunk *c)
{
	c->conn = l->id;
	c->flags = (uint8_t)((c->flags & CHUNK_MISSING) | flags_of(l));
	if (!l->agent.tid)
		return;
	c->tid = l->agent.tid;
	c->uid = l->agent.uid;
	c->cgroup = l->agent.cgroup;
	memcpy(c->comm, l->agent.comm, sizeof(c->comm));
}

static int tell_server(struct links *s, struct link *l, const struct chunk *of)
{
	struct chunk c = l->server.as, other = { .kind = CHUNK_OTHER, .ts_ns = of->ts_ns };
	uint32_t server = end_process(&l->server);
	int err;

	c.conn = (struct conn_id){ .tgid = server, .object = of->conn.object };
	c.ts_ns = of->ts_ns;
	if (!c.tid)
		c.uid = proc_uid((pid_t)server);
	err = s->out.describe(s->out.arg, &c);
	l->told = server;
	as_agent(l, &other);
	other.off = server;
	return err ? err : s->out.chunk(s->out.arg, &other);
}

static int tell_agent(struct links *s, struct link *l, const struct file *f, const struct chunk *of)
{
	const struct end *told = file_end(f, l->id.tgid);
	struct chunk c = *of;

	if (!l->agent.tid && told)
		l->agent = told->as;
	if (!l->agent.tid) {
		l->agent.tid = l->id.tgid;
		l->agent.uid = proc_uid((pid_t)l->id.tgid);
	}
	as_agent(l, &c);
	return s->out.describe(s->out.arg, &c);
}

int link_emit(struct links *s, struct file *f, const struct chunk *c)
{
	struct link *l = f->link;
	struct chunk out = *c;
	bool is_new = !l->agent.tid;
	int err = 0;

	if (f->dir == DIR_WRITE)
		l->agent = *c;
	else
		link_set_server(l, &f->writer);
	if (is_new)
		err = tell_agent(s, l, f, c);
	/* It may have become another program, or another process, since. */
	if (!err && end_process(&l->server) &&
	    (l->told != end_process(&l->server) || (f->dir == DIR_READ && !c->off)))
		err = tell_server(s, l, c);
	as_agent(l, &out);
	out.dir = f->dir;
	if (c->off + c->data.len + c->missing > l->totals[f->dir])
		l->totals[f->dir] = c->off + c->data.len + c->missing;
	return err ? err : s->out.chunk(s->out.arg, &out);
}

int link_emit_held(struct links *s, struct file *f)
{
	int err = 0;

	for (struct held *h = f->held; h && !err; h = h->next)
		err = link_emit(s, f, &h->chunk);
	file_drop_held(s->files, f);
	return err;
}

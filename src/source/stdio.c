/* SPDX-License-Identifier: MIT */
#include "source/stdio.h"

#include <linux/types.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "http/h1_head.h"
#include "http/h2_start.h"
#include "http/rpc.h"
#include "kernel/bpf.h"
#include "probes/event.h"
#include "proc/list.h"
#include "source/stdio_ends.h"

#define FILES_MAX 4096
#define LINKS_MAX 1024

enum verdict { LOOKING, WANTED };

/* An event of a file whose first message is not whole. */
struct held {
	struct held *next;
	struct chunk chunk;
	uint8_t bytes[];
};

struct file {
	struct list of_all;
	struct fd_file own, peer;
	uint64_t first_seen_ns;
	enum verdict verdict;
	bool asks; /* its first message is a request */
	uint32_t writer;
	struct buf first;
	struct held *held, **held_end;
	struct link *link; /* NULL: not known yet */
	enum dir dir;
};

/* Two files of one connection. */
struct link {
	struct list of_all;
	bool http;	   /* of a Unix socket: id is of the client */
	struct conn_id id; /* of the agent */
	uint32_t server;   /* 0: not known */
	uint32_t told;	   /* which server was told */
	struct file *file[2];
	uint64_t totals[2];
	struct chunk agent; /* thread, user and cgroup of what the agent wrote last */
};

struct stdio {
	int map;
	struct stdio_out out;
	struct list files, links; /* the latest first */
	size_t nfiles, nlinks;
};

struct stdio *stdio_new(int files, const struct stdio_out *out)
{
	struct stdio *s = xcalloc(1, sizeof(*s));

	*s = (struct stdio){ .map = files, .out = *out };
	list_init(&s->files);
	list_init(&s->links);
	return s;
}

/* ---- files ---- */

static void drop_held(struct file *f)
{
	while (f->held) {
		struct held *h = f->held;

		f->held = h->next;
		free(h);
	}
	f->held_end = &f->held;
}

static void file_free(struct stdio *s, struct file *f)
{
	if (f->link)
		f->link->file[f->dir] = NULL;
	drop_held(f);
	buf_done(&f->first);
	list_remove(&f->of_all);
	s->nfiles--;
	free(f);
}

static struct file *file_find(struct stdio *s, uint64_t ino)
{
	list_each(at, &s->files)
	{
		struct file *f = container_of(at, struct file, of_all);

		if (f->own.ino == ino)
			return f;
	}
	return NULL;
}

static struct file *file_add(struct stdio *s, uint64_t ino, uint64_t first_seen_ns)
{
	struct file *f;

	if (s->nfiles == FILES_MAX)
		file_free(s, container_of(list_last(&s->files), struct file, of_all));
	f = xcalloc(1, sizeof(*f));
	f->own.ino = f->peer.ino = ino;
	f->first_seen_ns = first_seen_ns;
	f->held_end = &f->held;
	buf_init(&f->first, RPC_LOOK_MAX);
	list_add_first(&s->files, &f->of_all);
	s->nfiles++;
	return f;
}

/* Its number may have been another's before. */
static struct file *file_of(struct stdio *s, const struct chunk *c)
{
	struct file *f = file_find(s, c->conn.object);

	if (f && f->first_seen_ns != c->conn.first_seen_ns) {
		file_free(s, f);
		f = NULL;
	}
	if (!f)
		f = file_add(s, c->conn.object, c->conn.first_seen_ns);
	list_remove(&f->of_all);
	list_add_first(&s->files, &f->of_all);
	return f;
}

void stdio_file(struct stdio *s, const struct chunk *c, const struct spy_file_ends *ends)
{
	struct file *f = file_of(s, c);

	f->own.is_socket = f->peer.is_socket = ends->is_socket;
	f->peer.ino = ends->peer;
}

static void set_state(const struct stdio *s, uint64_t ino, const struct spy_file *v)
{
	bpf_map_put(s->map, &ino, v);
}

/* Nothing more of it comes, but what is under way. */
static void refuse(struct stdio *s, struct file *f)
{
	struct spy_file v = { .first_seen_ns = f->first_seen_ns, .state = SPY_FILE_DROPPED };

	set_state(s, f->own.ino, &v);
	file_free(s, f);
}

/* ---- links ---- */

static void link_free(struct stdio *s, struct link *l)
{
	for (int d = 0; d < 2; d++)
		if (l->file[d])
			file_free(s, l->file[d]);
	list_remove(&l->of_all);
	s->nlinks--;
	free(l);
}

static uint8_t flags_of(const struct link *l)
{
	return CHUNK_FROM_START | CHUNK_CLEARTEXT | (l->http ? 0 : CHUNK_STDIO);
}

static int link_close(struct stdio *s, struct link *l, uint64_t ts_ns)
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

static struct link *link_add(struct stdio *s, const struct file *f, const struct stdio_ends *ends)
{
	struct link *l;

	if (s->nlinks == LINKS_MAX)
		link_close(s, container_of(list_last(&s->links), struct link, of_all), now_ns());
	l = xcalloc(1, sizeof(*l));
	l->id = (struct conn_id){ .tgid = (uint32_t)ends->agent,
				  .object = f->own.ino,
				  .first_seen_ns = f->first_seen_ns };
	l->server = (uint32_t)ends->server;
	list_add_first(&s->links, &l->of_all);
	s->nlinks++;
	return l;
}

/* How well a file from one end fits a connection that lacks one of that direction; 0: not. */
static int fit(const struct link *l, const struct stdio_ends *e, enum dir d)
{
	const struct file *other = l->file[d == DIR_WRITE ? DIR_READ : DIR_WRITE];
	pid_t agent = (pid_t)l->id.tgid, server = (pid_t)l->server;

	if (l->file[d] || agent != e->agent || !e->server)
		return 0;
	if (server == e->server)
		return 3;
	if (d == DIR_READ && other && fds_can_read(e->server, &other->peer))
		return 2;
	return server && stdio_ends_child(agent, server) == stdio_ends_child(agent, e->server);
}

/* The only connection whose server is not known, that an answer may be for: a server that has ended
 * by now has no descriptors any more by which it was told. */
static struct link *link_unanswered(struct stdio *s, const struct stdio_ends *e)
{
	struct link *only = NULL;

	list_each(at, &s->links)
	{
		struct link *l = container_of(at, struct link, of_all);

		if (l->server || l->file[DIR_READ] || !l->file[DIR_WRITE] || l->http ||
		    (pid_t)l->id.tgid != e->agent)
			continue;
		if (only)
			return NULL;
		only = l;
	}
	return only;
}

static struct link *link_for(struct stdio *s, const struct stdio_ends *e, enum dir d)
{
	struct link *best = NULL;
	int most = 0;

	list_each(at, &s->links)
	{
		struct link *l = container_of(at, struct link, of_all);
		int n = fit(l, e, d);

		if (n > most) {
			most = n;
			best = l;
		}
	}
	return best || d == DIR_WRITE || !e->server ? best : link_unanswered(s, e);
}

/* What the server will answer on, most likely, is captured even if another line is printed there
 * first. */
static void expect_answers(struct stdio *s, struct link *l)
{
	struct spy_file v = { 0 };
	struct fd_file out, agents;
	struct file *f;

	if (!l->server || l->file[DIR_READ] || !fds_at((pid_t)l->server, 1, &out) ||
	    (fds_at((pid_t)l->id.tgid, 1, &agents) && agents.ino == out.ino))
		return;
	f = file_find(s, out.ino);
	if (f && f->verdict == WANTED)
		return;
	if (bpf_map_get(s->map, &out.ino, &v) != 0 || v.state != SPY_FILE_WANTED) {
		v.first_seen_ns = now_ns();
		v.state = SPY_FILE_WANTED;
		set_state(s, out.ino, &v);
	}
	if (!f)
		f = file_add(s, out.ino, v.first_seen_ns);
	f->first_seen_ns = v.first_seen_ns;
	f->own = out;
	f->verdict = WANTED;
	f->link = l;
	f->dir = DIR_READ;
	l->file[DIR_READ] = f;
}

static void join(struct stdio *s, struct file *f)
{
	struct stdio_ends e;

	stdio_ends_find((pid_t)f->writer, &f->peer, f->asks, &e);
	f->dir = (pid_t)f->writer == e.agent ? DIR_WRITE : DIR_READ;
	f->link = link_for(s, &e, f->dir);
	if (!f->link)
		f->link = link_add(s, f, &e);
	f->link->file[f->dir] = f;
	if (!f->link->server)
		f->link->server = (uint32_t)e.server;
	if (f->dir == DIR_WRITE)
		expect_answers(s, f->link);
}

/* ---- chunks ---- */

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

static int tell_server(struct stdio *s, struct link *l, const struct chunk *of)
{
	struct chunk c = *of, other = { .kind = CHUNK_OTHER, .ts_ns = of->ts_ns };
	int err;

	c.conn = (struct conn_id){ .tgid = l->server, .object = of->conn.object };
	c.uid = proc_uid((pid_t)l->server);
	c.data = span_of(NULL, 0);
	err = s->out.describe(s->out.arg, &c);
	l->told = l->server;
	as_agent(l, &other);
	other.off = l->server;
	return err ? err : s->out.chunk(s->out.arg, &other);
}

static int tell_agent(struct stdio *s, struct link *l, const struct chunk *of)
{
	struct chunk c = *of;

	c.conn = l->id;
	if (!l->agent.tid) {
		l->agent.tid = l->id.tgid;
		l->agent.uid = proc_uid((pid_t)l->id.tgid);
	}
	as_agent(l, &c);
	return s->out.describe(s->out.arg, &c);
}

static int emit(struct stdio *s, struct file *f, const struct chunk *c)
{
	struct link *l = f->link;
	struct chunk out = *c;
	bool is_new = !l->agent.tid;
	int err = 0;

	if (f->dir == DIR_WRITE)
		l->agent = *c;
	else
		l->server = c->conn.tgid;
	if (is_new)
		err = tell_agent(s, l, c);
	/* It may have become another program, or another process, since. */
	if (!err && (l->told != l->server || (f->dir == DIR_READ && !c->off)) && l->server)
		err = tell_server(s, l, c);
	as_agent(l, &out);
	out.dir = f->dir;
	if (c->off + c->data.len + c->missing > l->totals[f->dir])
		l->totals[f->dir] = c->off + c->data.len + c->missing;
	return err ? err : s->out.chunk(s->out.arg, &out);
}

static int emit_held(struct stdio *s, struct file *f)
{
	int err = 0;

	for (struct held *h = f->held; h && !err; h = h->next)
		err = emit(s, f, &h->chunk);
	drop_held(f);
	return err;
}

static void hold(struct file *f, const struct chunk *c)
{
	struct held *h = xmalloc(sizeof(*h) + c->data.len);

	*h = (struct held){ .chunk = *c };
	if (c->data.len)
		memcpy(h->bytes, c->data.ptr, c->data.len);
	h->chunk.data = span_of(h->bytes, c->data.len);
	*f->held_end = h;
	f->held_end = &h->next;
}

/* The file at the other end of a Unix socket; NULL: nothing was written there. */
static struct file *other_end(struct stdio *s, const struct file *f)
{
	struct file *o = f->own.is_socket && f->peer.ino ? file_find(s, f->peer.ino) : NULL;

	return o && o != f && o->link && o->link->http ? o : NULL;
}

/* Of a Unix socket whose first bytes are HTTP: a request begins a connection of who sent it, and
 * what is written at the other end answers it. False: it is none, or an answer without. */
static bool join_http(struct stdio *s, struct file *f)
{
	struct file *other = other_end(s, f);
	struct span first = buf_span(&f->first);
	struct stdio_ends e = { .agent = (pid_t)f->writer };

	if (other && !other->link->file[DIR_READ]) {
		f->link = other->link;
		f->dir = DIR_READ;
	} else if (f->own.is_socket &&
		   (h1_start(first) == H1_START_REQUEST || h2_start(first) == H2_START_PREFACE)) {
		f->link = link_add(s, f, &e);
		f->link->http = true;
		f->dir = DIR_WRITE;
	} else {
		return false;
	}
	f->link->file[f->dir] = f;
	return true;
}

/* An answer whose request was not seen, or not yet: a server may answer before its client's call
 * has returned. */
static int await_request(struct file *f)
{
	if (!f->first.full)
		return 0;
	drop_held(f);
	buf_reset(&f->first);
	f->first.full = false;
	return 0;
}

static void begin(struct file *f)
{
	f->verdict = WANTED;
	buf_done(&f->first);
	buf_init(&f->first, 0);
}

/* What came before its request. */
static int join_answer(struct stdio *s, struct file *request)
{
	struct file *f = request->peer.ino ? file_find(s, request->peer.ino) : NULL;

	if (!f || f == request || f->link || !f->held)
		return 0;
	f->link = request->link;
	f->dir = DIR_READ;
	f->link->file[DIR_READ] = f;
	begin(f);
	return emit_held(s, f);
}

static int look(struct stdio *s, struct file *f, const struct chunk *c)
{
	int err;

	buf_add(&f->first, c->data);
	hold(f, c);
	if (join_http(s, f)) {
		begin(f);
		err = emit_held(s, f);
		return err || f->dir == DIR_READ ? err : join_answer(s, f);
	}
	if (f->own.is_socket && h1_start(buf_span(&f->first)) == H1_START_RESPONSE)
		return await_request(f);
	switch (rpc_look(buf_span(&f->first), &f->asks)) {
	case RPC_LOOK_MORE:
		return 0;
	case RPC_LOOK_NO:
		refuse(s, f);
		return 0;
	case RPC_LOOK_YES:
		break;
	}
	begin(f);
	join(s, f);
	return emit_held(s, f);
}

int stdio_data(struct stdio *s, const struct chunk *c)
{
	struct file *f = file_of(s, c);

	f->writer = c->conn.tgid;
	return f->verdict == LOOKING ? look(s, f, c) : emit(s, f, c);
}

/* Whether the server's part has been taken over: started again by who started it before, or left to
 * a child. */
static bool goes_on(struct link *l)
{
	const struct file *f = l->file[DIR_WRITE];
	pid_t reader = f ? stdio_ends_reader((pid_t)l->id.tgid, &f->peer) : 0;

	l->server = (uint32_t)reader;
	return reader != 0;
}

int stdio_exit(struct stdio *s, uint32_t tgid, uint64_t ts_ns)
{
	int err = 0;

	for (struct list *at = s->links.next, *next; at != &s->links && !err; at = next) {
		struct link *l = container_of(at, struct link, of_all);

		next = at->next;
		if (l->http && (l->id.tgid == tgid || l->server == tgid))
			err = link_close(s, l, ts_ns);
		else if (l->id.tgid == tgid)
			link_free(s, l); /* its connections are closed with it */
		else if (!l->http && l->server == tgid && !goes_on(l))
			err = link_close(s, l, ts_ns);
	}
	return err;
}

void stdio_free(struct stdio *s)
{
	struct list *at;

	if (!s)
		return;
	while ((at = list_first(&s->links)))
		link_free(s, container_of(at, struct link, of_all));
	while ((at = list_first(&s->files)))
		file_free(s, container_of(at, struct file, of_all));
	free(s);
}

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

/* Bytes of all events that are held. */
#define HELD_MAX (16u << 20)
/* How long a file waits for who reads it. */
#define WAIT_NS 100000000ull

/* WAITING: it speaks JSON-RPC, and the kernel has not told yet who reads it. */
enum verdict { LOOKING, WAITING, WANTED };

/* A process at an end of a file, as it was when it wrote or read. */
struct end {
	struct chunk as;	       /* process, thread, user and cgroup; tid 0: not told */
	uint32_t parents[SPY_PARENTS]; /* nearest first; 0: no more, or not told */
};

/* An event of a file that is not WANTED yet. */
struct held {
	struct held *next;
	struct chunk chunk;
	uint8_t bytes[];
};

struct file {
	struct list of_all;
	struct fd_file own, peer;
	uint64_t first_seen_ns; /* 0: nothing was written yet */
	enum verdict verdict;
	uint64_t waits_ns; /* since when */
	bool asks;	   /* its first message is a request */
	bool expected;	   /* a server's output: other lines may precede its first message */
	struct end writer, reader;
	struct buf first;
	struct held *held, **held_end;
	size_t held_bytes;
	struct link *link; /* NULL: not known yet */
	enum dir dir;
};

/* Two files of one connection. */
struct link {
	struct list of_all;
	bool http;	   /* of a Unix socket: id is of the client */
	struct conn_id id; /* of the agent */
	struct end server; /* process 0: not known */
	uint32_t child;	   /* of the agent: the server, or what it descends from; 0: not known */
	uint32_t told;	   /* which server was told */
	struct file *file[2];
	uint64_t totals[2];
	struct chunk agent; /* thread, user and cgroup of what the agent wrote last */
};

struct stdio {
	int map;
	struct stdio_out out;
	struct list files, links; /* the latest first */
	size_t nfiles, nlinks, nwaiting, held_bytes;
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

static void drop_held(struct stdio *s, struct file *f)
{
	while (f->held) {
		struct held *h = f->held;

		f->held = h->next;
		free(h);
	}
	f->held_end = &f->held;
	s->held_bytes -= f->held_bytes;
	f->held_bytes = 0;
}

static void set_verdict(struct stdio *s, struct file *f, enum verdict v)
{
	s->nwaiting += (size_t)(v == WAITING) - (size_t)(f->verdict == WAITING);
	f->verdict = v;
}

static void file_free(struct stdio *s, struct file *f)
{
	set_verdict(s, f, LOOKING);
	if (f->link)
		f->link->file[f->dir] = NULL;
	drop_held(s, f);
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

static struct file *file_add(struct stdio *s, uint64_t ino)
{
	struct file *f;

	if (s->nfiles == FILES_MAX)
		file_free(s, container_of(list_last(&s->files), struct file, of_all));
	f = xcalloc(1, sizeof(*f));
	f->own.ino = f->peer.ino = ino;
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

	if (f && f->first_seen_ns && f->first_seen_ns != c->conn.first_seen_ns) {
		file_free(s, f);
		f = NULL;
	}
	if (!f)
		f = file_add(s, c->conn.object);
	f->first_seen_ns = c->conn.first_seen_ns;
	list_remove(&f->of_all);
	list_add_first(&s->files, &f->of_all);
	return f;
}

/* Nothing more of it comes, but what is under way. */
static void refuse(struct stdio *s, struct file *f)
{
	struct spy_file v = { .first_seen_ns = f->first_seen_ns, .state = SPY_FILE_DROPPED };

	bpf_map_put(s->map, &f->own.ino, &v);
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
	list_add_first(&s->links, &l->of_all);
	s->nlinks++;
	return l;
}

/* ---- ends ---- */

static uint32_t process_of(const struct end *e)
{
	return e->as.conn.tgid;
}

/* A process of which nothing else was told. */
static struct end end_of(pid_t pid)
{
	return (struct end){ .as.conn.tgid = (uint32_t)pid };
}

/* Which end of the file a process is; NULL: neither, as far as was told. */
static const struct end *end_in(const struct file *f, uint32_t tgid)
{
	return process_of(&f->writer) == tgid	? &f->writer
	       : process_of(&f->reader) == tgid ? &f->reader
						: NULL;
}

/* The agent's child that `e` is or descends from, as the kernel has told; 0: it has told of none.
 */
static uint32_t told_child(uint32_t agent, const struct end *e)
{
	uint32_t child = process_of(e);

	for (size_t i = 0; i < SPY_PARENTS && child; i++) {
		if (e->parents[i] == agent)
			return child;
		child = e->parents[i];
	}
	return 0;
}

static uint32_t child_of(uint32_t agent, const struct end *e)
{
	uint32_t child = told_child(agent, e);

	return child ? child : (uint32_t)stdio_ends_child((pid_t)agent, (pid_t)process_of(e));
}

/* The ends as the kernel has told them; false: it has not. */
static bool told_ends(const struct file *f, struct stdio_ends *ret)
{
	uint32_t writer = process_of(&f->writer), reader = process_of(&f->reader);
	bool answers = told_child(reader, &f->writer) != 0;

	if (!writer || !reader || writer == reader)
		return false;
	/* Two that were started by one and given to each other: who asks first is the agent. */
	if (!answers && !told_child(writer, &f->reader))
		answers = !f->asks;
	*ret = (struct stdio_ends){ .agent = (pid_t)(answers ? reader : writer),
				    .server = (pid_t)(answers ? writer : reader) };
	return true;
}

static void set_server(struct link *l, const struct end *e)
{
	if (process_of(e) && process_of(&l->server) != process_of(e))
		l->child = child_of(l->id.tgid, e);
	if (process_of(e))
		l->server = *e;
}

/* How well a file from one end fits a connection that lacks one of that direction; 0: not. */
static int fit(const struct link *l, uint32_t agent, const struct end *server, enum dir d)
{
	if (l->file[d] || l->http || l->id.tgid != agent || !process_of(server))
		return 0;
	if (process_of(&l->server) == process_of(server))
		return 2;
	return l->child && l->child == child_of(agent, server);
}

/* The only connection whose server is not known, that an answer may be for: a server that has ended
 * by now has no descriptors any more by which it was told. */
static struct link *link_unanswered(struct stdio *s, uint32_t agent)
{
	struct link *only = NULL;

	list_each(at, &s->links)
	{
		struct link *l = container_of(at, struct link, of_all);

		if (process_of(&l->server) || l->file[DIR_READ] || !l->file[DIR_WRITE] || l->http ||
		    l->id.tgid != agent)
			continue;
		if (only)
			return NULL;
		only = l;
	}
	return only;
}

static struct link *link_for(struct stdio *s, uint32_t agent, const struct end *server, enum dir d)
{
	struct link *best = NULL;
	int most = 0;

	list_each(at, &s->links)
	{
		struct link *l = container_of(at, struct link, of_all);
		int n = fit(l, agent, server, d);

		if (n > most) {
			most = n;
			best = l;
		}
	}
	return best || d == DIR_WRITE || !process_of(server) ? best : link_unanswered(s, agent);
}

static void join(struct stdio *s, struct file *f)
{
	const struct end *told;
	struct stdio_ends e;
	struct end server;

	if (!told_ends(f, &e))
		stdio_ends_find((pid_t)process_of(&f->writer), &f->peer, f->asks, &e);
	f->dir = process_of(&f->writer) == (uint32_t)e.agent ? DIR_WRITE : DIR_READ;
	told = end_in(f, (uint32_t)e.server);
	server = told ? *told : end_of(e.server);
	f->link = link_for(s, (uint32_t)e.agent, &server, f->dir);
	if (!f->link)
		f->link = link_add(s, f, &e);
	f->link->file[f->dir] = f;
	if (!process_of(&f->link->server))
		set_server(f->link, &server);
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
	struct chunk c = l->server.as, other = { .kind = CHUNK_OTHER, .ts_ns = of->ts_ns };
	uint32_t server = process_of(&l->server);
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

static int tell_agent(struct stdio *s, struct link *l, const struct file *f, const struct chunk *of)
{
	const struct end *told = end_in(f, l->id.tgid);
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

static int emit(struct stdio *s, struct file *f, const struct chunk *c)
{
	struct link *l = f->link;
	struct chunk out = *c;
	bool is_new = !l->agent.tid;
	int err = 0;

	if (f->dir == DIR_WRITE)
		l->agent = *c;
	else
		set_server(l, &f->writer);
	if (is_new)
		err = tell_agent(s, l, f, c);
	/* It may have become another program, or another process, since. */
	if (!err && process_of(&l->server) &&
	    (l->told != process_of(&l->server) || (f->dir == DIR_READ && !c->off)))
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
	drop_held(s, f);
	return err;
}

static void hold(struct stdio *s, struct file *f, const struct chunk *c)
{
	size_t size = sizeof(struct held) + c->data.len;
	struct held *h = xmalloc(size);

	*h = (struct held){ .chunk = *c };
	if (c->data.len)
		memcpy(h->bytes, c->data.ptr, c->data.len);
	h->chunk.data = span_of(h->bytes, c->data.len);
	f->held_bytes += size;
	s->held_bytes += size;
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
	struct stdio_ends e = { .agent = (pid_t)process_of(&f->writer) };

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
static int await_request(struct stdio *s, struct file *f)
{
	if (!f->first.full && s->held_bytes <= HELD_MAX)
		return 0;
	drop_held(s, f);
	buf_reset(&f->first);
	f->first.full = false;
	return 0;
}

static void begin(struct stdio *s, struct file *f)
{
	set_verdict(s, f, WANTED);
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
	begin(s, f);
	return emit_held(s, f);
}

/* Who is at its ends is known, or as much as can be. */
static int settle(struct stdio *s, struct file *f)
{
	begin(s, f);
	join(s, f);
	return emit_held(s, f);
}

static int settle_if_told(struct stdio *s, struct file *f)
{
	struct stdio_ends ignored;

	return f->verdict == WAITING && (told_ends(f, &ignored) || s->held_bytes > HELD_MAX)
		       ? settle(s, f)
		       : 0;
}

/* Judged by its first line; by its first message, where others may precede it. */
static enum rpc_look look_at(struct file *f)
{
	struct span s = buf_span(&f->first);
	enum rpc_look look;
	size_t end;

	while ((look = rpc_look(s, &f->asks)) == RPC_LOOK_NO && f->expected) {
		end = span_find(s, '\n');
		if (end == s.len)
			return f->first.full ? RPC_LOOK_NO : RPC_LOOK_MORE;
		s = span_from(s, end + 1);
	}
	return look == RPC_LOOK_MORE && f->first.full ? RPC_LOOK_NO : look;
}

static int look(struct stdio *s, struct file *f, const struct chunk *c)
{
	int err;

	buf_add(&f->first, c->data);
	hold(s, f, c);
	if (join_http(s, f)) {
		begin(s, f);
		err = emit_held(s, f);
		return err || f->dir == DIR_READ ? err : join_answer(s, f);
	}
	if (f->own.is_socket && h1_start(buf_span(&f->first)) == H1_START_RESPONSE)
		return await_request(s, f);
	switch (look_at(f)) {
	case RPC_LOOK_MORE:
		if (s->held_bytes > HELD_MAX)
			refuse(s, f);
		return 0;
	case RPC_LOOK_NO:
		refuse(s, f);
		return 0;
	case RPC_LOOK_YES:
		break;
	}
	set_verdict(s, f, WAITING);
	f->waits_ns = now_ns();
	return settle_if_told(s, f);
}

int stdio_data(struct stdio *s, const struct chunk *c)
{
	struct file *f = file_of(s, c);

	if (process_of(&f->writer) != c->conn.tgid)
		f->writer = end_of((pid_t)c->conn.tgid);
	switch (f->verdict) {
	case LOOKING:
		return look(s, f, c);
	case WAITING:
		hold(s, f, c);
		return settle_if_told(s, f);
	case WANTED:
		break;
	}
	return emit(s, f, c);
}

/* What a server writes to its standard output are answers, most likely. */
static void expect_answers(struct stdio *s, const struct file *f, uint64_t out)
{
	struct stdio_ends e;
	struct file *o;

	if (!out || (told_ends(f, &e) && (uint32_t)e.agent == process_of(&f->reader)))
		return;
	o = file_find(s, out);
	if (!o)
		o = file_add(s, out);
	o->expected = true;
}

int stdio_file(struct stdio *s, const struct chunk *c, const struct spy_file_ends *ends)
{
	struct file *f = file_of(s, c);
	struct end *e = c->dir == DIR_READ ? &f->reader : &f->writer;

	f->own.is_socket = f->peer.is_socket = ends->is_socket;
	f->peer.ino = ends->peer;
	e->as = *c;
	memcpy(e->parents, ends->parents, sizeof(e->parents));
	if (c->dir != DIR_READ)
		return 0;
	if (f->link && f->dir == DIR_WRITE)
		set_server(f->link, e);
	expect_answers(s, f, ends->out);
	return settle_if_told(s, f);
}

/* waits_ns: of those that wait for longer. tgid 0: whoever is at their ends. */
static int settle_all(struct stdio *s, uint32_t tgid, uint64_t now_ns, uint64_t waits_ns)
{
	int err = 0;

	for (struct list *at = s->files.next, *next; s->nwaiting && at != &s->files && !err;
	     at = next) {
		struct file *f = container_of(at, struct file, of_all);

		next = at->next;
		if (f->verdict == WAITING && f->waits_ns + waits_ns <= now_ns &&
		    (!tgid || end_in(f, tgid)))
			err = settle(s, f);
	}
	return err;
}

int stdio_tick(struct stdio *s, uint64_t now_ns)
{
	return settle_all(s, 0, now_ns, WAIT_NS);
}

int stdio_finish(struct stdio *s)
{
	return settle_all(s, 0, now_ns(), 0);
}

/* Whether the server's part has been taken over: started again by who started it before, or left to
 * a child. */
static bool goes_on(struct link *l)
{
	const struct file *f = l->file[DIR_WRITE];
	pid_t reader = f ? stdio_ends_reader((pid_t)l->id.tgid, &f->peer) : 0;

	l->server = end_of(reader);
	return reader != 0;
}

int stdio_exit(struct stdio *s, uint32_t tgid, uint64_t ts_ns)
{
	int err = settle_all(s, tgid, now_ns(), 0);

	for (struct list *at = s->links.next, *next; at != &s->links && !err; at = next) {
		struct link *l = container_of(at, struct link, of_all);

		next = at->next;
		if (l->http && (l->id.tgid == tgid || process_of(&l->server) == tgid))
			err = link_close(s, l, ts_ns);
		else if (l->id.tgid == tgid)
			link_free(s, l); /* its connections are closed with it */
		else if (!l->http && process_of(&l->server) == tgid && !goes_on(l))
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

/* SPDX-License-Identifier: MIT */
#include "source/stdio.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "http/h1_head.h"
#include "http/h2_start.h"
#include "http/rpc.h"
#include "source/stdio_link.h"

/* How long a file waits for who reads it. */
#define WAIT_NS 100000000ull

struct stdio {
	struct files files;
	struct links links;
};

struct stdio *stdio_new(int files, const struct stdio_out *out)
{
	struct stdio *s = xcalloc(1, sizeof(*s));

	files_init(&s->files, files);
	links_init(&s->links, out, &s->files);
	return s;
}

void stdio_free(struct stdio *s)
{
	if (!s)
		return;
	links_done(&s->links);
	files_done(&s->files);
	free(s);
}

/* ---- HTTP ---- */

/* The file at the other end of a Unix socket; NULL: nothing was written there. */
static struct file *other_end(struct stdio *s, const struct file *f)
{
	struct file *o = f->own.is_socket && f->peer.ino ? file_find(&s->files, f->peer.ino) : NULL;

	return o && o != f && o->link && o->link->http ? o : NULL;
}

/* Of a Unix socket whose first bytes are HTTP: a request begins a connection of who sent it, and
 * what is written at the other end answers it. False: it is none, or an answer without. */
static bool join_http(struct stdio *s, struct file *f)
{
	struct file *other = other_end(s, f);
	struct span first = buf_span(&f->first);

	if (other && !other->link->file[DIR_READ]) {
		link_take(other->link, f, DIR_READ);
	} else if (f->own.is_socket &&
		   (h1_start(first) == H1_START_REQUEST || h2_start(first) == H2_START_PREFACE)) {
		link_take(link_add(&s->links, f, end_process(&f->writer)), f, DIR_WRITE);
		f->link->http = true;
	} else {
		return false;
	}
	return true;
}

/* An answer whose request was not seen, or not yet: a server may answer before its client's call
 * has returned. */
static void await_request(struct stdio *s, struct file *f)
{
	if (!f->first.full && !files_are_full(&s->files))
		return;
	file_drop_held(&s->files, f);
	buf_reset(&f->first);
}

static void begin(struct stdio *s, struct file *f)
{
	file_judge(&s->files, f, WANTED);
	buf_done(&f->first);
	buf_init(&f->first, 0);
}

/* What came before its request. */
static int join_answer(struct stdio *s, struct file *request)
{
	struct file *f = request->peer.ino ? file_find(&s->files, request->peer.ino) : NULL;

	if (!f || f == request || f->link || !f->held)
		return 0;
	link_take(request->link, f, DIR_READ);
	begin(s, f);
	return link_emit_held(&s->links, f);
}

/* Who is at its ends is known, or as much as can be. */
static int settle(struct stdio *s, struct file *f)
{
	begin(s, f);
	link_join(&s->links, f);
	return link_emit_held(&s->links, f);
}

static int settle_if_told(struct stdio *s, struct file *f)
{
	struct stdio_ends ignored;

	return f->verdict == WAITING && (file_ends(f, &ignored) || files_are_full(&s->files))
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
	file_hold(&s->files, f, c);
	if (join_http(s, f)) {
		begin(s, f);
		err = link_emit_held(&s->links, f);
		return err || f->dir == DIR_READ ? err : join_answer(s, f);
	}
	if (f->own.is_socket && h1_start(buf_span(&f->first)) == H1_START_RESPONSE) {
		await_request(s, f);
		return 0;
	}
	switch (look_at(f)) {
	case RPC_LOOK_MORE:
		if (files_are_full(&s->files))
			file_refuse(&s->files, f);
		return 0;
	case RPC_LOOK_NO:
		file_refuse(&s->files, f);
		return 0;
	case RPC_LOOK_YES:
		break;
	}
	file_judge(&s->files, f, WAITING);
	f->waits_ns = now_ns();
	return settle_if_told(s, f);
}

int stdio_data(struct stdio *s, const struct chunk *c)
{
	struct file *f = file_of(&s->files, c);

	if (end_process(&f->writer) != c->conn.tgid)
		f->writer = end_of_process((pid_t)c->conn.tgid);
	switch (f->verdict) {
	case LOOKING:
		return look(s, f, c);
	case WAITING:
		file_hold(&s->files, f, c);
		return settle_if_told(s, f);
	case WANTED:
		break;
	}
	return link_emit(&s->links, f, c);
}

/* What a server writes to its standard output are answers, most likely. */
static void expect_answers(struct stdio *s, const struct file *f, uint64_t out)
{
	struct stdio_ends e;
	struct file *o;

	if (!out || (file_ends(f, &e) && (uint32_t)e.agent == end_process(&f->reader)))
		return;
	o = file_find(&s->files, out);
	if (!o)
		o = file_add(&s->files, out);
	o->expected = true;
}

int stdio_file(struct stdio *s, const struct chunk *c, const struct spy_file_ends *ends)
{
	struct file *f = file_of(&s->files, c);
	struct end *e = c->dir == DIR_READ ? &f->reader : &f->writer;

	f->own.is_socket = f->peer.is_socket = ends->is_socket;
	f->peer.ino = ends->peer;
	e->as = *c;
	memcpy(e->parents, ends->parents, sizeof(e->parents));
	if (c->dir != DIR_READ)
		return 0;
	if (f->link && f->dir == DIR_WRITE)
		link_set_server(f->link, e);
	expect_answers(s, f, ends->out);
	return settle_if_told(s, f);
}

/* That has waited since then; tgid 0: whoever is at its ends. NULL: there is none. */
static struct file *waiting(struct stdio *s, uint32_t tgid, uint64_t since_ns)
{
	if (!s->files.waiting)
		return NULL;
	list_each(at, &s->files.all)
	{
		struct file *f = container_of(at, struct file, of_all);

		if (f->verdict == WAITING && f->waits_ns <= since_ns &&
		    (!tgid || file_end(f, tgid)))
			return f;
	}
	return NULL;
}

/* From the beginning each time: a new connection may take the place of one whose files are freed.
 */
static int settle_all(struct stdio *s, uint32_t tgid, uint64_t since_ns)
{
	struct file *f;
	int err = 0;

	while (!err && (f = waiting(s, tgid, since_ns)))
		err = settle(s, f);
	return err;
}

int stdio_tick(struct stdio *s, uint64_t now_ns)
{
	return settle_all(s, 0, now_ns - WAIT_NS);
}

int stdio_finish(struct stdio *s)
{
	return settle_all(s, 0, UINT64_MAX);
}

int stdio_exit(struct stdio *s, uint32_t tgid, uint64_t ts_ns)
{
	int err = settle_all(s, tgid, UINT64_MAX);

	for (struct list *at = s->links.all.next, *next; at != &s->links.all && !err; at = next) {
		struct link *l = container_of(at, struct link, of_all);

		next = at->next;
		if (l->http && (l->id.tgid == tgid || end_process(&l->server) == tgid))
			err = link_close(&s->links, l, ts_ns);
		else if (l->id.tgid == tgid)
			link_free(&s->links, l); /* its connections are closed with it */
		else if (!l->http && end_process(&l->server) == tgid && !link_goes_on(l))
			err = link_close(&s->links, l, ts_ns);
	}
	return err;
}

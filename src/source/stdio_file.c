/* SPDX-License-Identifier: MIT */
#include "source/stdio_file.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "http/rpc.h"
#include "kernel/bpf.h"

#define FILES_MAX 4096
/* Bytes of all events that are held. */
#define HELD_MAX (16u << 20)

void files_init(struct files *s, int map)
{
	*s = (struct files){ .map = map };
	list_init(&s->all);
}

void files_done(struct files *s)
{
	struct list *at;

	while ((at = list_first(&s->all)))
		file_free(s, container_of(at, struct file, of_all));
}

/* ---- what is held ---- */

void file_hold(struct files *s, struct file *f, const struct chunk *c)
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

void file_drop_held(struct files *s, struct file *f)
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

bool files_are_full(const struct files *s)
{
	return s->held_bytes > HELD_MAX;
}

/* ---- files ---- */

void file_judge(struct files *s, struct file *f, enum verdict v)
{
	s->waiting += (size_t)(v == WAITING) - (size_t)(f->verdict == WAITING);
	f->verdict = v;
}

void file_free(struct files *s, struct file *f)
{
	file_judge(s, f, LOOKING);
	if (f->slot)
		*f->slot = NULL;
	file_drop_held(s, f);
	buf_done(&f->first);
	list_remove(&f->of_all);
	s->count--;
	free(f);
}

struct file *file_find(struct files *s, uint64_t ino)
{
	list_each(at, &s->all)
	{
		struct file *f = container_of(at, struct file, of_all);

		if (f->own.ino == ino)
			return f;
	}
	return NULL;
}

struct file *file_add(struct files *s, uint64_t ino)
{
	struct file *f;

	if (s->count == FILES_MAX)
		file_free(s, container_of(list_last(&s->all), struct file, of_all));
	f = xcalloc(1, sizeof(*f));
	f->own.ino = f->peer.ino = ino;
	f->held_end = &f->held;
	buf_init(&f->first, RPC_LOOK_MAX);
	list_add_first(&s->all, &f->of_all);
	s->count++;
	return f;
}

/* Its number may have been another's before. */
struct file *file_of(struct files *s, const struct chunk *c)
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
	list_add_first(&s->all, &f->of_all);
	return f;
}

void file_refuse(struct files *s, struct file *f)
{
	struct spy_file v = { .first_seen_ns = f->first_seen_ns, .state = SPY_FILE_DROPPED };

	bpf_map_put(s->map, &f->own.ino, &v);
	file_free(s, f);
}

/* ---- ends ---- */

uint32_t end_process(const struct end *e)
{
	return e->as.conn.tgid;
}

struct end end_of_process(pid_t pid)
{
	return (struct end){ .as.conn.tgid = (uint32_t)pid };
}

const struct end *file_end(const struct file *f, uint32_t tgid)
{
	return end_process(&f->writer) == tgid	 ? &f->writer
	       : end_process(&f->reader) == tgid ? &f->reader
						 : NULL;
}

uint32_t end_child(uint32_t agent, const struct end *e)
{
	uint32_t child = end_process(e);

	for (size_t i = 0; i < SPY_PARENTS && child; i++) {
		if (e->parents[i] == agent)
			return child;
		child = e->parents[i];
	}
	return 0;
}

bool file_ends(const struct file *f, struct stdio_ends *ret)
{
	uint32_t writer = end_process(&f->writer), reader = end_process(&f->reader);
	bool answers = end_child(reader, &f->writer) != 0;

	if (!writer || !reader || writer == reader)
		return false;
	/* Two that were started by one and given to each other: who asks first is the agent. */
	if (!answers && !end_child(writer, &f->reader))
		answers = !f->asks;
	*ret = (struct stdio_ends){ .agent = (pid_t)(answers ? reader : writer),
				    .server = (pid_t)(answers ? writer : reader) };
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "probe/bytecode_load.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "probe/source.h"

#define LOG_BYTES (8 << 20)
#define LARGE	  300 /* instructions */

/* ---- maps ---- */

static struct bpf_map_layout layout_of(const struct bytecode_map *m)
{
	return (struct bpf_map_layout){ .type = m->type,
					.key_size = m->key_size,
					.value_size = m->value_size,
					.max_entries = m->max_entries,
					.flags = m->flags };
}

/* Before Linux 5.11, maps and programs counted as locked memory. */
static void lift_memlock(void)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &none);
}

/* Sizes that differ would let a program write past an entry: the kernel would refuse it, but as if
 * the program were wrong. */
static int check_given(int fd, const struct bytecode_map *m)
{
	struct bpf_map_layout l;
	int err = bpf_map_layout(fd, &l);

	if (err)
		return err;
	return l.type == m->type && l.key_size == m->key_size && l.value_size == m->value_size
		       ? 0
		       : -EINVAL;
}

static int find_given(const struct given_maps *given, const char *name)
{
	for (size_t i = 0; i < given->maps.count; i++)
		if (strcmp(given->maps.names[i], name) == 0)
			return given->fds[i];
	return -1;
}

/* One map: `given` to us, our own, or made. */
static int take_map(const struct bytecode_map *m, const struct given_maps *given, int own,
		    struct compiler_report *r, int *ret_fd, bool *ret_made)
{
	struct bpf_map_layout l = layout_of(m);
	int err;

	*ret_fd = find_given(given, m->name);
	if (*ret_fd >= 0)
		return check_given(*ret_fd, m);
	*ret_made = own < 0;
	*ret_fd = own >= 0 ? own : bpf_map_create(&l, m->name);
	err = *ret_fd < 0 ? *ret_fd : 0;
	if (!err && r->maps.count < MAPS_MAX)
		memcpy(r->maps.names[r->maps.count++], m->name, MAP_NAME_LEN);
	return err;
}

/* ---- programs ---- */

/* One program to load. Those that walk whole payloads or a stack keep the verifier busy for 5 to
 * 100 ms each, so large programs have a thread; a small one takes no longer than a thread. */
struct load_job {
	enum bpf_prog_kind kind;
	const char *name;
	uint64_t *insns; /* NULL: none to load */
	size_t len;
	int fd;
	pthread_t thread;
	bool started;
};

static void *load_program(void *arg)
{
	struct load_job *j = arg;

	j->fd = bpf_prog_load_kind(j->kind, j->name, j->insns, j->len, NULL, 0);
	return NULL;
}

/* The verifier's last word. */
static void explain_load(const struct load_job *j, struct compiler_report *r)
{
	char *log = xcalloc(1, LOG_BYTES), *end;

	bpf_prog_load_kind(j->kind, j->name, j->insns, j->len, log, LOG_BYTES - 1);
	end = strstr(log, "\nprocessed ");
	if (end)
		*end = '\0';
	end = strrchr(log, '\n');
	snprintf(r->text, sizeof(r->text), "the kernel refused the program %s: %s%s%.160s", j->name,
		 strerror(-j->fd), log[0] ? ": " : "", end ? end + 1 : log);
	r->code = j->fd;
	free(log);
}

/* Programs that the switches leave out are not in it. */
static const struct bytecode_program *find_program(const struct bytecode *b, const char *name)
{
	for (size_t i = 0; i < b->nprograms; i++)
		if (strcmp(b->programs[i].name, name) == 0)
			return &b->programs[i];
	return NULL;
}

static int begin_load(struct load_job *j, const struct compiler_order *o,
		      const struct source_program *s, const struct bytecode_program *p,
		      const int *map_fds)
{
	int err;

	j->kind = s->kind == RAW_TRACEPOINT ? BPF_KIND_RAW_TRACEPOINT
		  : o->multi		    ? BPF_KIND_UPROBE_MULTI
					    : BPF_KIND_UPROBE;
	j->name = s->name;
	j->len = p->count * sizeof(*p->insns);
	j->insns = xmalloc(j->len);
	err = bytecode_link(p, map_fds, o->values, o->nvalues, j->insns);
	j->fd = err;
	if (err)
		return err;
	j->started = p->count >= LARGE && pthread_create(&j->thread, NULL, load_program, j) == 0;
	if (!j->started)
		load_program(j);
	return 0;
}

static void load_all(const struct bytecode *b, const struct compiler_order *o, const int *map_fds,
		     struct compiler_report *r, struct loaded *ret)
{
	struct load_job jobs[PROG_COUNT] = { 0 };

	for (size_t i = 0; i < PROG_COUNT; i++) {
		const struct source_program *s = &source_programs[i];
		const struct bytecode_program *p = o->wanted[i] ? find_program(b, s->name) : NULL;

		if (p)
			begin_load(&jobs[i], o, s, p, map_fds);
	}
	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (!jobs[i].insns)
			continue;
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
		r->have[i] = jobs[i].fd >= 0;
		if (r->have[i])
			ret->fds[ret->count++] = jobs[i].fd;
		else if (r->code == 0)
			explain_load(&jobs[i], r);
		free(jobs[i].insns);
	}
}

/* ---- both ---- */

static void close_all(const struct bytecode *b, const int *map_fds, const bool *made,
		      struct loaded *ret)
{
	for (size_t i = 0; i < ret->count; i++)
		close(ret->fds[i]);
	for (size_t i = 0; i < b->nmaps; i++)
		if (made[i] && map_fds[i] >= 0)
			close(map_fds[i]);
	ret->count = 0;
}

int bytecode_load(const struct bytecode *b, const struct compiler_order *o,
		  const struct given_maps *given, const int *own, struct compiler_report *r,
		  struct loaded *ret)
{
	bool made[MAPS_MAX] = { false };
	int map_fds[MAPS_MAX];
	size_t i;

	lift_memlock();
	ret->count = 0;
	for (i = 0; i < b->nmaps && !r->code; i++) {
		map_fds[i] = -1;
		r->code = take_map(&b->maps[i], given, own ? own[i] : -1, r, &map_fds[i], &made[i]);
		if (r->code)
			snprintf(r->text, sizeof(r->text), "the kernel refused the map %s: %s",
				 b->maps[i].name, strerror(-r->code));
	}
	for (; i < b->nmaps; i++)
		map_fds[i] = -1;
	if (!r->code)
		load_all(b, o, map_fds, r, ret);
	if (r->code) {
		close_all(b, map_fds, made, ret);
		return r->code;
	}
	for (i = 0; i < b->nmaps; i++)
		if (find_given(given, b->maps[i].name) < 0)
			ret->fds[ret->count++] = map_fds[i];
	return 0;
}

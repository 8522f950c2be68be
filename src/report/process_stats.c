/* SPDX-License-Identifier: MIT */
#include "report/process_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Rows of single processes, and of programs that several were put together under. */
#define PROCESSES_MAX 1024
#define PROGRAMS_MAX  64
/* More processes of one program than this are one row for people. */
#define LISTED_MAX 3

struct process_stats {
	struct process_row *rows;
	size_t count, last; /* last: the row that was looked for before */
	size_t processes;   /* rows of single ones */
	uint64_t changes;
};

struct process_stats *process_stats_new(void)
{
	return xcalloc(1, sizeof(struct process_stats));
}

void process_stats_free(struct process_stats *s)
{
	if (!s)
		return;
	free(s->rows);
	free(s);
}

uint64_t process_stats_changes(const struct process_stats *s)
{
	return s->changes;
}

const struct process_row *process_stats_rows(const struct process_stats *s, size_t *ret_count)
{
	*ret_count = s->count;
	return s->rows;
}

static void set_text(char *to, size_t size, struct span s)
{
	s = span_first(s, size - 1);
	if (s.len)
		memcpy(to, s.ptr, s.len);
	to[s.len] = '\0';
}

/* ---- hosts ---- */

static void add_host(struct process_row *r, const char *host)
{
	char name[PROCESS_HOST_LEN];
	size_t i = 0;

	if (!host || !host[0])
		return;
	set_text(name, sizeof(name), span_str(host));
	while (i < PROCESS_HOSTS && r->hosts[i][0] && strcmp(r->hosts[i], name) != 0)
		i++;
	if (i == PROCESS_HOSTS) {
		r->more_hosts = true;
		i--;
	}
	memmove(r->hosts + 1, r->hosts, i * sizeof(*r->hosts));
	memcpy(r->hosts[0], name, sizeof(name));
}

void process_row_add(struct process_row *to, const struct process_row *from)
{
	to->calls += from->calls;
	to->others += from->others;
	to->conns += from->conns;
	to->opaque += from->opaque;
	for (int d = 0; d < 2; d++)
		to->bytes[d] += from->bytes[d];
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	for (size_t i = PROCESS_HOSTS; i > 0; i--)
		add_host(to, from->hosts[i - 1]);
	to->more_hosts |= from->more_hosts;
}

/* Both are of one program from now on. */
static void join(struct process_row *to, const struct process_row *from)
{
	process_row_add(to, from);
	to->processes += from->processes;
	to->tgid = 0;
	if (strcmp(to->user, from->user) != 0)
		to->user[0] = '\0';
}

/* ---- rows ---- */

static size_t find_program(const struct process_stats *s, const char *program)
{
	size_t i = 0;

	while (i < s->count && (s->rows[i].tgid || strcmp(s->rows[i].program, program) != 0))
		i++;
	return i;
}

/* The process that was silent for longest goes to its program's row. */
static void make_room(struct process_stats *s)
{
	struct process_row *oldest = NULL, *r;
	size_t at;

	for (size_t i = 0; i < s->count; i++)
		if (s->rows[i].tgid && (!oldest || s->rows[i].last_ns < oldest->last_ns))
			oldest = &s->rows[i];
	at = find_program(s, oldest->program);
	if (at == s->count && s->count - s->processes >= PROGRAMS_MAX - 1)
		at = find_program(s, "(others)");
	s->processes--;
	if (at < s->count) {
		join(&s->rows[at], oldest);
		*oldest = s->rows[--s->count];
		return;
	}
	r = oldest;
	r->tgid = 0;
	if (s->count - s->processes >= PROGRAMS_MAX)
		set_text(r->program, sizeof(r->program), SPAN_LIT("(others)"));
}

static struct process_row *row_of(struct process_stats *s, uint32_t tgid, const char *program)
{
	struct process_row *r;

	s->changes++;
	if (s->last >= s->count || s->rows[s->last].tgid != tgid)
		for (s->last = 0; s->last < s->count && s->rows[s->last].tgid != tgid;)
			s->last++;
	if (s->last == s->count) {
		if (s->processes == PROCESSES_MAX)
			make_room(s);
		s->last = s->count;
		s->rows = xgrow(s->rows, s->count, sizeof(*s->rows));
		s->rows[s->count++] = (struct process_row){ .tgid = tgid, .processes = 1 };
		s->processes++;
	}
	r = &s->rows[s->last];
	/* It may run another program by now. */
	if (program && program[0] && strcmp(r->program, program) != 0)
		set_text(r->program, sizeof(r->program), span_str(program));
	return r;
}

static void name_user(struct process_row *r, const struct proc *p)
{
	if (p && p->user)
		set_text(r->user, sizeof(r->user), span_str(p->user));
	else if (p)
		snprintf(r->user, sizeof(r->user), "%u", p->uid);
}

void process_stats_bytes(struct process_stats *s, const struct conn *c, enum dir d, size_t len,
			 uint64_t ts_ns)
{
	struct process_row *r = row_of(s, c->id.tgid, c->proc ? c->proc->name : NULL);

	r->bytes[d] += len;
	r->last_ns = ts_ns;
	if (c->bytes[0] + c->bytes[1] == len) {
		r->conns++;
		name_user(r, c->proc);
		add_host(r, c->host);
	}
}

void process_stats_close(struct process_stats *s, const struct conn *c, bool http)
{
	struct process_row *r;

	if (!c->bytes[0] && !c->bytes[1])
		return;
	r = row_of(s, c->id.tgid, c->proc ? c->proc->name : NULL);
	r->opaque += !http;
	add_host(r, c->host);
}

void process_stats_exchange(struct process_stats *s, const struct exchange *x)
{
	struct process_row *r = row_of(s, x->tgid, x->process);

	if (x->kind == EXCHANGE_LLM && !exchange_counts(x))
		r->calls++;
	else
		r->others++;
	if (!x->is_server)
		add_host(r, x->host);
}

static void on_end(void *arg, struct exchange *x)
{
	process_stats_exchange(arg, x);
}

/* A server's view counts for its process although its client's stands for it. What was refused does
 * not: it is asked again. */
static void on_superseded(void *arg, struct exchange *x)
{
	if (x->other)
		process_stats_exchange(arg, x);
}

const struct observer process_stats_observer = { .superseded = on_superseded, .ended = on_end };

/* ---- for people ---- */

static int by_program(const void *a, const void *b)
{
	const struct process_row *x = a, *y = b;
	int order = strcmp(x->program, y->program);

	return order ? order : x->tgid < y->tgid ? -1 : x->tgid > y->tgid;
}

static int by_use(const void *a, const void *b)
{
	const struct process_row *x = a, *y = b;
	uint64_t m = x->bytes[0] + x->bytes[1], n = y->bytes[0] + y->bytes[1];

	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return m != n ? (m < n ? 1 : -1) : by_program(a, b);
}

struct process_row *process_rows_sum_up(const struct process_row *rows, size_t count,
					size_t *ret_count)
{
	struct process_row *all = xcalloc(count ? count : 1, sizeof(*all));
	size_t kept = 0;

	if (count)
		memcpy(all, rows, count * sizeof(*all));
	qsort(all, count, sizeof(*all), by_program);
	for (size_t begin = 0, end; begin < count; begin = end) {
		uint64_t processes = 0;

		for (end = begin; end < count && !strcmp(all[end].program, all[begin].program);)
			processes += all[end++].processes;
		if (processes > LISTED_MAX)
			for (size_t i = begin + 1; i < end; i++)
				join(&all[begin], &all[i]);
		for (size_t i = begin; i < (processes > LISTED_MAX ? begin + 1 : end); i++)
			all[kept++] = all[i];
	}
	qsort(all, kept, sizeof(*all), by_use);
	*ret_count = kept;
	return all;
}

/* SPDX-License-Identifier: MIT */
#include "run/speakers.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "proc/fds.h"

/* Of one program; more start with it and are its children then. */
#define DESCENDANTS_MAX 1024
/* Who was added lately, by number: they call again and again. */
#define KNOWN 64

static const struct {
	enum probe_program prog;
	const char *name;
} rows[] = {
	{ PROG_STDIO_FORK, "sched_process_fork" },
	{ PROG_STDIO_EXIT, "sched_process_exit" },
	{ PROG_STDIO_CALL, "sys_exit" },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

struct speakers {
	int map;
	int progs[ROWS];
	int links[ROWS]; /* -1: not attached */
	bool tried;
	uint32_t known[KNOWN];
};

struct speakers *speakers_new(const struct probe *p)
{
	struct speakers *s = xcalloc(1, sizeof(*s));

	s->map = probe_map(p, "spy_speakers");
	for (size_t i = 0; i < ROWS; i++) {
		s->progs[i] = probe_program(p, rows[i].prog);
		s->links[i] = -1;
	}
	return s;
}

void speakers_detach(struct speakers *s)
{
	s->tried = true; /* nothing more is attached */
	for (size_t i = ROWS; i > 0; i--) {
		if (s->links[i - 1] >= 0)
			close(s->links[i - 1]);
		s->links[i - 1] = -1;
	}
}

void speakers_free(struct speakers *s)
{
	if (s)
		speakers_detach(s);
	free(s);
}

int speakers_attach(struct speakers *s, const char **ret_name)
{
	s->tried = true;
	for (size_t i = 0; i < ROWS; i++) {
		if (s->progs[i] < 0)
			continue;
		s->links[i] = bpf_raw_tracepoint(s->progs[i], rows[i].name);
		if (s->links[i] < 0) {
			*ret_name = rows[i].name;
			return s->links[i];
		}
	}
	return 0;
}

void speakers_add(struct speakers *s, pid_t pid)
{
	pid_t all[DESCENDANTS_MAX];
	uint8_t one = 1;
	size_t count;

	/* First itself: those that it starts from now on follow it. */
	bpf_map_put(s->map, &pid, &one);
	count = proc_descendants(pid, all, DESCENDANTS_MAX);
	for (size_t i = 0; i < count; i++)
		bpf_map_put(s->map, &all[i], &one);
}

static void on_request(void *arg, struct exchange *x)
{
	struct speakers *s = arg;
	const char *name = "";
	int err;

	if (x->kind != EXCHANGE_LLM || x->is_server || s->known[x->tgid % KNOWN] == x->tgid)
		return;
	s->known[x->tgid % KNOWN] = x->tgid;
	err = s->tried ? 0 : speakers_attach(s, &name);
	if (err)
		log_warn("attach",
			 "MCP and ACP over pipes are not seen: the kernel refused the raw "
			 "tracepoint %s: %s",
			 name, strerror(-err));
	speakers_add(s, (pid_t)x->tgid);
}

static void on_ended(void *arg, struct exchange *x)
{
	on_request(arg, x);
}

const struct observer speakers_observer = { .request = on_request, .ended = on_ended };

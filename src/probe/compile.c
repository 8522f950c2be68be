/* SPDX-License-Identifier: MIT */
#include "probe/compile.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "kernel/features.h"
#include "kernel/helper_process.h"
#include "probe/compiler.h"
#include "probe/kernel_headers.h"
#include "probe/preamble.h"
#include "probe/source.h"

/* A group that could not be had for want of memory or the like is tried again, so often and not at
 * once. */
#define TRIES_MAX 3
#define RETRY_NS  10000000000ull

enum state { IDLE, COMPILING, LOADING, READY, FAILED };

struct group {
	enum state state;
	int sock;	  /* COMPILING, LOADING: where the answer comes from */
	int output;	  /* what libbcc prints */
	bool found;	  /* against headers that libbcc looks for by itself */
	struct error why; /* FAILED */
	uint64_t failed_ns;
	unsigned tries;
	bool background;     /* nobody waits for it yet */
	bool needed;	     /* not only expected */
	bool expected;	     /* waited for, if it has to be compiled */
	bool told, compiles; /* struct compiler_news came, and said so */
	pid_t compiler;	     /* its process, while it has a low priority; 0 */
};

struct probe {
	struct probe_config config;
	char *skip, *headers_dir, *plain_ports; /* what config points to */
	uint32_t values[BYTECODE_VALUES];	/* SPY_SELF, then each SPY_PID */
	uint32_t nvalues;
	char headers[128]; /* which headers are taken, for people */
	int compiler;
	int priority; /* of what is waited for */
	struct group groups[GROUP_COUNT];
	int prog[PROG_COUNT];
	struct compiler_maps maps;
	int map_fds[MAPS_MAX];
};

enum probe_group probe_group_of(enum probe_program prog)
{
	static const enum probe_group of[PROG_COUNT] = {
#define PROGRAM(id, function, group, kind) [id] = GROUP_##group,
#include "probes/programs.def"
	};

	return of[prog];
}

/* ---- what is asked for ---- */

static int no_privilege(struct error *reterr)
{
	return error_set(reterr, -EPERM,
			 "the kernel does not let llm-spy load BPF programs: run it with sudo; a "
			 "container needs CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; lockdown mode "
			 "'confidentiality' forbids it (see /sys/kernel/security/lockdown)");
}

int probe_open(struct probe **ret, const struct probe_config *c, int compiler, struct error *reterr)
{
	struct probe *p = xcalloc(1, sizeof(*p));
	int err;

	*p = (struct probe){ .config = *c,
			     .compiler = compiler,
			     .priority = getpriority(PRIO_PROCESS, 0) };
	memset(p->prog, -1, sizeof(p->prog));
	p->skip = xstrdup(c->skip);
	p->headers_dir = c->headers_dir ? xstrdup(c->headers_dir) : NULL;
	p->plain_ports = c->plain_ports ? xstrdup(c->plain_ports) : NULL;
	p->config.skip = p->skip;
	p->config.plain_ports = p->plain_ports;
	p->config.headers_dir = p->headers_dir;
	p->config.pids = NULL;
	p->values[p->nvalues++] = (uint32_t)getpid();
	for (size_t i = 0; i < c->npids && p->nvalues < BYTECODE_VALUES; i++)
		p->values[p->nvalues++] = (uint32_t)c->pids[i];
	/* Asked before the compiler starts, whose own complaint would say nothing of privileges. */
	err = !kernel_may_load_bpf()
		      ? no_privilege(reterr)
		      : kernel_headers_choose(&p->config, p->headers, sizeof(p->headers), reterr);
	if (err) {
		probe_free(p);
		return err;
	}
	*ret = p;
	return 0;
}

/* Nobody waits for the answer any more: the compiler ends. */
static void drop(struct group *group)
{
	if (group->state != COMPILING && group->state != LOADING)
		return;
	close(group->sock);
	close(group->output);
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < GROUP_COUNT; i++)
		drop(&p->groups[i]);
	for (size_t i = 0; i < PROG_COUNT; i++)
		if (p->prog[i] >= 0)
			close(p->prog[i]);
	for (size_t i = 0; i < p->maps.count; i++)
		close(p->map_fds[i]);
	if (p->compiler >= 0)
		close(p->compiler);
	free(p->skip);
	free(p->headers_dir);
	free(p->plain_ports);
	free(p);
}

int probe_program(const struct probe *p, enum probe_program prog)
{
	return p->prog[prog];
}

int probe_map(const struct probe *p, const char *name)
{
	for (size_t i = 0; i < p->maps.count; i++)
		if (strcmp(p->maps.names[i], name) == 0)
			return p->map_fds[i];
	return -1;
}

/* ---- asking ---- */

static int fail(struct probe *p, enum probe_group g, int code, const char *text)
{
	p->groups[g].state = FAILED;
	p->groups[g].failed_ns = now_ns();
	return error_set(&p->groups[g].why, code, "%s", text);
}

/* What the configuration leaves out is neither compiled nor loaded. */
static bool is_wanted(const struct probe_config *c, size_t prog)
{
	bool plain = c->plain_ports != NULL;

	switch (prog) {
	case PROG_FORK:
	case PROG_EXIT:
		return c->tree;
	case PROG_SOCK_DESTROYED:
	case PROG_SYS_EXIT:
		return plain;
	case PROG_SOCK_SENT:
		return (plain || c->peers) && c->sock_length;
	case PROG_SOCK_RECEIVED:
		return plain && c->sock_length;
	case PROG_ERL_SENT:
		return c->peers && c->sock_length;
	case PROG_RECEIVED:
		return c->peers || plain;
	case PROG_STDIO_CALL:
		return c->stdio != STDIO_NOBODY || c->plain_unix;
	case PROG_LIST_MORE:
		return plain || c->stdio != STDIO_NOBODY || c->plain_unix;
	case PROG_STDIO_FORK:
	case PROG_STDIO_EXIT:
		return c->stdio == STDIO_SPEAKERS;
	default:
		return true;
	}
}

static bool is_any_wanted(const struct probe *p, enum probe_group g)
{
	for (size_t i = 0; i < PROG_COUNT; i++)
		if (probe_group_of(i) == g && is_wanted(&p->config, i))
			return true;
	return false;
}

static int order(struct probe *p, enum probe_group g, int output)
{
	struct compiler_order *o = xcalloc(1, sizeof(*o));
	struct buf text;
	int sock;

	buf_init(&text, COMPILER_PREAMBLE - 1);
	preamble_add(&p->config, g, &text);
	o->group = g;
	for (size_t i = 0; i < PROG_COUNT; i++)
		o->wanted[i] = probe_group_of(i) == g && is_wanted(&p->config, i);
	o->multi = p->config.multi;
	o->background = p->groups[g].background;
	o->keep = !p->config.no_cache;
	memcpy(o->values, p->values, sizeof(o->values));
	o->nvalues = p->nvalues;
	o->builtin = p->config.headers == HEADERS_BUILTIN;
	p->groups[g].found = p->config.headers == HEADERS_AUTO;
	if (p->config.headers == HEADERS_DIR)
		snprintf(o->dir, sizeof(o->dir), "%s", p->headers_dir);
	memcpy(o->preamble, text.ptr, text.len);
	sock = text.full ? -E2BIG : compiler_order(p->compiler, o, output);
	buf_done(&text);
	free(o);
	return sock;
}

/* Whether it is at work, and somebody waits for it. */
static bool is_awaited(const struct group *group)
{
	return !group->background && (group->state == COMPILING || group->state == LOADING);
}

static bool is_any_awaited(const struct probe *p)
{
	bool any = false;

	for (size_t i = 0; i < GROUP_COUNT; i++)
		any |= is_awaited(&p->groups[i]);
	return any;
}

/* A group's programs are loaded with the maps of others, once the group before it has its maps. The
 * kernel's verifier takes 10 to 100 ms of a processor for one program: what nobody waits for comes
 * after what somebody does. */
static void give_maps(struct probe *p, enum probe_group g)
{
	enum probe_group after = source_group_after(g);
	struct group *group = &p->groups[g];

	if (group->state != COMPILING || (after != g && p->groups[after].state != READY) ||
	    (group->background && is_any_awaited(p)))
		return;
	/* An error shows where the answer is waited for. */
	fdpass_send(group->sock, &p->maps, sizeof(p->maps), p->map_fds, p->maps.count);
	group->state = LOADING;
}

static void give_maps_to_all(struct probe *p)
{
	for (size_t i = 0; i < GROUP_COUNT; i++)
		give_maps(p, i);
}

bool err_is_transient(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -EAGAIN || err == -EIO;
}

static bool may_try_again(const struct group *group)
{
	return group->state == FAILED && group->tries < TRIES_MAX &&
	       now_ns() - group->failed_ns >= RETRY_NS && err_is_transient(group->why.code);
}

/* Now somebody waits for it. */
static void hurry(const struct probe *p, struct group *group)
{
	if (group->compiler && !group->background)
		setpriority(PRIO_PROCESS, (id_t)group->compiler, p->priority);
	if (!group->background)
		group->compiler = 0;
}

/* One compiles at a time: who is at it stands in the way of who is waited for. */
static void hurry_all(const struct probe *p)
{
	for (size_t i = 0; i < GROUP_COUNT; i++)
		if (p->groups[i].compiler && p->groups[i].compiles)
			setpriority(PRIO_PROCESS, (id_t)p->groups[i].compiler, p->priority);
}

static void begin(struct probe *p, enum probe_group g, bool background)
{
	struct group *group = &p->groups[g];

	if (source_group_after(g) != g)
		begin(p, source_group_after(g), background);
	group->background &= background;
	hurry(p, group);
	if (!background && group->state != READY)
		hurry_all(p);
	if (group->state != IDLE && !may_try_again(group)) {
		give_maps(p, g);
		return;
	}
	group->tries++;
	group->background = background;
	group->told = group->compiles = false;
	group->output = memfd_create("llm-spy-libbcc", MFD_CLOEXEC);
	group->sock = group->output < 0 ? -errno : order(p, g, group->output);
	if (group->sock < 0) {
		fail(p, g, group->sock,
		     group->sock == -EPIPE ? "the probe compiler has ended"
					   : strerror(-group->sock));
		if (group->output >= 0)
			close(group->output);
		return;
	}
	group->state = COMPILING;
	give_maps(p, g);
}

void probe_expect(struct probe *p, enum probe_group g)
{
	begin(p, g, true);
	p->groups[g].expected = true;
}

void probe_begin(struct probe *p, enum probe_group g)
{
	p->groups[g].needed = true;
	begin(p, g, false);
}

/* ---- answers ---- */

/* What libbcc printed: shown under --debug, and its first error in the message. */
static void show_output(int output, struct error *err)
{
	FILE *f = fdopen(output, "re");
	char line[512];
	bool quoted = false;

	if (!f) {
		close(output);
		return;
	}
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		log_debug("attach", "libbcc: %s", line);
		if (err && !quoted && strstr(line, "error")) {
			size_t at = strlen(err->text);

			snprintf(err->text + at, sizeof(err->text) - at, ": %.160s", line);
			quoted = true;
		}
	}
	fclose(f);
}

/* Programs that others go on with, in the maps by which they find them. */
static void chain(const struct probe *p, enum probe_group g)
{
	static const struct {
		const char *map, *cut; /* what is not whole without it */
		enum probe_program prog;
	} rows[] = {
		{ "spy_next", "calls of more than 2 MiB", PROG_MORE },
		{ "spy_list_goes_on", "long lists of buffers", PROG_LIST_MORE },
		{ "spy_slices_go_on", "records of many pieces", PROG_SLICES_MORE },
	};
	uint32_t first = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum probe_program prog = rows[i].prog;
		int err;

		if (probe_group_of(prog) != g || !is_wanted(&p->config, prog))
			continue;
		err = bpf_map_put(probe_map(p, rows[i].map), &first, &p->prog[prog]);
		if (err)
			log_debug("attach", "%s are cut: %s", rows[i].cut, strerror(-err));
	}
}

static void say_loaded(const struct probe *p, enum probe_group g, const struct compiler_report *r)
{
	if (r->kept)
		log_debug("attach", "probe %s: compiled before; loaded in %u ms, using %ld MB",
			  source_group_name(g), r->load_ms, r->peak_kb / 1024);
	else
		log_debug("attach",
			  "probe %s: kernel headers: %s; compiled in %u ms%s%s%s, loaded in %u ms, "
			  "using %ld MB",
			  source_group_name(g), p->headers, r->compile_ms, r->note[0] ? " (" : "",
			  r->note, r->note[0] ? ")" : "", r->load_ms, r->peak_kb / 1024);
}

static int take_answer(struct probe *p, enum probe_group g, const struct compiler_report *r,
		       const int *fds, size_t nfds)
{
	size_t n = 0;

	if (r->code) {
		while (n < nfds)
			close(fds[n++]);
		return fail(p, g, r->code, r->text);
	}
	for (size_t i = 0; i < PROG_COUNT; i++)
		if (r->have[i] && n < nfds)
			p->prog[i] = fds[n++];
	for (size_t i = 0; i < r->maps.count && n < nfds && p->maps.count < MAPS_MAX; i++) {
		memcpy(p->maps.names[p->maps.count], r->maps.names[i], MAP_NAME_LEN);
		p->map_fds[p->maps.count++] = fds[n++];
	}
	while (n < nfds)
		close(fds[n++]);
	chain(p, g);
	p->groups[g].state = READY;
	say_loaded(p, g, r);
	return 0;
}

static void begin_with_builtin(struct probe *p, enum probe_group g)
{
	if (p->config.headers == HEADERS_AUTO)
		log_warn("attach",
			 "compiling with the kernel headers in %s failed (%s); using the built-in "
			 "headers",
			 p->headers, p->groups[g].why.text);
	p->config.headers = HEADERS_BUILTIN;
	snprintf(p->headers, sizeof(p->headers), "builtin");
	p->groups[g] = (struct group){ .state = IDLE };
	probe_begin(p, g);
}

/* For one message: news of the compiler or its answer. */
static void wait_for(struct probe *p, enum probe_group g)
{
	struct group *group = &p->groups[g];
	struct compiler_report r = { 0 };
	struct compiler_news news;
	int fds[FDPASS_MAX], err;
	size_t nfds;
	ssize_t n = fdpass_receive(group->sock, &r, sizeof(r), fds, FDPASS_MAX, &nfds);

	if (n == sizeof(news)) {
		memcpy(&news, &r, sizeof(news));
		group->told = true;
		group->compiles = news.compiles;
		group->compiler = news.pid;
		group->background &= !(news.compiles && group->expected);
		hurry(p, group);
		give_maps(p, g);
		return;
	}
	if (n != (ssize_t)sizeof(r))
		err = fail(p, g, -EIO, "the probe compiler did not answer");
	else
		err = take_answer(p, g, &r, fds, nfds);
	close(group->sock);
	show_output(group->output, err ? &group->why : NULL);
	give_maps_to_all(p);
	if (err && r.uncompiled && group->found)
		begin_with_builtin(p, g);
}

int probe_need(struct probe *p, enum probe_group g, struct error *reterr)
{
	enum probe_group after = source_group_after(g);
	struct group *group = &p->groups[g];

	probe_begin(p, g);
	if (group->state == COMPILING && probe_need(p, after, reterr) != 0) {
		drop(group);
		fail(p, g, reterr->code, reterr->text);
	}
	while (group->state == LOADING)
		wait_for(p, g);
	if (group->state == READY)
		return 0;
	*reterr = group->why;
	return reterr->code;
}

static bool has_message(const struct group *group)
{
	struct pollfd fd = { .fd = group->sock, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Whether probe_need() would not wait. */
static bool is_done(struct probe *p, enum probe_group g)
{
	enum probe_group after = source_group_after(g);
	struct group *group = &p->groups[g];

	if (group->state == COMPILING)
		return is_done(p, after) && p->groups[after].state == FAILED;
	while (group->state == LOADING && has_message(group))
		wait_for(p, g);
	return group->state == READY || group->state == FAILED;
}

bool probe_is_ready(struct probe *p, enum probe_group g)
{
	probe_begin(p, g);
	return is_done(p, g);
}

bool probe_prefetch(struct probe *p)
{
	size_t next = GROUP_COUNT;

	give_maps_to_all(p);
	for (size_t i = 0; i < GROUP_COUNT; i++) {
		if (p->groups[i].state != IDLE && !is_done(p, i))
			return false;
		if (p->groups[i].state == IDLE && next == GROUP_COUNT && is_any_wanted(p, i))
			next = i;
	}
	if (next < GROUP_COUNT)
		begin(p, next, true);
	return next == GROUP_COUNT;
}

/* Until it is known how long it will take. */
static void wait_for_news(struct probe *p, enum probe_group g)
{
	struct group *group = &p->groups[g];

	while (!group->told && (group->state == COMPILING || group->state == LOADING))
		wait_for(p, g);
}

void probe_settle(struct probe *p)
{
	struct error ignored;

	for (size_t i = 0; i < GROUP_COUNT; i++) {
		if (p->groups[i].state == IDLE)
			continue;
		wait_for_news(p, i);
		if (p->groups[i].needed || p->groups[i].compiles)
			probe_need(p, i, &ignored);
	}
}

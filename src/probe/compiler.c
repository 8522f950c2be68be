/* SPDX-License-Identifier: MIT */
/* libbcc prints to stdout and stderr and changes the working directory; in a process of its own
 * that harms nobody, and what it printed is kept for the error message. */
#include "probe/compiler.h"

#include <bcc/bcc_common.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/bpf.h"
#include "kernel/helper_process.h"
#include "probe/builtin_headers.h"
#include "probe/embedded.h"

#define LOG_BYTES  (1 << 16)
#define TEXT_BYTES (1 << 20)
#define BACKGROUND 10 /* added to its nice value */

const char compiler_libbcc[] = "libbcc.so.0";

/* As in probes.def; what stands for a uprobe depends on how it will be attached. */
enum kind { UPROBE, RAW_TRACEPOINT };

static const struct {
	const char *name;
	enum kind kind;
} programs[PROG_COUNT] = {
#define PROGRAM(id, function, group, kind) [id] = { #function, kind },
#include "probes/programs.def"
};

static const enum probe_group after[GROUP_COUNT] = {
#define GROUP(name, after) [GROUP_##name] = GROUP_##after,
#include "probes/programs.def"
};

/* A group's in the order in which they follow each other. */
static const struct {
	enum probe_group group;
	const char *text;
} texts[] = {
#define TEXT(group, text) { GROUP_##group, text },
#include "probes/programs.def"
};

/* The functions of libbcc that are called, found at run time. */
struct libbcc {
	__typeof__(bpf_module_create_c_from_string) *create;
	__typeof__(bpf_function_start) *start;
	__typeof__(bpf_function_size) *size;
	__typeof__(bpf_num_tables) *tables;
	__typeof__(bpf_table_name) *table_name;
	__typeof__(bpf_table_fd_id) *table_fd;
};

static int load_libbcc(struct libbcc *b, struct compiler_report *r)
{
	void *h = dlopen(compiler_libbcc, RTLD_NOW | RTLD_LOCAL);

	if (!h) {
		snprintf(r->text, sizeof(r->text),
			 "cannot load libbcc (%s); on Debian or Ubuntu: apt install libbpfcc",
			 dlerror());
		return -ENOENT;
	}
	/* ISO C has no cast from object to function pointer; POSIX promises that it works. */
	*(void **)&b->create = dlsym(h, "bpf_module_create_c_from_string");
	*(void **)&b->start = dlsym(h, "bpf_function_start");
	*(void **)&b->size = dlsym(h, "bpf_function_size");
	*(void **)&b->tables = dlsym(h, "bpf_num_tables");
	*(void **)&b->table_name = dlsym(h, "bpf_table_name");
	*(void **)&b->table_fd = dlsym(h, "bpf_table_fd_id");
	if (!b->create || !b->start || !b->size || !b->tables || !b->table_name || !b->table_fd) {
		snprintf(r->text, sizeof(r->text), "%s lacks a function that llm-spy needs",
			 compiler_libbcc);
		return -ENOSYS;
	}
	return 0;
}

/* ---- compiling ---- */

static void add_text(struct buf *out, enum probe_group g)
{
	if (after[g] != g)
		add_text(out, after[g]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].group == g)
			buf_adds(out, texts[i].text);
}

/* Programs that are not wanted, as those of other groups, are in the text for what they share with
 * those that are. As functions that nobody calls from outside clang drops them: generating their
 * code is what takes the time. */
static void add_source(struct buf *out, const struct compiler_order *o)
{
	buf_adds(out, o->preamble);
	for (size_t i = 0; i < PROG_COUNT; i++)
		if (!o->wanted[i])
			buf_addf(out, "#define %s __attribute__((internal_linkage)) %s\n",
				 programs[i].name, programs[i].name);
	buf_adds(out, embedded_event_h);
	add_text(out, o->group);
}

static void *compile(const struct compiler_order *o, const struct libbcc *b,
		     struct compiler_report *r)
{
	struct buf text;
	void *module;

	buf_init(&text, TEXT_BYTES);
	add_source(&text, o);
	module = b->create(text.ptr, 0, NULL, 0, true, NULL);
	buf_done(&text);
	if (!module) {
		r->code = -EINVAL;
		r->uncompiled = true;
		snprintf(r->text, sizeof(r->text), "libbcc could not compile the probe");
	}
	return module;
}

/* ---- maps ---- */

/* By a map's descriptor in this process, the one that takes its place. */
struct instead {
	int own[MAPS_MAX], shared[MAPS_MAX];
	size_t count;
};

/* Maps of the module that are there already are put aside; the others are reported, their
 * descriptors added to `fds`. */
static void sort_maps(const struct libbcc *b, void *module, const struct compiler_maps *there,
		      const int *there_fds, struct instead *ret, struct compiler_report *r,
		      int *fds, size_t *nfds)
{
	size_t count = b->tables(module);

	for (size_t i = 0; i < count && i < MAPS_MAX; i++) {
		const char *name = b->table_name(module, i);
		int fd = b->table_fd(module, i);
		size_t k = 0;

		while (k < there->count && strcmp(there->names[k], name) != 0)
			k++;
		if (k < there->count) {
			ret->own[ret->count] = fd;
			ret->shared[ret->count++] = there_fds[k];
			continue;
		}
		snprintf(r->maps.names[r->maps.count++], MAP_NAME_LEN, "%s", name);
		fds[(*nfds)++] = fd;
	}
}

/* A copy of a program that uses the maps that are there in place of those that were made with it;
 * the caller frees it. */
static struct bpf_insn *redirect(const void *insns, size_t len, const struct instead *in)
{
	struct bpf_insn *copy = xmalloc(len);
	size_t count = len / sizeof(*copy);

	memcpy(copy, insns, len);
	for (size_t i = 0; i < count; i++) {
		if (copy[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		for (size_t k = 0; copy[i].src_reg == BPF_PSEUDO_MAP_FD && k < in->count; k++)
			if (copy[i].imm == in->own[k]) {
				copy[i].imm = in->shared[k];
				break;
			}
		i++; /* its second half */
	}
	return copy;
}

/* ---- loading ---- */

/* One program to load. The two that walk whole payloads keep the verifier busy for up to
 * 0.1 s each, so every program has a thread. */
struct load_job {
	enum bpf_prog_kind kind;
	const char *name;
	struct bpf_insn *insns; /* NULL: none to load */
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

/* Why it failed, in the verifier's words: its last line but the statistics says it. */
static void explain_load(const struct load_job *j, struct compiler_report *r)
{
	char *log = xcalloc(1, LOG_BYTES);
	char *end;

	bpf_prog_load_kind(j->kind, j->name, j->insns, j->len, log, LOG_BYTES);
	end = strstr(log, "\nprocessed ");
	if (end)
		*end = '\0';
	end = strrchr(log, '\n');
	snprintf(r->text, sizeof(r->text), "the kernel refused the program %s: %s%s%.160s", j->name,
		 strerror(-j->fd), log[0] ? ": " : "", end ? end + 1 : log);
	r->code = j->fd;
	free(log);
}

/* Programs that the switches leave out are not in the module. */
static void begin_load(struct load_job *j, enum kind kind, bool multi, const struct libbcc *b,
		       void *module, const struct instead *in)
{
	const void *insns = b->start(module, j->name);

	if (!insns)
		return;
	j->kind = kind == RAW_TRACEPOINT ? BPF_KIND_RAW_TRACEPOINT
		  : multi		 ? BPF_KIND_UPROBE_MULTI
					 : BPF_KIND_UPROBE;
	j->len = b->size(module, j->name);
	j->insns = redirect(insns, j->len, in);
	j->started = pthread_create(&j->thread, NULL, load_program, j) == 0;
	if (!j->started)
		load_program(j);
}

static void load_all(const struct compiler_order *o, const struct libbcc *b, void *module,
		     const struct instead *in, struct compiler_report *r, int *fds, size_t *nfds)
{
	struct load_job jobs[PROG_COUNT] = { 0 };

	for (size_t i = 0; i < PROG_COUNT; i++) {
		jobs[i].name = programs[i].name;
		if (o->wanted[i])
			begin_load(&jobs[i], programs[i].kind, o->multi, b, module, in);
	}
	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (!jobs[i].insns)
			continue;
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
		r->have[i] = jobs[i].fd >= 0;
		if (r->have[i])
			fds[(*nfds)++] = jobs[i].fd;
		else if (r->code == 0)
			explain_load(&jobs[i], r);
		free(jobs[i].insns);
	}
}

/* ---- the compiler ---- */

static void do_order(const struct compiler_order *o, int sock, struct compiler_report *r, int *fds,
		     size_t *nfds)
{
	int there_fds[MAPS_MAX], map_fds[MAPS_MAX];
	uint64_t begin = now_ns(), compiled;
	struct compiler_maps there;
	struct instead in = { 0 };
	size_t nthere, nmaps = 0;
	struct libbcc b;
	void *module;

	r->code = load_libbcc(&b, r);
	module = r->code ? NULL : compile(o, &b, r);
	if (!module)
		return;
	compiled = now_ns();
	r->compile_ms = (unsigned)((compiled - begin) / 1000000);
	if (fdpass_receive(sock, &there, sizeof(there), there_fds, MAPS_MAX, &nthere) !=
		    (ssize_t)sizeof(there) ||
	    there.count != nthere)
		_exit(0); /* nobody wants it any more */
	compiled = now_ns();
	sort_maps(&b, module, &there, there_fds, &in, r, map_fds, &nmaps);
	load_all(o, &b, module, &in, r, fds, nfds);
	memcpy(fds + *nfds, map_fds, nmaps * sizeof(*fds));
	*nfds += nmaps;
	r->load_ms = (unsigned)((now_ns() - compiled) / 1000000);
}

_Noreturn static void be_compiler(const struct compiler_order *o, const char *dir, int sock,
				  int output)
{
	struct compiler_report r = { 0 };
	int fds[PROG_COUNT + MAPS_MAX];
	struct rusage usage;
	size_t nfds = 0;

	pid_t self = getpid();

	fdpass_send(sock, &self, sizeof(self), NULL, 0);
	if (o->background)
		setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + BACKGROUND);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (dir[0])
		setenv("BCC_KERNEL_SOURCE", dir, 1);
	do_order(o, sock, &r, fds, &nfds);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		r.peak_kb = usage.ru_maxrss;
	_exit(fdpass_send(sock, &r, sizeof(r), fds, nfds) != 0);
}

/* ---- the supervisor ---- */

static void answer_failure(int sock, int code, const char *what, const char *detail)
{
	struct compiler_report r = { .code = code };

	snprintf(r.text, sizeof(r.text), "%s%s", what, detail);
	fdpass_send(sock, &r, sizeof(r), NULL, 0);
}

static void run_compiler(const struct compiler_order *o, const char *dir, int sock, int output)
{
	struct helper_child c;
	char number[16];
	int status = 0;
	pid_t pid = helper_fork(&c);

	if (pid == 0)
		be_compiler(o, dir, sock, output);
	if (pid < 0) {
		answer_failure(sock, pid, "cannot start a process to compile the probe", "");
		return;
	}
	builtin_headers_sweep();
	helper_wait(&c, sock, 0, &status);
	snprintf(number, sizeof(number), "%d", WTERMSIG(status));
	if (WIFSIGNALED(status))
		answer_failure(sock, -EIO, "the compiler was killed by signal ", number);
}

_Noreturn static void mind(const struct compiler_order *o, int sock, int output)
{
	struct builtin_headers h;
	int err = o->builtin ? builtin_headers_make(&h) : 0;

	if (err)
		answer_failure(sock, err, "cannot write the built-in kernel headers to /tmp: ",
			       strerror(-err));
	else
		run_compiler(o, o->builtin ? h.path : o->dir, sock, output);
	if (o->builtin && !err)
		builtin_headers_remove(&h);
	_exit(0);
}

/* ---- the zygote ---- */

_Noreturn static void keep(int sock)
{
	static struct compiler_order o;
	size_t least = offsetof(struct compiler_order, preamble) + 1, nfds;
	int fds[2];
	ssize_t n;

	signal(SIGCHLD, SIG_IGN); /* supervisors are not waited for */
	while ((n = fdpass_receive(sock, &o, sizeof(o), fds, 2, &nfds)) >= (ssize_t)least &&
	       nfds == 2) {
		pid_t pid;

		((char *)&o)[n - 1] = '\0';
		pid = fork();
		if (pid == 0) {
			close(sock);
			signal(SIGCHLD, SIG_DFL);
			mind(&o, fds[0], fds[1]);
		}
		if (pid < 0)
			answer_failure(fds[0], -errno,
				       "cannot start a process to compile the probe", "");
		close(fds[0]);
		close(fds[1]);
	}
	_exit(0);
}

int compiler_start(void)
{
	return helper_spawn(SOCK_SEQPACKET, "llm-spy-compile", keep);
}

int compiler_order(int zygote, const struct compiler_order *o, int output)
{
	size_t len = offsetof(struct compiler_order, preamble) + strlen(o->preamble) + 1;
	int sock[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return -errno;
	err = fdpass_send(zygote, o, len, (int[]){ sock[1], output }, 2);
	close(sock[1]);
	if (err) {
		close(sock[0]);
		return err;
	}
	return sock[0];
}

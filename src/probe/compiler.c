/* SPDX-License-Identifier: MIT */
/* libbcc prints to stdout and stderr and changes the working directory; in a process of its own
 * that harms nobody, and what it printed is kept for the error message. */
#include "probe/compiler.h"

#include <bcc/bcc_common.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/bpf.h"
#include "kernel/helper_process.h"
#include "probe/builtin_headers.h"
#include "probe/bytecode_key.h"
#include "probe/bytecode_load.h"
#include "probe/bytecode_store.h"
#include "probe/source.h"

#define BACKGROUND 10 /* added to its nice value */
#define TURN_MS	   10 /* how often it is asked whether another compiler has ended */

const char compiler_libbcc[] = "libbcc.so.0";

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

static void *compile(const struct compiler_order *o, const struct libbcc *b,
		     struct compiler_report *r)
{
	struct buf text;
	void *module;

	buf_init(&text, SOURCE_MAX);
	source_add(&text, o);
	module = b->create(text.ptr, 0, NULL, 0, true, NULL);
	buf_done(&text);
	if (!module) {
		r->code = -EINVAL;
		r->uncompiled = true;
		snprintf(r->text, sizeof(r->text), "libbcc could not compile the probe");
	}
	return module;
}

/* What was compiled, apart from this process; own: the maps that libbcc has made for it. */
static int unbind(const struct compiler_order *o, const struct libbcc *b, void *module,
		  struct bytecode *ret, int *own)
{
	size_t count = b->tables(module);
	int err = count > MAPS_MAX ? -E2BIG : 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct bytecode_map *m = &ret->maps[i];
		struct bpf_map_layout l;

		own[i] = b->table_fd(module, i);
		err = bpf_map_layout(own[i], &l);
		snprintf(m->name, sizeof(m->name), "%s", b->table_name(module, i));
		m->type = l.type;
		m->key_size = l.key_size;
		m->value_size = l.value_size;
		m->max_entries = l.max_entries;
		m->flags = l.flags;
		ret->nmaps = i + 1;
	}
	for (size_t i = 0; i < PROG_COUNT && !err; i++) {
		const char *name = source_programs[i].name;
		const void *insns = o->wanted[i] ? b->start(module, name) : NULL;

		if (insns)
			err = bytecode_add(ret, name, insns, b->size(module, name), own);
	}
	return err;
}

/* ---- one order ---- */

/* What supervisor and compiler have to do with it. */
struct job {
	const struct compiler_order *order;
	int sock, output;
	const char *headers; /* directory; "": libbcc looks for them by itself */
	struct given_maps given;
	bool keep; /* by this key */
	uint8_t key[BYTECODE_KEY];
	struct compiler_report report;
	struct loaded loaded;
};

static void say_news(const struct job *j, bool compiles)
{
	struct compiler_news n = { .pid = getpid(), .compiles = compiles };

	fdpass_send(j->sock, &n, sizeof(n), NULL, 0);
}

/* False: nobody waits for it any more. */
static bool receive_maps(struct job *j)
{
	size_t count;

	if (!j->given.have)
		j->given.have =
			fdpass_receive(j->sock, &j->given.maps, sizeof(j->given.maps), j->given.fds,
				       MAPS_MAX, &count) == (ssize_t)sizeof(j->given.maps) &&
			j->given.maps.count == count;
	return j->given.have;
}

static int answer(struct job *j)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		j->report.peak_kb = usage.ru_maxrss;
	return fdpass_send(j->sock, &j->report, sizeof(j->report), j->loaded.fds, j->loaded.count);
}

/* ---- the compiler ---- */

static void keep(struct job *j, struct bytecode *code)
{
	int err = bytecode_add_libraries(code);

	if (!err)
		err = bytecode_write(source_group_name(j->order->group), j->key, code);
	if (err)
		snprintf(j->report.note, sizeof(j->report.note), "it cannot be kept: %s",
			 strerror(-err));
}

static void do_order(struct job *j)
{
	uint64_t begin = now_ns(), compiled;
	struct compiler_report *r = &j->report;
	struct bytecode code = { 0 };
	int own[MAPS_MAX];
	struct libbcc b;
	void *module;

	r->code = load_libbcc(&b, r);
	module = r->code ? NULL : compile(j->order, &b, r);
	if (!module)
		return;
	r->compile_ms = (unsigned)((now_ns() - begin) / 1000000);
	r->code = unbind(j->order, &b, module, &code, own);
	if (r->code) {
		snprintf(r->text, sizeof(r->text), "libbcc made programs that are not understood");
		return;
	}
	compiled = now_ns();
	bytecode_load(&code, j->order, &j->given, own, r, &j->loaded);
	r->load_ms = (unsigned)((now_ns() - compiled) / 1000000);
	if (!r->code && j->keep)
		keep(j, &code);
	bytecode_done(&code);
}

_Noreturn static void be_compiler(struct job *j)
{
	say_news(j, true);
	dup2(j->output, STDOUT_FILENO);
	dup2(j->output, STDERR_FILENO);
	if (j->headers[0])
		setenv("BCC_KERNEL_SOURCE", j->headers, 1);
	do_order(j);
	_exit(answer(j) != 0);
}

/* ---- the supervisor ---- */

static void answer_failure(int sock, int code, const char *what, const char *detail)
{
	struct compiler_report r = { .code = code };

	snprintf(r.text, sizeof(r.text), "%s%s", what, detail);
	fdpass_send(sock, &r, sizeof(r), NULL, 0);
}

static void run_compiler(struct job *j)
{
	struct helper_child c;
	char number[16];
	int status = 0;
	pid_t pid = helper_fork(&c);

	if (pid == 0)
		be_compiler(j);
	if (pid < 0) {
		answer_failure(j->sock, pid, "cannot start a process to compile the probe", "");
		return;
	}
	builtin_headers_sweep();
	helper_wait(&c, j->sock, 0, &status);
	snprintf(number, sizeof(number), "%d", WTERMSIG(status));
	if (WIFSIGNALED(status))
		answer_failure(j->sock, -EIO, "the compiler was killed by signal ", number);
}

static void compile_anew(struct job *j)
{
	bool builtin = j->order->builtin;
	struct locked_dir h;
	int err = builtin ? builtin_headers_make(&h) : 0;

	if (err) {
		answer_failure(j->sock, err, "cannot write the built-in kernel headers to /tmp: ",
			       strerror(-err));
		return;
	}
	j->headers = builtin ? h.path : j->order->dir;
	run_compiler(j);
	if (builtin)
		builtin_headers_remove(&h);
}

/* Whatever is wrong with what was kept, it can be compiled. */
static bool load_kept(struct job *j)
{
	const char *group = source_group_name(j->order->group);
	struct compiler_report *r = &j->report;
	uint64_t begin = now_ns();
	struct bytecode code;

	j->keep = bytecode_key(j->order, j->key) == 0;
	if (!j->keep || bytecode_read(group, j->key, &code, r->note, sizeof(r->note)) != 0)
		return false;
	say_news(j, false);
	if (!receive_maps(j))
		_exit(0);
	bytecode_load(&code, j->order, &j->given, NULL, r, &j->loaded);
	bytecode_done(&code);
	if (r->code) {
		char note[sizeof(r->note)];

		snprintf(note, sizeof(note), "%.150s", r->text);
		*r = (struct compiler_report){ 0 };
		memcpy(r->note, note, sizeof(note));
		return false;
	}
	r->kept = true;
	r->load_ms = (unsigned)((now_ns() - begin) / 1000000);
	answer(j);
	return true;
}

/* A compiler takes 120 MB: one works at a time. False: nobody waits any more. The lock is this
 * process's and goes with it, whatever ends it. */
static bool wait_for_turn(const struct job *j, int turns)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct pollfd peer = { .fd = j->sock };

	while (fcntl(turns, F_SETLK, &lock) != 0)
		if (poll(&peer, 1, TURN_MS) > 0)
			return false;
	return true;
}

_Noreturn static void mind(const struct compiler_order *o, int sock, int output, int turns)
{
	struct job j = { .order = o, .sock = sock, .output = output };

	if (o->background)
		setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + BACKGROUND);
	if (o->keep && load_kept(&j)) {
		builtin_headers_sweep();
		_exit(0);
	}
	say_news(&j, true);
	/* Maps first: who has its turn must not wait for a group that has not had its own. */
	if (receive_maps(&j) && wait_for_turn(&j, turns))
		compile_anew(&j);
	_exit(0);
}

/* ---- the zygote ---- */

_Noreturn static void serve(int sock)
{
	static struct compiler_order o;
	size_t least = offsetof(struct compiler_order, preamble) + 1, nfds;
	int turns = memfd_create("llm-spy-turns", MFD_CLOEXEC);
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
			mind(&o, fds[0], fds[1], turns);
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
	return helper_spawn(SOCK_SEQPACKET, "llm-spy-compile", serve);
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

/* SPDX-License-Identifier: MIT */
/* Runs libbcc in a child: writes the builtin headers to a private directory where they are
 * wanted, compiles, loads, and passes program and map descriptors back over a socket. libbcc
 * prints to stdout and stderr and changes the working directory; in the child that harms nobody,
 * and what it printed is kept for the error message. */
#include "attach/compile.h"

#include <bcc/bcc_common.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/bpf.h"
#include "attach/embedded.h"
#include "base/log.h"
#include "base/xalloc.h"

#define LOG_BYTES (1 << 16)
/* The verifier walks some 850 instructions for each fragment of a call, out of a million. */
#define CHUNKS_MAX 1024
#define RING_CHUNK 65536
/* A perf record that holds more than 65,498 bytes vanishes without an error. */
#define PERF_CHUNK 32768

const char probe_libbcc[] = "libbcc.so.0";

enum { FD_EVENTS = PROG_COUNT, FD_COUNTERS, FD_TREE, FD_COUNT };

static const char *const prog_names[PROG_COUNT] = {
#define X(id, name) [id] = name,
	PROBE_PROGRAMS(X)
#undef X
};

/* What the child says. `fds[i]` that it does not send are counted out by `have`. */
struct report {
	int code; /* 0, or a negative errno */
	char text[320];
	bool have[FD_COUNT];
	unsigned compile_ms, load_ms;
	long peak_kb;
};

/* The functions of libbcc that are called, found at run time. */
struct libbcc {
	__typeof__(bpf_module_create_c_from_string) *create;
	__typeof__(bpf_function_start) *start;
	__typeof__(bpf_function_size) *size;
	__typeof__(bpf_table_fd) *table;
};

static bool is_tree_program(size_t prog)
{
	return prog == PROG_FORK || prog == PROG_EXIT;
}

static bool is_sock_program(size_t prog)
{
	return prog == PROG_RECEIVED || prog == PROG_STATE || prog == PROG_SYS_EXIT ||
	       prog == PROG_SOCK_SENT || prog == PROG_SOCK_RECEIVED;
}

static bool is_wanted(const struct probe_config *c, size_t prog)
{
	bool plain = c->plain_ports != NULL;

	switch (prog) {
	case PROG_FORK:
	case PROG_EXIT:
		return c->tree;
	case PROG_SYS_EXIT:
		return plain;
	case PROG_SOCK_SENT:
		return (plain || c->peers) && c->sock_length;
	case PROG_SOCK_RECEIVED:
		return plain && c->sock_length;
	case PROG_RECEIVED:
		return c->peers || (plain && !c->sock_length);
	default:
		return true;
	}
}

static bool is_tracepoint_program(size_t prog)
{
	return prog == PROG_EXEC || is_tree_program(prog) || is_sock_program(prog);
}

static unsigned now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static unsigned kernel_release(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) != 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return major << 8 | minor;
}

static void sock_preamble(const struct probe_config *c, struct buf *out)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{ "read", SYS_read },		{ "write", SYS_write },	      { "readv", SYS_readv },
		{ "writev", SYS_writev },	{ "recvfrom", SYS_recvfrom }, { "sendto", SYS_sendto },
		{ "recvmsg", SYS_recvmsg },	{ "sendmsg", SYS_sendmsg },   { "close", SYS_close },
		{ "sendfile", SYS_sendfile },	{ "dup3", SYS_dup3 },
	};

	buf_addf(out, "#define SPY_PEERS %d\n#define SPY_PLAIN_ON %d\n", c->peers,
		 c->plain_ports != NULL);
	buf_addf(out, "#define SPY_NETNS %d\n", access("/proc/self/ns/net", F_OK) == 0);
	if (!c->plain_ports)
		return;
	buf_addf(out, "#define SPY_PLAIN_PORT(p) (%s)\n#define SPY_PLAIN_NEAR %d\n", c->plain_ports,
		 c->plain_near);
	buf_addf(out, "#define SPY_SOCK_LENGTH %d\n", c->sock_length);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		buf_addf(out, "#define SPY_NR_%s %ld\n", calls[i].name, calls[i].number);
}

void probe_preamble(const struct probe_config *c, struct buf *out)
{
	size_t chunk = c->ring_buffer ? RING_CHUNK : PERF_CHUNK;
	size_t chunks = (c->call_max + chunk - 1) / chunk;
	bool read_user = kernel_release() >= (5 << 8 | 5);
	bool cgroup = kernel_release() >= (4 << 8 | 18);

	if (chunks > CHUNKS_MAX)
		chunks = CHUNKS_MAX;
	buf_addf(out, "#define SPY_RINGBUF %d\n", c->ring_buffer);
	buf_addf(out, "#define SPY_RING_PAGES %zu\n", c->ring_bytes / 4096);
	buf_addf(out, "#define SPY_WAKE_BYTES %zu\n", c->ring_bytes / 16);
	buf_addf(out, "#define SPY_CHUNK %zu\n#define SPY_CHUNKS %zu\n", chunk, chunks);
	buf_addf(out, "#define SPY_CONNS %zu\n", c->conns);
	buf_addf(out, "#define SPY_TREE %d\n#define SPY_SELF %d\n", c->tree, (int)getpid());
	buf_addf(out, "#define SPY_SKIP %s\n", c->skip);
	buf_addf(out, "#define SPY_NEED_CGROUP %d\n#define SPY_NEED_COMM %d\n", c->need_cgroup,
		 c->need_comm);
	buf_addf(out, "#define SPY_CGROUP_ID %s\n", cgroup ? "bpf_get_current_cgroup_id()" : "0");
	buf_addf(out, "#define SPY_READ_USER bpf_probe_read%s\n", read_user ? "_user" : "");
	buf_addf(out, "#define SPY_READ_USER_STR bpf_probe_read%s_str\n", read_user ? "_user" : "");
	buf_addf(out, "#define SPY_READ_KERNEL bpf_probe_read%s\n", read_user ? "_kernel" : "");
	sock_preamble(c, out);
	buf_adds(out, "#include <linux/types.h>\n");
}

static int load_libbcc(struct libbcc *b, char *text, size_t size)
{
	void *h = dlopen(probe_libbcc, RTLD_NOW | RTLD_LOCAL);

	if (!h) {
		snprintf(text, size, "libbcc cannot be loaded (%s). On Debian or Ubuntu: "
			 "apt install libbpfcc", dlerror());
		return -ENOENT;
	}
	/* ISO C has no cast from object to function pointer; POSIX promises that it works. */
	*(void **)&b->create = dlsym(h, "bpf_module_create_c_from_string");
	*(void **)&b->start = dlsym(h, "bpf_function_start");
	*(void **)&b->size = dlsym(h, "bpf_function_size");
	*(void **)&b->table = dlsym(h, "bpf_table_fd");
	if (!b->create || !b->start || !b->size || !b->table) {
		snprintf(text, size, "%s lacks a function that llm-spy needs", probe_libbcc);
		return -ENOSYS;
	}
	return 0;
}

static int write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	if (fputs(text, f) < 0)
		err = -EIO;
	if (fclose(f) != 0)
		err = -errno;
	return err;
}

/* The builtin headers as a directory that libbcc takes for a kernel's; `dir` is a mkdtemp
 * template. Private: what is compiled there runs in the kernel. */
static int make_builtin(char *dir)
{
	static const char *const sub[] = { "", "/include", "/include/asm", "/include/linux",
					   "/include/uapi", "/include/uapi/linux" };
	static const struct {
		const char *path, *text;
	} files[] = {
#define X(symbol, path_) { .path = path_, .text = symbol },
		BUILTIN_HEADERS(X)
#undef X
	};
	char path[256];
	int err = 0;

	if (!mkdtemp(dir))
		return -errno;
	for (size_t i = 1; i < sizeof(sub) / sizeof(*sub); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, sub[i]);
		if (mkdir(path, 0700) != 0)
			return -errno;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !err; i++) {
		snprintf(path, sizeof(path), "%s/include/%s", dir, files[i].path);
		err = write_text(path, files[i].text);
	}
	return err;
}

static void remove_builtin(const char *dir)
{
	static const char *const names[] = {
#define X(symbol, path) "include/" path,
		BUILTIN_HEADERS(X)
#undef X
		"include/asm", "include/linux", "include/uapi/linux", "include/uapi", "include", "",
	};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
}

bool probe_kernel_headers(char *what, size_t size)
{
	/* Debian keeps the larger part of them apart, in "source". */
	static const char *const parts[] = { "build", "source" };
	struct utsname u;
	char path[256];

	if (uname(&u) != 0)
		return false;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s/include/linux/kconfig.h", u.release,
			 parts[i]);
		if (access(path, R_OK) == 0) {
			snprintf(what, size, "of the running kernel, /lib/modules/%.80s", u.release);
			return true;
		}
	}
	if (access("/sys/kernel/kheaders.tar.xz", R_OK) == 0) {
		snprintf(what, size, "of the running kernel, /sys/kernel/kheaders.tar.xz");
		return true;
	}
	return false;
}

/* One program to load. The two that walk whole payloads keep the verifier busy for some 0.1 s
 * each, so every program has a thread. */
struct load_job {
	enum bpf_prog_kind kind;
	const char *name;
	const void *insns;
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
static void explain_load(const struct load_job *j, struct report *r)
{
	char *log = xcalloc(1, LOG_BYTES);
	char *end;

	r->code = bpf_prog_load_kind(j->kind, j->name, j->insns, j->len, log, LOG_BYTES);
	end = strstr(log, "\nprocessed ");
	if (end)
		*end = '\0';
	end = strrchr(log, '\n');
	snprintf(r->text, sizeof(r->text), "the kernel refused the program %s: %s%s%.160s", j->name,
		 strerror(-j->fd), log[0] ? ": " : "", end ? end + 1 : log);
	r->code = j->fd;
	free(log);
}

static void load_all(const struct probe_config *c, const struct libbcc *b, void *module, int *fds,
		     struct report *r)
{
	struct load_job jobs[PROG_COUNT] = { 0 };

	for (size_t i = 0; i < PROG_COUNT; i++) {
		struct load_job *j = &jobs[i];

		if (!is_wanted(c, i))
			continue;
		j->kind = is_tracepoint_program(i) ? BPF_KIND_RAW_TRACEPOINT
			  : c->multi	     ? BPF_KIND_UPROBE_MULTI
					     : BPF_KIND_UPROBE;
		j->name = prog_names[i];
		j->insns = b->start(module, j->name);
		j->len = b->size(module, j->name);
		j->started = pthread_create(&j->thread, NULL, load_program, j) == 0;
		if (!j->started)
			load_program(j);
	}
	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
		if (!jobs[i].name)
			continue;
		fds[i] = jobs[i].fd;
		r->have[i] = jobs[i].fd >= 0;
		if (jobs[i].fd < 0 && r->code == 0)
			explain_load(&jobs[i], r);
	}
}

static void compile_and_load(const struct probe_config *c, int *fds, struct report *r)
{
	unsigned begin = now_ms(), compiled;
	struct libbcc b;
	struct buf text;
	void *module;

	r->code = load_libbcc(&b, r->text, sizeof(r->text));
	if (r->code)
		return;
	buf_init(&text, 1 << 20);
	probe_preamble(c, &text);
	buf_adds(&text, embedded_event_h);
	buf_adds(&text, embedded_tls_bpf_c);
	buf_adds(&text, embedded_peer_bpf_c);
	buf_adds(&text, embedded_libraries_bpf_c);
	buf_adds(&text, embedded_go_bpf_c);
	buf_adds(&text, embedded_rustls_bpf_c);
	buf_adds(&text, embedded_sock_bpf_c);
	module = b.create(text.ptr, 0, NULL, 0, true, NULL);
	buf_done(&text);
	if (!module) {
		r->code = -EINVAL;
		snprintf(r->text, sizeof(r->text), "libbcc could not compile the probe");
		return;
	}
	compiled = now_ms();
	load_all(c, &b, module, fds, r);
	fds[FD_EVENTS] = b.table(module, "spy_events");
	fds[FD_COUNTERS] = b.table(module, "spy_counters");
	fds[FD_TREE] = c->tree ? b.table(module, "spy_tree_tgids") : -1;
	for (size_t i = PROG_COUNT; i < FD_COUNT; i++)
		r->have[i] = fds[i] >= 0;
	r->compile_ms = compiled - begin;
	r->load_ms = now_ms() - compiled;
}

static int send_report(int sock, const struct report *r, const int *fds)
{
	char control[CMSG_SPACE(sizeof(int) * FD_COUNT)] = { 0 };
	struct iovec io = { .iov_base = (void *)r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	int sent[FD_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < FD_COUNT; i++)
		if (r->have[i])
			sent[n++] = fds[i];
	if (n) {
		struct cmsghdr *h = (struct cmsghdr *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(h), sent, n * sizeof(int));
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The child's life. `dir` is NULL where libbcc finds headers by itself. */
_Noreturn static void child(const struct probe_config *c, const char *dir, int sock, int output)
{
	struct report r = { 0 };
	struct rusage usage;
	int fds[FD_COUNT];

	for (size_t i = 0; i < FD_COUNT; i++)
		fds[i] = -1;
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent to act on */
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (dir)
		setenv("BCC_KERNEL_SOURCE", dir, 1);
	compile_and_load(c, fds, &r);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		r.peak_kb = usage.ru_maxrss;
	_exit(send_report(sock, &r, fds) != 0);
}

/* -EIO when the child died without a word. */
static int receive_report(int sock, struct report *r, int *fds)
{
	char control[CMSG_SPACE(sizeof(int) * FD_COUNT)];
	struct iovec io = { .iov_base = r, .iov_len = sizeof(*r) };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got;
	struct cmsghdr *h;
	size_t n = 0;

	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(*r))
		return -EIO;
	h = CMSG_FIRSTHDR(&m);
	for (size_t i = 0; i < FD_COUNT; i++) {
		fds[i] = -1;
		if (r->have[i] && h && h->cmsg_len >= CMSG_LEN((n + 1) * sizeof(int)))
			memcpy(&fds[i], CMSG_DATA(h) + n++ * sizeof(int), sizeof(int));
	}
	return 0;
}

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

static int choose_headers(const struct probe_config *c, char *temp, const char **ret_dir,
			  struct probe *p, struct error *reterr)
{
	char probe[4096];
	int err;

	*ret_dir = NULL;
	if (c->headers == HEADERS_DIR) {
		snprintf(probe, sizeof(probe), "%s/include/linux/kconfig.h", c->headers_dir);
		if (access(probe, R_OK) != 0)
			return error_set(reterr, -errno,
					 "--kernel-headers %.200s: no kernel tree, it lacks "
					 "include/linux/kconfig.h (Debian's split headers work as those "
					 "of the running kernel: --kernel-headers=auto)", c->headers_dir);
		snprintf(p->headers, sizeof(p->headers), "%s", c->headers_dir);
		*ret_dir = c->headers_dir;
		return 0;
	}
	if (c->headers == HEADERS_AUTO && probe_kernel_headers(p->headers, sizeof(p->headers)))
		return 0;
	snprintf(p->headers, sizeof(p->headers), "builtin");
	err = make_builtin(temp);
	if (err)
		return error_set(reterr, err, "the builtin kernel headers cannot be written to %s: %s",
				 temp, strerror(-err));
	*ret_dir = temp;
	return 0;
}

static int no_privilege(struct error *reterr)
{
	return error_set(reterr, -EPERM,
			 "the kernel does not let us load BPF programs: run with sudo; in a container "
			 "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN are needed; kernel lockdown in mode "
			 "'confidentiality' forbids it (cat /sys/kernel/security/lockdown)");
}

static int fork_and_wait(const struct probe_config *c, const char *dir, struct report *r, int *fds,
			 struct error *reterr)
{
	int output = memfd_create("llm-spy-libbcc", MFD_CLOEXEC);
	int sock[2], err, status;
	pid_t pid;

	if (output < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return error_set(reterr, -errno, "cannot start the compiler: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(sock[0]);
		child(c, dir, sock[1], output);
	}
	close(sock[1]);
	err = pid < 0 ? -errno : receive_report(sock[0], r, fds);
	close(sock[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && err && WIFSIGNALED(status))
		error_set(reterr, err, "the compiler child was killed by signal %d", WTERMSIG(status));
	else if (err)
		error_set(reterr, err, "the compiler child failed: %s", strerror(-err));
	else if (r->code)
		err = error_set(reterr, r->code, "%s", r->text);
	show_output(output, err ? reterr : NULL);
	return err;
}

/* mov r0, 0; exit */
static const uint64_t empty_program[] = { 0xb7, 0x95 };

/* Asked before the compiler starts, whose own complaint would say nothing of privileges. */
bool probe_may_load(void)
{
	int fd = bpf_prog_load_kind(BPF_KIND_UPROBE, "spy_try", empty_program, sizeof(empty_program),
				    NULL, 0);

	if (fd >= 0)
		close(fd);
	return fd != -EPERM && fd != -EACCES;
}

int probe_compile(const struct probe_config *c, struct probe *ret, struct error *reterr)
{
	char temp[] = "/tmp/llm-spy-headers-XXXXXX";
	struct report r = { 0 };
	const char *dir;
	int fds[FD_COUNT];
	int err;

	memset(ret, 0, sizeof(*ret));
	if (!probe_may_load())
		return no_privilege(reterr);
	err = choose_headers(c, temp, &dir, ret, reterr);
	if (!err)
		err = fork_and_wait(c, dir, &r, fds, reterr);
	if (dir == temp)
		remove_builtin(temp);
	if (err == -EINVAL && c->headers == HEADERS_AUTO && !dir) {
		struct probe_config again = *c;

		log_warn("attach", "the kernel headers %s do not serve (%s); using the builtin ones",
			 ret->headers, reterr->text);
		again.headers = HEADERS_BUILTIN;
		memset(reterr, 0, sizeof(*reterr));
		return probe_compile(&again, ret, reterr);
	}
	if (err)
		return err;
	memcpy(ret->prog, fds, sizeof(ret->prog));
	ret->events = fds[FD_EVENTS];
	ret->counters = fds[FD_COUNTERS];
	ret->tree_tgids = fds[FD_TREE];
	ret->compile_ms = r.compile_ms;
	ret->load_ms = r.load_ms;
	ret->child_peak_kb = r.peak_kb;
	return 0;
}

void probe_close(struct probe *p)
{
	int *const maps[] = { &p->events, &p->counters, &p->tree_tgids };

	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (p->prog[i] >= 0)
			close(p->prog[i]);
		p->prog[i] = -1;
	}
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		if (*maps[i] >= 0)
			close(*maps[i]);
		*maps[i] = -1;
	}
}

bool probe_can_ring_buffer(void)
{
	/* BPF_MAP_TYPE_RINGBUF of one page; Linux 5.8. */
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_RINGBUF;
	a.max_entries = (uint32_t)sysconf(_SC_PAGESIZE);
	fd = (int)syscall(__NR_bpf, BPF_MAP_CREATE, &a, sizeof(a));
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool probe_can_multi(void)
{
	uint64_t offset = 0;
	int prog = bpf_prog_load_kind(BPF_KIND_UPROBE_MULTI, "spy_try", empty_program,
				      sizeof(empty_program), NULL, 0);
	int link;

	if (prog < 0)
		return false;
	/* Older kernels load it all the same; a link without offsets is refused by both, with
	 * EINVAL where the kind of link is known but the file is none: so try a directory. */
	link = bpf_uprobe_multi(prog, "/", &offset, 1, 0);
	if (link >= 0)
		close(link);
	close(prog);
	return link == -EBADF || link >= 0;
}

bool probe_can_raw_tracepoint(const char *name)
{
	int prog = bpf_prog_load_kind(BPF_KIND_RAW_TRACEPOINT, "spy_try", empty_program,
				      sizeof(empty_program), NULL, 0);
	int link = prog < 0 ? prog : bpf_raw_tracepoint(prog, name);

	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
	return link >= 0;
}

bool probe_can_sock_length(void)
{
	return probe_can_raw_tracepoint("sock_send_length") &&
	       probe_can_raw_tracepoint("sock_recv_length");
}

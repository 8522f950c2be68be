/* SPDX-License-Identifier: MIT */
#include "cli/cmd_doctor.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "find/catalog.h"
#include "kernel/features.h"
#include "options/exit_code.h"
#include "probe/bytecode_store.h"
#include "probe/compiler.h"
#include "probe/kernel_headers.h"

enum verdict { GOOD, WARN, FAIL };

/* What was found goes to `said`, and what mends it to `mend`. */
struct diagnosis {
	char said[256];
	const char *mend;
};

static enum verdict check_kernel(struct diagnosis *f)
{
	struct utsname u = { 0 };

	uname(&u);
	snprintf(f->said, sizeof(f->said), "Linux %.100s, %.50s", u.release, u.machine);
	if (kernel_version() < KERNEL(5, 3)) {
		f->mend = "llm-spy needs Linux 5.3 or later (loops in BPF programs)";
		return FAIL;
	}
	if (strcmp(u.machine, "x86_64") != 0) {
		f->mend = "llm-spy is tested on x86_64 only";
		return WARN;
	}
	return GOOD;
}

static enum verdict check_privileges(struct diagnosis *f)
{
	static const struct {
		int bit;
		const char *name;
		uint32_t since;		 /* version */
		enum verdict root, user; /* without it */
	} needed[] = { { 2, "CAP_DAC_READ_SEARCH", 0, WARN, WARN },
		       /* Root's files are searched by nobody, or not at all. */
		       { 6, "CAP_SETGID", 0, FAIL, GOOD },
		       { 7, "CAP_SETUID", 0, FAIL, GOOD },
		       { 19, "CAP_SYS_PTRACE", 0, WARN, FAIL },
		       { 21, "CAP_SYS_ADMIN", 0, WARN, FAIL },
		       { 38, "CAP_PERFMON", KERNEL(5, 8), WARN, FAIL },
		       { 39, "CAP_BPF", KERNEL(5, 8), WARN, FAIL } };
	uint64_t have = kernel_capabilities();
	int n = snprintf(f->said, sizeof(f->said), "user %u", geteuid());
	enum verdict v = GOOD;

	if (have >> 1 & 1) /* CAP_DAC_OVERRIDE serves as well */
		have |= 1u << 2;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		enum verdict without = geteuid() == 0 ? needed[i].root : needed[i].user;

		if (have >> needed[i].bit & 1 || kernel_version() < needed[i].since ||
		    without == GOOD || n >= (int)sizeof(f->said))
			continue;
		n += snprintf(f->said + n, sizeof(f->said) - (size_t)n, "%s %s",
			      v == GOOD ? ", lacks" : ",", needed[i].name);
		v = without > v ? without : v;
	}
	f->mend = geteuid() == 0 ? "grant llm-spy's container these capabilities"
				 : "run llm-spy with sudo";
	return v;
}

static enum verdict check_lockdown(struct diagnosis *f)
{
	FILE *in = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (!in || !fgets(line, sizeof(line), in))
		snprintf(line, sizeof(line), "none");
	if (in)
		fclose(in);
	line[strcspn(line, "\n")] = '\0';
	snprintf(f->said, sizeof(f->said), "kernel lockdown: %s", line);
	f->mend = "lockdown mode 'confidentiality' forbids BPF programs to read memory: boot with "
		  "lockdown=integrity or without Secure Boot";
	return strstr(line, "[confidentiality]") ? FAIL : GOOD;
}

static enum verdict check_bpf(struct diagnosis *f)
{
	bool may = kernel_may_load_bpf();

	snprintf(f->said, sizeof(f->said), "BPF programs %s be loaded", may ? "can" : "cannot");
	f->mend = geteuid() == 0 ? "check capabilities and lockdown above; a container's seccomp "
				   "profile must allow bpf(2) and perf_event_open(2)"
				 : "run llm-spy with sudo";
	return may ? GOOD : FAIL;
}

static enum verdict check_uprobes(struct diagnosis *f)
{
	bool there = access("/sys/bus/event_source/devices/uprobe/type", R_OK) == 0;
	bool multi = kernel_can_multi();

	snprintf(f->said, sizeof(f->said), "uprobes: %s; uprobe_multi: %s", there ? "yes" : "no",
		 multi ? "yes" : "no");
	f->mend = there	  ? "without uprobe_multi (Linux 6.6), llm-spy starts and stops more slowly"
		  : multi ? "--pid does not work: it needs a kernel with CONFIG_UPROBE_EVENTS, and "
			    "/sys mounted"
			  : "llm-spy needs a kernel with CONFIG_UPROBE_EVENTS, and /sys mounted";
	return multi && there ? GOOD : multi || there ? WARN : FAIL;
}

static enum verdict check_buffer(struct diagnosis *f)
{
	bool ring = kernel_can_ring_buffer();

	snprintf(f->said, sizeof(f->said), "ring buffer: %s", ring ? "yes" : "no");
	f->mend = "llm-spy uses perf buffers instead, at a higher cost (the ring buffer needs "
		  "Linux 5.8)";
	return ring ? GOOD : WARN;
}

static enum verdict check_tracepoints(struct diagnosis *f)
{
	bool can = kernel_can_raw_tracepoint("sched_process_exec");

	snprintf(f->said, sizeof(f->said), "raw tracepoints: %s", can ? "yes" : "no");
	f->mend = "new processes are only detected by polling once a second, and -- COMMAND does "
		  "not work";
	return can ? GOOD : WARN;
}

/* Tracepoints that something needs: "NAME: yes, NAME: no". */
static enum verdict try_tracepoints(struct diagnosis *f, const char *what, const char *const *names,
				    const char *mend)
{
	size_t n = (size_t)snprintf(f->said, sizeof(f->said), "%s:", what);
	enum verdict v = GOOD;

	for (size_t i = 0; names[i] && n < sizeof(f->said); i++) {
		bool can = kernel_can_raw_tracepoint(names[i]);

		n += (size_t)snprintf(f->said + n, sizeof(f->said) - n, "%s %s: %s", i ? "," : "",
				      names[i], can ? "yes" : "no");
		if (!can)
			v = WARN;
	}
	f->mend = mend;
	return v;
}

static enum verdict check_peers(struct diagnosis *f)
{
	static const char *const names[] = { "tcp_rcv_space_adjust", "sock_send_length",
					     "sock_recv_length", NULL };

	return try_tracepoints(f, "tracepoints for connection addresses", names,
			       "peer addresses are missing for some or all connections (the last "
			       "two tracepoints need Linux 6.3)");
}

static enum verdict check_connects(struct diagnosis *f)
{
	static const char *const names[] = { "inet_sock_set_state", NULL };

	return try_tracepoints(f, "tracepoint for new connections", names,
			       "programs that cannot be captured are detected only at exit (with "
			       "--strict: once a second)");
}

static enum verdict check_plain(struct diagnosis *f)
{
	static const char *const names[] = { "sys_exit", NULL };

	return try_tracepoints(
		f, "tracepoint for system calls", names,
		"--plain does not work: it needs a kernel with CONFIG_FTRACE_SYSCALLS");
}

static enum verdict check_libbcc(struct diagnosis *f)
{
	void *h = dlopen(compiler_libbcc, RTLD_LAZY | RTLD_LOCAL);

	snprintf(f->said, sizeof(f->said), "%s: %s", compiler_libbcc, h ? "found" : dlerror());
	f->mend = "install libbcc; on Debian or Ubuntu: apt install libbpfcc";
	return h ? GOOD : FAIL;
}

static enum verdict check_headers(struct diagnosis *f)
{
	char what[128];

	if (kernel_headers_find(what, sizeof(what)))
		snprintf(f->said, sizeof(f->said), "kernel headers: %s", what);
	else
		snprintf(f->said, sizeof(f->said),
			 "kernel headers: built in (no others are needed)");
	return GOOD;
}

static enum verdict check_memlock(struct diagnosis *f)
{
	struct rlimit r = { 0, 0 };

	getrlimit(RLIMIT_MEMLOCK, &r);
	if (kernel_version() >= KERNEL(5, 11)) {
		snprintf(f->said, sizeof(f->said),
			 "locked memory: counted by control group, so ulimit -l does not matter");
		return GOOD;
	}
	if (r.rlim_cur == RLIM_INFINITY)
		snprintf(f->said, sizeof(f->said), "locked memory: no limit");
	else
		snprintf(f->said, sizeof(f->said), "locked memory: at most %llu KiB",
			 (unsigned long long)r.rlim_cur / 1024);
	f->mend = "run: ulimit -l unlimited";
	return r.rlim_cur >= (64u << 20) ? GOOD : WARN;
}

/* Opening it may be refused where its mode allows it. */
static bool can_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;
	bool can = fd >= 0 && read(fd, &byte, 1) >= 0;

	if (fd >= 0)
		close(fd);
	return can;
}

static enum verdict check_proc(struct diagnosis *f)
{
	bool others = can_read("/proc/1/maps"), own = can_read("/proc/self/maps");
	bool root = geteuid() == 0;

	snprintf(f->said, sizeof(f->said), "%s",
		 !own	  ? "/proc is not mounted"
		 : others ? "/proc/1/maps can be read"
		 : root ? "cannot read /proc/1/maps, though this is root: a sandbox or a security "
			  "module hides processes"
			: "cannot read /proc/1/maps: it is another user's");
	f->mend = !own	 ? "mount /proc"
		  : root ? "llm-spy targets names those that are hidden; in a container, use the "
			   "host's process namespace and CAP_SYS_PTRACE"
			 : "run llm-spy with sudo";
	return !own ? FAIL : others ? GOOD : WARN;
}

static enum verdict check_cache(struct diagnosis *f)
{
	char path[PATH_MAX];
	struct statvfs fs;
	int dir = cache_dir_open(path, sizeof(path));
	unsigned long long room = 0;

	if (dir >= 0 && fstatvfs(dir, &fs) == 0)
		room = (unsigned long long)fs.f_bavail * fs.f_frsize;
	snprintf(f->said, sizeof(f->said), "cache: %.150s: %s", path,
		 dir < 0		     ? strerror(-dir)
		 : room >= CATALOG_BYTES_MAX ? "usable"
					     : "the disk is full");
	f->mend = "every start scans all files again; the directory must belong to this user and "
		  "have mode 0700 (or set XDG_CACHE_HOME)";
	if (dir >= 0)
		close(dir);
	return dir >= 0 && room >= CATALOG_BYTES_MAX ? GOOD : WARN;
}

/* Nobody takes what others could have written; what other libraries compiled is compiled anew. */
static enum verdict check_compiled(struct diagnosis *f)
{
	struct bytecode_survey s;
	int err = bytecode_survey(&s);

	if (err) {
		snprintf(f->said, sizeof(f->said), "compiled BPF programs: none can be kept: %s",
			 strerror(-err));
		f->mend = "every start compiles them again, which takes a second and 120 MB: see "
			  "the cache above";
		return WARN;
	}
	if (!s.files)
		snprintf(f->said, sizeof(f->said),
			 "compiled BPF programs: none yet, so the next start compiles");
	else
		snprintf(f->said, sizeof(f->said),
			 "compiled BPF programs: %zu files, %zu KiB; %zu are by libbcc and LLVM as "
			 "they are now%s%s",
			 s.files, s.bytes >> 10, s.current, s.refused ? "; not used: " : "",
			 s.example);
	f->mend = "remove that file";
	return s.refused ? WARN : GOOD;
}

/* What of the gate may be refused, tried without it. */
static enum verdict check_hold(struct diagnosis *f)
{
	int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC), err = errno;

	snprintf(f->said, sizeof(f->said), "new programs can be held until they are hooked: %s",
		 fd < 0 ? strerror(err) : "yes");
	f->mend = "first calls of new programs may be missed; fanotify's permission events need "
		  "CAP_SYS_ADMIN and a kernel with CONFIG_FANOTIFY_ACCESS_PERMISSIONS";
	if (fd >= 0)
		close(fd);
	return fd < 0 ? WARN : GOOD;
}

struct check {
	const char *name;
	enum verdict (*fn)(struct diagnosis *f);
};

static const struct check checks[] = {
	{ "kernel", check_kernel },	{ "privileges", check_privileges },
	{ "lockdown", check_lockdown }, { "bpf", check_bpf },
	{ "libbcc", check_libbcc },	{ "headers", check_headers },
	{ "memlock", check_memlock },	{ "proc", check_proc },
	{ "cache", check_cache },	{ "compiled", check_compiled },
	{ "hold", check_hold },
};
/* They load BPF programs: where none may be, they say nothing of the kernel. */
static const struct check bpf_checks[] = {
	{ "uprobes", check_uprobes },	      { "buffer", check_buffer },
	{ "tracepoints", check_tracepoints }, { "peers", check_peers },
	{ "connections", check_connects },    { "plain", check_plain },
};

/* One run of all, and how it is told. */
struct examination {
	bool json, all; /* all: what is well too */
	enum verdict worst;
	size_t good;
};

static void print_json(const char *name, enum verdict v, const struct diagnosis *f)
{
	static const char *const names[] = { "ok", "warn", "fail" };
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?}", "check", name, "verdict", names[v], "found",
			      f->said, "remedy", v == GOOD ? NULL : f->mend);

	if (json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) == 0)
		putchar('\n');
	json_decref(o);
}

static void print_text(enum verdict v, const struct diagnosis *f)
{
	static const char *const names[] = { "ok  ", "warn", "FAIL" };

	printf("%s  %s\n", names[v], f->said);
	if (v != GOOD)
		printf("      -> %s\n", f->mend);
}

static enum verdict run_check(struct examination *e, const struct check *check)
{
	struct diagnosis f = { "", "" };
	enum verdict v = check->fn(&f);

	e->worst = v > e->worst ? v : e->worst;
	e->good += v == GOOD;
	if (e->json)
		print_json(check->name, v, &f);
	else if (e->all || v != GOOD)
		print_text(v, &f);
	return v;
}

static void print_end(const struct examination *e)
{
	printf(e->worst == FAIL	  ? "llm-spy cannot trace here.\n"
	       : e->worst == WARN ? "llm-spy can trace here, with the limitations listed above.\n"
				  : "llm-spy can trace here.\n");
	if (!e->all && e->good)
		printf("%zu other check%s well: llm-spy doctor -v lists them.\n", e->good,
		       e->good == 1 ? " is" : "s are");
}

int doctor_run(const struct options *o)
{
	struct examination e = { .json = strcmp(o->format->name, "jsonl") == 0,
				 .all = strcmp(o->format->name, "verbose") == 0 };
	bool bpf = true;

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		enum verdict v = run_check(&e, &checks[i]);

		bpf &= checks[i].fn != check_bpf || v != FAIL;
	}
	for (size_t i = 0; bpf && i < sizeof(bpf_checks) / sizeof(*bpf_checks); i++)
		run_check(&e, &bpf_checks[i]);
	if (!bpf && !e.json)
		puts("--    not checked, because BPF programs cannot be loaded: uprobes, ring "
		     "buffer, tracepoints");
	if (!e.json)
		print_end(&e);
	return e.worst == FAIL ? EXIT_CANNOT : EXIT_FINE;
}

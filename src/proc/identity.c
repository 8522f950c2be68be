/* SPDX-License-Identifier: MIT */
#include "proc/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "capture/ancestors.h"
#include "capture/process.h"
#include "capture/script_name.h"
#include "proc/cgroup_dir.h"
#include "proc/containers.h"
#include "proc/list.h"
#include "proc/users.h"
#include "redact/credential.h"
#include "redact/redact_stream.h"

#define SHOWN_MAX 4096 /* of the command line */
/* A script may follow a class path of many kilobytes. */
#define CMDLINE_MAX (32u << 10)
#define PATH_SIZE   4096

static struct span read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size);
		close(fd);
	}
	return span_of(text, n > 0 ? (size_t)n : 0);
}

static struct span read_proc_link(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	n = readlink(path, text, size);
	return span_of(text, n > 0 ? (size_t)n : 0);
}

/* The arguments, separated by blanks, credentials masked. */
static void show_cmdline(struct span rest, struct buf *out)
{
	struct span before = { NULL, 0 };

	rest = span_first(rest, SHOWN_MAX);
	while (rest.len) {
		struct span arg = span_first(rest, span_find(rest, '\0'));

		if (out->len)
			buf_addc(out, ' ');
		credential_mask_argument(before, arg, out);
		before = arg;
		rest = span_from(rest, arg.len + 1);
	}
}

/* Where the texts lie that are borrowed below. */
struct facts {
	char args[CMDLINE_MAX], exe[PATH_SIZE], cwd[PATH_SIZE], cgroup[PATH_SIZE];
	char user[USER_NAME_SIZE];
	struct container_names names;
	struct buf cmdline, script, ancestors;
};

/* As /proc would have it, if the path leads there from here: links are followed. */
static struct span hinted_exe(const struct identity_hint *hint, struct facts *f)
{
	AUTO_FREE char *path = NULL, *real = NULL;
	struct stat st;

	if (!span_starts(hint->exe, SPAN_LIT("/")))
		return span_of(NULL, 0);
	path = xstrndup((const char *)hint->exe.ptr, hint->exe.len);
	real = realpath(path, NULL);
	if (!real || stat(real, &st) != 0 || st.st_ino != hint->ino)
		return hint->exe;
	snprintf(f->exe, sizeof(f->exe), "%s", real);
	return span_str(f->exe);
}

/* False: it is gone. */
static bool tell_program(pid_t pid, const struct identity_hint *hint, struct facts *f,
			 struct proc_text *p)
{
	struct command_line line = { .separator = '\0' };
	bool is_here;

	line.args = read_proc(pid, "cmdline", f->args, sizeof(f->args));
	line.exe = read_proc_link(pid, "exe", f->exe, sizeof(f->exe));
	line.cwd = read_proc_link(pid, "cwd", f->cwd, sizeof(f->cwd));
	is_here = line.exe.len > 0;
	if (!is_here && hint) {
		line.args = hint->args;
		line.exe = hinted_exe(hint, f);
	}
	show_cmdline(line.args, &f->cmdline);
	redact_text(script_name(&line), REDACT_TEXT, &f->script);
	p->exe = line.exe;
	p->cmdline = buf_span(&f->cmdline);
	p->script = buf_span(&f->script);
	return is_here;
}

/* Its cgroup may live on. */
static struct span hinted_cgroup(const struct identity_hint *hint, struct facts *f)
{
	AUTO_FREE char *path = cgroup_dir_by_id(hint->cgroup);

	snprintf(f->cgroup, sizeof(f->cgroup), "%s", path ? path : "");
	return span_str(f->cgroup);
}

static void tell_place(pid_t pid, uid_t uid, const struct identity_hint *hint, struct facts *f,
		       struct proc_text *p)
{
	struct span file = read_proc(pid, "cgroup", f->cgroup, sizeof(f->cgroup));
	struct span v2 = !file.len && hint ? hinted_cgroup(hint, f) : cgroup_path_v2(file);
	struct cgroup_place place = cgroup_place(file.len ? cgroup_path(file) : v2);

	container_names_find("", &place, uid, &f->names);
	p->runtime = place.runtime;
	p->container = place.id;
	p->container_name = span_str(f->names.name);
	p->pod = span_str(f->names.pod);
	p->unit = place.unit;
	p->cgroup = v2;
}

static void tell_ancestors(pid_t pid, const struct identity_hint *hint, struct buf *out)
{
	struct ancestors a = { .count = 0 };

	for (size_t i = 0; hint && i < hint->nparents && hint->parents[i]; i++)
		ancestors_add(&a, hint->parents[i]);
	if (a.count)
		pid = (pid_t)hint->parents[a.count - 1];
	do
		pid = proc_parent(pid);
	while (pid > 0 && ancestors_add(&a, (uint64_t)pid));
	ancestors_write(&a, out);
}

bool identity_read(pid_t pid, uid_t uid, const char *comm, const struct identity_hint *hint,
		   struct buf *out)
{
	struct facts *f = xcalloc(1, sizeof(*f));
	struct proc_text p = { .name = { NULL, 0 } };
	bool is_here;

	buf_init(&f->cmdline, 2 * SHOWN_MAX);
	buf_init(&f->script, SHOWN_MAX);
	buf_init(&f->ancestors, SHOWN_MAX);
	is_here = tell_program(pid, hint, f, &p);
	tell_place(pid, uid, is_here ? NULL : hint, f, &p);
	tell_ancestors(pid, is_here ? NULL : hint, &f->ancestors);
	p.ancestors = buf_span(&f->ancestors);
	p.user = user_name(uid, f->user);
	p.name = proc_name(p.exe, p.cmdline, span_str(comm));
	if (!p.name.len)
		p.name = SPAN_LIT("?");
	proc_encode(&p, out);
	buf_done(&f->cmdline);
	buf_done(&f->script);
	buf_done(&f->ancestors);
	free(f);
	return is_here;
}

char *identity_name(pid_t pid)
{
	char exe[PATH_SIZE], args[SHOWN_MAX];
	struct span argv = read_proc(pid, "cmdline", args, sizeof(args)), name;

	argv = span_first(argv, span_find(argv, '\0'));
	name = proc_name(read_proc_link(pid, "exe", exe, sizeof(exe)), argv, SPAN_LIT("?"));
	return xstrndup((const char *)name.ptr, name.len);
}

/* SPDX-License-Identifier: MIT */
#include "proc/sudo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "proc/list.h"

#define TEXT_MAX (8u << 20)
/* Deeper ancestry can only be a loop caused by a race. */
#define ANCESTORS_MAX 64

/* A program of that name which makes its caller root; not a user's own program. */
static bool is_sudo(pid_t pid)
{
	char path[64], exe[4096];
	const char *name;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0 || stat(path, &st) != 0 || st.st_uid != 0 || !(st.st_mode & S_ISUID))
		return false;
	exe[n] = '\0';
	name = path_name(exe);
	return strcmp(name, "sudo") == 0 || strcmp(name, "sudo-rs") == 0 ||
	       strcmp(name, "doas") == 0;
}

static int read_file(pid_t pid, const char *name, struct buf *out)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = file_read_all(fd, out);
	close(fd);
	return err;
}

/* The nearest ancestor that is sudo; 0: none. *ret_below is what it started. */
static pid_t find_sudo(pid_t *ret_below)
{
	pid_t pid = getpid();

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		*ret_below = pid;
		pid = proc_parent(pid);
		if (pid > 1 && is_sudo(pid))
			return pid;
	}
	return 0;
}

/* sudo has a process of its own between itself and a pseudo terminal. Root may own who called it:
 * what called it in turn may have ended. */
static bool was_called_by(pid_t sudo, uid_t uid)
{
	pid_t pid = sudo;
	uid_t owner;

	for (int i = 0; i < ANCESTORS_MAX && pid > 1 && is_sudo(pid); i++)
		pid = proc_parent(pid);
	owner = pid > 0 ? proc_uid(pid) : 0;
	return owner == 0 || owner == uid;
}

/* What sudo told the program that it started, which nobody else can have written. */
static bool says_uid(const struct buf *environment, uid_t uid)
{
	struct span rest = buf_span(environment);

	while (rest.len) {
		struct span s = span_first(rest, span_find(rest, '\0'));

		if (span_starts(s, SPAN_LIT("SUDO_UID=")))
			return strtoul((const char *)s.ptr + 9, NULL, 10) == uid;
		rest = span_from(rest, s.len + 1);
	}
	return true; /* doas does not tell */
}

int sudo_facts_read(struct sudo_facts *ret, uid_t uid)
{
	pid_t below = 0, sudo = find_sudo(&below);
	int err;

	buf_init(&ret->caller, TEXT_MAX);
	buf_init(&ret->given, TEXT_MAX);
	buf_init(&ret->args, TEXT_MAX);
	if (!sudo)
		return -ENOENT;
	err = read_file(sudo, "environ", &ret->caller);
	if (!err)
		err = read_file(below, "environ", &ret->given);
	if (!err)
		err = read_file(sudo, "cmdline", &ret->args);
	if (!err && !(was_called_by(sudo, uid) && says_uid(&ret->given, uid)))
		err = -EPERM;
	return err;
}

void sudo_facts_done(struct sudo_facts *f)
{
	buf_done(&f->caller);
	buf_done(&f->given);
	buf_done(&f->args);
}

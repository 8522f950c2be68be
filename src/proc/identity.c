/* SPDX-License-Identifier: MIT */
#include "proc/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/process.h"
#include "redact/credential.h"

#define CMDLINE_MAX 4096

/* The arguments, separated by blanks, credentials masked. */
static void read_cmdline(pid_t pid, struct buf *out)
{
	char path[64], text[CMDLINE_MAX];
	struct span before = { NULL, 0 }, rest;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	close(fd);
	rest = span_of(text, n > 0 ? (size_t)n : 0);
	while (rest.len) {
		struct span arg = span_first(rest, span_find(rest, '\0'));

		if (out->len)
			buf_addc(out, ' ');
		credential_mask_argument(before, arg, out);
		before = arg;
		rest = span_from(rest, arg.len + 1);
	}
}

bool identity_read(pid_t pid, const char *comm, struct buf *out)
{
	char path[64], exe[4096];
	struct buf cmdline;
	struct proc_text p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe));
	p.exe = span_of(exe, n > 0 ? (size_t)n : 0);
	buf_init(&cmdline, 2 * CMDLINE_MAX);
	read_cmdline(pid, &cmdline);
	p.cmdline = buf_span(&cmdline);
	p.name = proc_name(p.exe, p.cmdline, span_str(comm));
	if (!p.name.len)
		p.name = SPAN_LIT("?");
	proc_encode(&p, out);
	buf_done(&cmdline);
	return n > 0;
}

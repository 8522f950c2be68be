/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/proc.h"

#define CMDLINE_MAX 4096

/* The arguments, NULs turned into blanks. */
static size_t read_cmdline(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, size);
	close(fd);
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	return n > 0 ? (size_t)n : 0;
}

bool procfs_read(pid_t pid, const char *comm, struct buf *out)
{
	char path[64], exe[4096], cmdline[CMDLINE_MAX];
	struct proc_text p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe));
	p.exe = span_of(exe, n > 0 ? (size_t)n : 0);
	p.cmdline = span_of(cmdline, read_cmdline(pid, cmdline, sizeof(cmdline)));
	p.name = proc_name(p.exe, p.cmdline, span_str(comm));
	if (!p.name.len)
		p.name = SPAN_LIT("?");
	proc_encode(&p, out);
	return n > 0;
}

/* SPDX-License-Identifier: MIT */
#include "proc/fds.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_link(const char *path, struct fd_file *ret)
{
	char text[64];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	unsigned long long ino;

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "pipe:[%llu]", &ino) == 1)
		*ret = (struct fd_file){ .ino = ino };
	else if (sscanf(text, "socket:[%llu]", &ino) == 1)
		*ret = (struct fd_file){ .ino = ino, .is_socket = true };
	else
		return false;
	return true;
}

/* The mode of the link says what the descriptor was opened for. */
static bool is_readable(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IRUSR);
}

bool fds_can_read(pid_t pid, const struct fd_file *f)
{
	struct fd_file at;
	char path[300];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, e->d_name);
		found = read_link(path, &at) && at.ino == f->ino && at.is_socket == f->is_socket &&
			is_readable(path);
	}
	if (d)
		closedir(d);
	return found;
}

static size_t add_children(pid_t of, const char *thread, pid_t *ret, size_t count, size_t max)
{
	char path[300];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)of, thread);
	f = fopen(path, "re");
	while (f && count < max && fscanf(f, "%d", &child) == 1)
		ret[count++] = child;
	if (f)
		fclose(f);
	return count;
}

size_t proc_descendants(pid_t of, pid_t *ret, size_t max)
{
	size_t count = 0, next = 0;
	struct dirent *e;
	char path[64];
	DIR *d;

	for (;;) {
		snprintf(path, sizeof(path), "/proc/%d/task", (int)of);
		d = opendir(path);
		while (d && (e = readdir(d)))
			if (isdigit((unsigned char)e->d_name[0]))
				count = add_children(of, e->d_name, ret, count, max);
		if (d)
			closedir(d);
		if (next == count)
			return count;
		of = ret[next++];
	}
}

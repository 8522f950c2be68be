/* SPDX-License-Identifier: MIT */
#include "proc/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

#define LISTENS 0x0a

/* The inode of the socket; 0: none listens there. */
static unsigned long long listener(const char *path, unsigned port)
{
	unsigned long long ino, found = 0;
	unsigned local, state;
	char line[512];
	FILE *f = fopen(path, "re");

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %llu",
			   &local, &state, &ino) == 3 &&
		    local == port && state == LISTENS)
			found = ino;
	if (f)
		fclose(f);
	return found;
}

static bool holds(const char *pid, const char *socket)
{
	char path[300], at[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, at, sizeof(at) - 1);

		at[n > 0 ? n : 0] = '\0';
		found = strcmp(at, socket) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static char *name_of(const char *pid)
{
	char path[300], name[64] = "?";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	return xasprintf("%s[%s]", name, pid);
}

char *port_holder(unsigned port)
{
	unsigned long long ino = listener("/proc/self/net/tcp", port);
	char socket[64], *name = NULL;
	struct dirent *e;
	DIR *d;

	if (!ino)
		ino = listener("/proc/self/net/tcp6", port);
	if (!ino)
		return NULL;
	snprintf(socket, sizeof(socket), "socket:[%llu]", ino);
	d = opendir("/proc");
	while (d && !name && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && holds(e->d_name, socket))
			name = name_of(e->d_name);
	if (d)
		closedir(d);
	return name ? name : xstrdup("another user's process");
}

/* SPDX-License-Identifier: MIT */
#include "source/stdio_ends.h"

#include <stdlib.h>

#include "proc/list.h"

#define ANCESTORS_MAX	64
#define DESCENDANTS_MAX 512

pid_t stdio_ends_reader(pid_t agent, const struct fd_file *peer)
{
	pid_t all[DESCENDANTS_MAX], last = 0;
	size_t count = proc_descendants(agent, all, DESCENDANTS_MAX);

	for (size_t i = 0; i < count; i++)
		if (fds_can_read(all[i], peer))
			last = all[i];
	return last;
}

pid_t stdio_ends_child(pid_t agent, pid_t pid)
{
	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		pid_t parent = proc_parent(pid);

		if (parent == agent)
			return pid;
		pid = parent;
	}
	return 0;
}

static pid_t reader_above(pid_t pid, const struct fd_file *peer)
{
	pid = proc_parent(pid);
	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		if (fds_can_read(pid, peer))
			return pid;
		pid = proc_parent(pid);
	}
	return 0;
}

/* Two that were started by one and given to each other. */
static pid_t reader_elsewhere(pid_t writer, const struct fd_file *peer)
{
	pid_t *all, found = 0;
	size_t count = proc_list(&all);

	for (size_t i = 0; i < count && !found; i++)
		if (all[i] != writer && fds_can_read(all[i], peer))
			found = all[i];
	free(all);
	return found;
}

void stdio_ends_find(pid_t writer, const struct fd_file *peer, bool asks, struct stdio_ends *ret)
{
	pid_t other = reader_above(writer, peer);

	*ret = (struct stdio_ends){ .agent = other, .server = writer };
	if (other)
		return;
	*ret = (struct stdio_ends){ .agent = writer, .server = stdio_ends_reader(writer, peer) };
	if (ret->server)
		return;
	other = reader_elsewhere(writer, peer);
	if (other && !asks)
		*ret = (struct stdio_ends){ .agent = other, .server = writer };
	else
		ret->server = other;
}

/* SPDX-License-Identifier: MIT */
#include "proxy/owner.h"

#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/list.h"

#define RECENT 16

/* ---- which socket ---- */

static void set_end(const struct sockaddr *a, __be16 *port, __be32 *addr)
{
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)a;

		*port = in->sin_port;
		memcpy(addr, &in->sin_addr, sizeof(in->sin_addr));
	} else {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)a;

		*port = in->sin6_port;
		memcpy(addr, &in->sin6_addr, sizeof(in->sin6_addr));
	}
}

static bool ask_kernel(int fd, const struct sockaddr *theirs, const struct sockaddr *ours,
		       struct inet_diag_msg *ret)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 req;
	} q = { .head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST },
		.req = { .sdiag_family = (__u8)theirs->sa_family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = ~0u,
			 .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } } };
	char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
	ssize_t n;

	set_end(theirs, &q.req.id.idiag_sport, q.req.id.idiag_src);
	set_end(ours, &q.req.id.idiag_dport, q.req.id.idiag_dst);
	if (send(fd, &q, sizeof(q), 0) != sizeof(q))
		return false;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*ret)) || h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	memcpy(ret, NLMSG_DATA(h), sizeof(*ret));
	return true;
}

/* ---- whose ---- */

static bool holds(pid_t pid, const char *socket)
{
	char dir[32], text[64];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	d = opendir(dir);
	while (d && !found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, text, sizeof(text) - 1);

		text[n > 0 ? n : 0] = '\0';
		found = strcmp(text, socket) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static pid_t recent[RECENT];
static size_t next_recent;

static pid_t holder_of(const char *socket)
{
	pid_t *all = NULL, found = 0;
	size_t n;

	for (size_t i = 0; i < RECENT; i++)
		if (recent[i] && holds(recent[i], socket))
			return recent[i];
	n = proc_list(&all);
	/* The newest first: who connects has often begun just now. */
	while (n-- && !found)
		if (holds(all[n], socket))
			found = all[n];
	free(all);
	if (found)
		recent[next_recent++ % RECENT] = found;
	return found;
}

struct owner owner_of(const struct sockaddr *theirs, const struct sockaddr *ours)
{
	struct owner ret = { .uid = (uid_t)-1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct inet_diag_msg m;
	char socket[64];

	if (fd >= 0 && ask_kernel(fd, theirs, ours, &m) && m.idiag_inode) {
		ret.uid = m.idiag_uid;
		snprintf(socket, sizeof(socket), "socket:[%u]", m.idiag_inode);
		ret.pid = holder_of(socket);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

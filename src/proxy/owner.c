/* SPDX-License-Identifier: MIT */
#include "proxy/owner.h"

#include <arpa/inet.h>
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

#include "base/xalloc.h"
#include "capture/process.h"
#include "proc/identity.h"
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

/* Who owned the latest connections, and where the last of them was among its descriptors: the next
 * is often beside it. */
struct recent {
	pid_t pid; /* 0: none */
	int fd;
};

static struct recent recents[RECENT];
static size_t next_recent;

#define NEAR 8

static bool is_socket(int dir, int fd, const char *socket)
{
	char name[16], text[64];
	ssize_t n;

	snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(dir, name, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return strcmp(text, socket) == 0;
}

/* Its number, -1: it is not there. The kernel lists them in rising order; one that has just been
 * opened is at the end more often than not. */
static int find_in(DIR *d, const char *socket)
{
	int *fds = NULL, found = -1;
	size_t n = 0;
	struct dirent *e;

	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			fds = xgrow(fds, n, sizeof(*fds));
			fds[n++] = (int)strtol(e->d_name, NULL, 10);
		}
	while (n-- && found < 0)
		if (is_socket(dirfd(d), fds[n], socket))
			found = fds[n];
	free(fds);
	return found;
}

/* near: where to look first; -1: nowhere. */
static int holds(pid_t pid, const char *socket, int near)
{
	char path[32];
	int found = -1;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (!d)
		return -1;
	for (int i = near < NEAR ? 0 : near - NEAR; near >= 0 && found < 0 && i < near + NEAR; i++)
		if (is_socket(dirfd(d), i, socket))
			found = i;
	if (found < 0)
		found = find_in(d, socket);
	closedir(d);
	return found;
}

static pid_t holder_among_recent(const char *socket)
{
	for (size_t i = 0; i < RECENT; i++) {
		struct recent *r = &recents[(next_recent + RECENT - 1 - i) % RECENT];
		int fd = r->pid ? holds(r->pid, socket, r->fd) : -1;

		if (fd >= 0) {
			r->fd = fd;
			return r->pid;
		}
	}
	return 0;
}

/* The newest first: who connects has often begun just now. */
static pid_t holder_among(const pid_t *all, size_t n, uid_t uid, bool of_user, const char *socket)
{
	while (n--) {
		int fd = (proc_uid(all[n]) == uid) == of_user ? holds(all[n], socket, -1) : -1;

		if (fd >= 0) {
			recents[next_recent++ % RECENT] = (struct recent){ all[n], fd };
			return all[n];
		}
	}
	return 0;
}

/* A socket's user is nearly always its process' one; not so after setuid(2), or where the socket
 * was handed over. */
static pid_t holder_of(const char *socket, uid_t uid)
{
	pid_t *all = NULL, found = holder_among_recent(socket);
	size_t n;

	if (found)
		return found;
	n = proc_list(&all);
	found = holder_among(all, n, uid, true, socket);
	if (!found)
		found = holder_among(all, n, uid, false, socket);
	free(all);
	return found;
}

static void find(const struct sockaddr *theirs, const struct sockaddr *ours, struct owner *ret)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct inet_diag_msg m;
	char socket[64];

	if (fd >= 0 && ask_kernel(fd, theirs, ours, &m) && m.idiag_inode) {
		ret->uid = m.idiag_uid;
		snprintf(socket, sizeof(socket), "socket:[%u]", m.idiag_inode);
		ret->pid = holder_of(socket, ret->uid);
	}
	if (fd >= 0)
		close(fd);
}

/* ---- what is known of it ---- */

static char *address_of(const struct sockaddr *a)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, text, sizeof(text));
	else if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, text,
			  sizeof(text));
	return xstrdup(text);
}

void owner_find(const struct sockaddr *theirs, const struct sockaddr *ours, pid_t known,
		struct owner *ret)
{
	struct proc_text text = { 0 };

	*ret = (struct owner){ .pid = known, .uid = known ? proc_uid(known) : (uid_t)-1 };
	buf_init(&ret->process, IDENTITY_MAX);
	if (!known)
		find(theirs, ours, ret);
	ret->name = ret->pid ? identity_name(ret->pid) : NULL;
	ret->name = ret->name ? ret->name : address_of(theirs);
	if (ret->pid && identity_read(ret->pid, ret->uid, ret->name, NULL, &ret->process))
		return;
	text.name = span_str(ret->name);
	buf_reset(&ret->process);
	proc_encode(&text, &ret->process);
}

void owner_done(struct owner *o)
{
	free(o->name);
	buf_done(&o->process);
	o->name = NULL;
}

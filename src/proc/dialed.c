/* SPDX-License-Identifier: MIT */
#include "proc/dialed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

/* The kernel's answers are at most so long; there is one after the other. */
#define ANSWER_MAX (32u << 10)

struct dump {
	const struct port_range *ports;
	size_t nports;
	bool udp;
	struct dialed *items;
	size_t count;
};

static bool is_chosen(const struct dump *d, unsigned port)
{
	for (size_t i = 0; i < d->nports; i++)
		if (port >= d->ports[i].low && port <= d->ports[i].high)
			return true;
	return false;
}

static int ask(int fd, uint8_t family, bool udp)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 req;
	} q = { .head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.req = { .sdiag_family = family,
			 .sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
			 .idiag_states = 1u << TCP_ESTABLISHED | 1u << TCP_SYN_SENT |
					 1u << TCP_CLOSE_WAIT } };

	return send(fd, &q, sizeof(q), 0) == sizeof(q) ? 0 : -errno;
}

static void add(struct dump *d, const struct inet_diag_msg *m)
{
	bool v6 = m->idiag_family == AF_INET6;
	unsigned port = ntohs(m->id.idiag_dport);
	char text[INET6_ADDRSTRLEN] = "?";
	struct dialed *one;

	if (!m->idiag_inode || !is_chosen(d, port))
		return;
	inet_ntop(v6 ? AF_INET6 : AF_INET, m->id.idiag_dst, text, sizeof(text));
	d->items = xgrow(d->items, d->count, sizeof(*d->items));
	one = &d->items[d->count++];
	*one = (struct dialed){ .ino = m->idiag_inode, .udp = d->udp, .port = port };
	snprintf(one->peer, sizeof(one->peer), v6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* 1: that was all; 0: more follows; or -errno. */
static int read_answer(struct dump *d, const struct nlmsghdr *h, size_t len)
{
	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return h->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr))
				       ? -EPROTO
				       : ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			add(d, NLMSG_DATA(h));
	}
	return 0;
}

static int dump(int fd, struct dump *d, uint8_t family)
{
	char *answer = xmalloc(ANSWER_MAX);
	int state = ask(fd, family, d->udp);

	while (state == 0) {
		ssize_t n = recv(fd, answer, ANSWER_MAX, 0);

		if (n > 0)
			state = read_answer(d, (const struct nlmsghdr *)answer, (size_t)n);
		else if (n == 0 || errno != EINTR)
			state = n == 0 ? -EPROTO : -errno;
	}
	free(answer);
	return state < 0 ? state : 0;
}

int dialed_list(const struct port_range *ports, size_t nports, struct dialed **ret, size_t *ret_n)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct dump d = { .ports = ports, .nports = nports };
	int err = fd < 0 ? -errno : 0;

	for (size_t i = 0; !err && i < 4; i++) {
		d.udp = i >= 2;
		err = dump(fd, &d, families[i % 2]);
		if (d.udp && err == -ENOENT) /* the kernel has no udp_diag */
			err = 0;
	}
	if (fd >= 0)
		close(fd);
	*ret = d.items;
	*ret_n = d.count;
	return err;
}

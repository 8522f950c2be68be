/* SPDX-License-Identifier: MIT */
/* Sockets of our own, to ports of loopback that the kernel chose. */
#include "proc/dialed.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define MANY 300 /* more than one answer of the kernel holds */

struct pair {
	int listener, client;
	unsigned port;
};

static struct sockaddr_storage loopback(int family, unsigned port, socklen_t *len)
{
	struct sockaddr_storage a = { .ss_family = (sa_family_t)family };

	*len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (family == AF_INET) {
		((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		((struct sockaddr_in *)&a)->sin_port = htons((uint16_t)port);
	} else {
		((struct sockaddr_in6 *)&a)->sin6_addr = in6addr_loopback;
		((struct sockaddr_in6 *)&a)->sin6_port = htons((uint16_t)port);
	}
	return a;
}

static int dial(int family, int type, unsigned port)
{
	socklen_t len;
	struct sockaddr_storage a = loopback(family, port, &len);
	int fd = socket(family, type, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&a, len) == 0 ? fd : -1;
}

static bool open_pair(int family, int type, struct pair *ret)
{
	socklen_t len;
	struct sockaddr_storage a = loopback(family, 0, &len);

	ret->listener = socket(family, type, 0);
	if (ret->listener < 0 || bind(ret->listener, (struct sockaddr *)&a, len) != 0 ||
	    (type == SOCK_STREAM && listen(ret->listener, MANY) != 0) ||
	    getsockname(ret->listener, (struct sockaddr *)&a, &len) != 0)
		return false;
	ret->port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port
					    : ((struct sockaddr_in6 *)&a)->sin6_port);
	ret->client = dial(family, type, ret->port);
	return ret->client >= 0;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void test_one(const char *what, int family, int type)
{
	struct dialed *all = NULL;
	struct port_range port, other = { 1, 1 };
	struct pair p;
	size_t n = 0;
	char peer[64];

	if (!open_pair(family, type, &p)) {
		ok(true, "%s # SKIP there is none here", what);
		return;
	}
	port = (struct port_range){ p.port, p.port };
	snprintf(peer, sizeof(peer), family == AF_INET ? "127.0.0.1:%u" : "[::1]:%u", p.port);
	is_int(dialed_list(&port, 1, &all, &n), 0, "%s: the kernel answers", what);
	is_int(n, 1, "%s: the end that connected, alone", what);
	ok(n == 1 && all->ino == inode_of(p.client) && all->udp == (type == SOCK_DGRAM) &&
		   all->port == p.port && strcmp(all->peer, peer) == 0,
	   "%s: which socket, and to where", what);
	free(all);
	dialed_list(&other, 1, &all, &n);
	is_int(n, 0, "%s: not of another port", what);
	free(all);
	close(p.client);
	close(p.listener);
}

static void test_many(void)
{
	struct port_range port;
	struct dialed *all = NULL;
	int fds[MANY];
	struct pair p;
	size_t n = 0;

	ok(open_pair(AF_INET, SOCK_STREAM, &p), "a listener");
	port = (struct port_range){ p.port, p.port };
	for (size_t i = 0; i < MANY; i++)
		fds[i] = dial(AF_INET, SOCK_STREAM, p.port);
	is_int(dialed_list(&port, 1, &all, &n), 0, "many: the kernel answers");
	is_int(n, MANY + 1, "many: all");
	free(all);
	for (size_t i = 0; i < MANY; i++)
		close(fds[i]);
	close(p.client);
	close(p.listener);
}

int main(void)
{
	test_one("TCP", AF_INET, SOCK_STREAM);
	test_one("TCP, IPv6", AF_INET6, SOCK_STREAM);
	test_one("UDP", AF_INET, SOCK_DGRAM);
	test_one("UDP, IPv6", AF_INET6, SOCK_DGRAM);
	test_many();
	return tap_done();
}

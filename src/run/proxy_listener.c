/* SPDX-License-Identifier: MIT */
#include "run/proxy_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

#define STANDARD_PORT	 8080
#define STANDARD_ADDRESS "127.0.0.1"
#define PORT_TRIES	 16

static bool make_address(const char *text, unsigned port, struct sockaddr_storage *ret,
			 socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	*len = sizeof(*v6);
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

static unsigned port_of(const struct sockaddr_storage *a)
{
	return ntohs(a->ss_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port
					     : ((const struct sockaddr_in6 *)a)->sin6_port);
}

/* A socket that listens, and in *ret_port where; or -errno. */
static int open_listener(const struct sockaddr_storage *at, socklen_t len, unsigned *ret_port)
{
	struct sockaddr_storage a = *at;
	int one = 1, err, fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_port = port_of(&a);
	return fd;
}

static int listen_at(struct proxy_listener *l, const struct options *o, struct error *reterr)
{
	unsigned port = o->port || o->command || o->transparent ? o->port : STANDARD_PORT;
	struct sockaddr_storage a;
	socklen_t len;

	l->address = xstrdup(o->listen ? o->listen : STANDARD_ADDRESS);
	if (!make_address(l->address, port, &a, &len))
		return error_set(reterr, -EINVAL, "--listen %.80s: expected an address, e.g. %s",
				 l->address, STANDARD_ADDRESS);
	l->fd = open_listener(&a, len, &l->port);
	if (l->fd < 0)
		return error_set(reterr, l->fd, "cannot listen at %.80s port %u: %s%s", l->address,
				 port, strerror(-l->fd),
				 l->fd == -EADDRINUSE ? "; another one: --port PORT" : "");
	return 0;
}

/* Connections by IPv6 are led to the same port of ::1. Where there is no such address there are no
 * such connections. */
static int listen_at_both(struct proxy_listener *l, const struct options *o, struct error *reterr)
{
	struct sockaddr_storage a;
	socklen_t len;

	for (unsigned i = 0; i < PORT_TRIES; i++) {
		int err = listen_at(l, o, reterr);

		if (err)
			return err;
		make_address("::1", l->port, &a, &len);
		l->fd6 = open_listener(&a, len, &l->port);
		l->has_v6 = l->fd6 >= 0;
		if (l->fd6 != -EADDRINUSE)
			return 0;
		proxy_listener_done(l);
	}
	return error_set(reterr, -EADDRINUSE, "cannot listen at 127.0.0.1 and ::1: %s",
			 strerror(EADDRINUSE));
}

int proxy_listener_open(struct proxy_listener *l, const struct options *o, struct error *reterr)
{
	return o->transparent ? listen_at_both(l, o, reterr) : listen_at(l, o, reterr);
}

void proxy_listener_close(struct proxy_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->fd6 >= 0)
		close(l->fd6);
	l->fd = l->fd6 = -1;
}

void proxy_listener_done(struct proxy_listener *l)
{
	proxy_listener_close(l);
	free(l->address);
	l->address = NULL;
}

char *proxy_listener_url(const struct proxy_listener *l)
{
	return xasprintf(strchr(l->address, ':') ? "http://[%s]:%u" : "http://%s:%u", l->address,
			 l->port);
}

bool proxy_listener_is_local(const struct proxy_listener *l)
{
	return strncmp(l->address, "127.", 4) == 0 || strcmp(l->address, "::1") == 0;
}

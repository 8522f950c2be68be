/* SPDX-License-Identifier: MIT */
#include "sink/http_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

#define BACKLOG 128

struct place {
	char address[64], port[8];
};

/* "127.0.0.1:7556", "[::1]:7556", "::1", ":7556", "7556". */
static bool place_read(const struct http_port *p, const char *where, struct place *ret)
{
	const char *text = where ? where : "", *colon = strrchr(text, ':');
	size_t len = strlen(text);
	bool bracket = *text == '[';

	*ret = (struct place){ "127.0.0.1" };
	snprintf(ret->port, sizeof(ret->port), "%s", p->port);
	if (!len)
		return true;
	if (strspn(text, "0123456789") == len)
		return (size_t)snprintf(ret->port, sizeof(ret->port), "%s", text) <
		       sizeof(ret->port);
	if (bracket ? colon && colon[-1] == ']' : colon && strchr(text, ':') == colon) {
		if ((size_t)snprintf(ret->port, sizeof(ret->port), "%s", colon + 1) >=
		    sizeof(ret->port))
			return false;
		len = (size_t)(colon - text);
	}
	if (bracket) {
		if (len < 2 || text[len - 1] != ']')
			return false;
		text++;
		len -= 2;
	}
	if (len >= sizeof(ret->address))
		return false;
	if (len)
		snprintf(ret->address, sizeof(ret->address), "%.*s", (int)len, text);
	return true;
}

static int find_address(const struct http_port *p, const char *where, struct addrinfo **ret,
			struct error *reterr)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	struct place at;

	if (place_read(p, where, &at) && strtoul(at.port, NULL, 10) <= UINT16_MAX &&
	    getaddrinfo(at.address, at.port, &hints, ret) == 0)
		return 0;
	return error_set(reterr, -EINVAL,
			 "%s%.100s: expected an address and a port, such as 127.0.0.1:%s or "
			 "[::1]:%s",
			 p->what, where, p->port, p->port);
}

static int listen_at(const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	one = -errno;
	close(fd);
	return one;
}

unsigned http_port_given(const char *where)
{
	const struct http_port none = { "", "0", "" };
	struct place at;

	return place_read(&none, where, &at) ? (unsigned)strtoul(at.port, NULL, 10) : 0;
}

static void set_port(struct addrinfo *a, unsigned port)
{
	if (a->ai_family == AF_INET6)
		((struct sockaddr_in6 *)a->ai_addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)a->ai_addr)->sin_port = htons((uint16_t)port);
}

int http_port_listen(const struct http_port *p, const char *where, struct error *reterr)
{
	unsigned first = (unsigned)strtoul(p->port, NULL, 10);
	struct addrinfo *a;
	int fd, err = find_address(p, where, &a, reterr);

	if (err)
		return err;
	fd = listen_at(a);
	for (unsigned i = 1; fd == -EADDRINUSE && i <= p->next && !http_port_given(where); i++) {
		set_port(a, first + i);
		fd = listen_at(a);
	}
	freeaddrinfo(a);
	if (fd >= 0)
		return fd;
	return error_set(reterr, fd, "%s%.100s: %s%s%s%s", p->what, where ? where : p->port,
			 strerror(-fd), fd == -EADDRINUSE ? "; " : "",
			 fd == -EADDRINUSE ? p->another : "",
			 fd == -EADDRINUSE ? " takes another" : "");
}

char *http_port_place(const char *address, unsigned port)
{
	const char *host = address ? address : "127.0.0.1";
	bool bare = strchr(host, ':') && *host != '[';
	AUTO_FREE char *number = port ? xasprintf(":%u", port) : NULL;

	return xasprintf("%s%s%s%s", bare ? "[" : "", host, bare ? "]" : "", number ? number : "");
}

bool http_port_is_own(const char *where)
{
	return !*where || *where == ':' || strspn(where, "0123456789") == strlen(where) ||
	       strncmp(where, "127.", 4) == 0 || strncmp(where, "[::1]", 5) == 0 ||
	       strcmp(where, "::1") == 0;
}

void http_port_url(int fd, const char *path, char *ret, unsigned size)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[64] = "?", port[8] = "?";

	if (getsockname(fd, (struct sockaddr *)&a, &len) == 0)
		getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(ret, size, strchr(host, ':') ? "http://[%s]:%s%s" : "http://%s:%s%s", host, port,
		 path);
}

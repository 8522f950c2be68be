/* SPDX-License-Identifier: MIT */
#include "run/service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

static void tell(const struct service *s, const char *words)
{
	if (s->fd >= 0 && send(s->fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("service", "the service manager does not listen");
}

/* "/path", or "@name" of an abstract socket. */
static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path) || (*path != '/' && *path != '@'))
		return -1;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static uint64_t watchdog_ns(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");

	if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * 1000;
}

void service_open(struct service *s)
{
	*s = (struct service){ .fd = connect_to(getenv("NOTIFY_SOCKET")),
			       .every_ns = watchdog_ns() / 2 };
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void service_close(struct service *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void service_ready(struct service *s)
{
	tell(s, "READY=1");
}

void service_stopping(struct service *s)
{
	tell(s, "STOPPING=1");
}

void service_tick(struct service *s, uint64_t now_ns)
{
	if (!s->every_ns || now_ns - s->told_ns < s->every_ns)
		return;
	s->told_ns = now_ns;
	tell(s, "WATCHDOG=1");
}

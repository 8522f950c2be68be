/* SPDX-License-Identifier: MIT */
/* What a service manager hears, over a socket with a name and over an abstract one. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "run/service.h"
#include "tests/unit/tap.h"

#define SECOND 1000000000ull

/* A manager's socket; `name` begins with "@" where it is abstract. */
static int listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, len);
	if (*name == '@')
		at.sun_path[0] = '\0';
	ok(bind(fd, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0,
	   "a manager listens at %s", name);
	return fd;
}

static void hears(int fd, const char *want, const char *what)
{
	char text[100];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	is_str(text, want, "%s", what);
}

static void test_socket(const char *name)
{
	int manager = listen_at(name);
	struct service s;

	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "10000000", 1);
	unsetenv("WATCHDOG_PID");
	service_open(&s);
	ok(!getenv("NOTIFY_SOCKET") && !getenv("WATCHDOG_USEC"), "what it starts is no service");
	hears(manager, "", "nothing yet");
	service_ready(&s);
	hears(manager, "READY=1", "it is ready");
	service_tick(&s, 100 * SECOND);
	hears(manager, "WATCHDOG=1", "it is at work");
	service_tick(&s, 104 * SECOND);
	hears(manager, "", "which is not said all the time");
	service_tick(&s, 105 * SECOND);
	hears(manager, "WATCHDOG=1", "but twice in the time that the manager waits");
	service_stopping(&s);
	hears(manager, "STOPPING=1", "it ends");
	close(manager);
	service_ready(&s);
	service_close(&s);
	service_ready(&s);
	ok(true, "a manager that has gone is no harm");
}

static void test_none(const char *name)
{
	struct service s;

	if (name)
		setenv("NOTIFY_SOCKET", name, 1);
	service_open(&s);
	ok(s.fd < 0, "no socket: %s", name ? name : "(none)");
	service_ready(&s);
	service_tick(&s, SECOND);
	service_stopping(&s);
	service_close(&s);
}

static void test_other_process(void)
{
	struct service s;

	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	service_open(&s);
	ok(s.every_ns == 0, "a watchdog of another process");
	service_close(&s);
}

int main(void)
{
	AUTO_FREE char *folder = xstrdup("/tmp/llm-spy-service-XXXXXX");
	AUTO_FREE char *path = NULL, *abstract = xasprintf("@llm-spy-test-%d", (int)getpid());
	char longest[200];

	ok(mkdtemp(folder) != NULL, "a folder");
	path = xasprintf("%s/notify", folder);
	test_socket(path);
	test_socket(abstract);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	test_none(NULL);
	test_none("");
	test_none("relative");
	test_none("/does/not/exist");
	test_none(longest);
	test_other_process();
	unlink(path);
	rmdir(folder);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
#include "source/piped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "source/replay.h"

#define PIECE (64u << 10)
/* So long its end is waited for while nothing comes. */
#define LAST_MS 2000

struct piped {
	struct source source; /* first */
	struct replay replay;
	int fd;
	chunk_fn fn;
	void *arg;
};

static size_t piped_pollfds(const struct source *s, struct pollfd *fds, size_t max)
{
	if (max)
		fds[0] = (struct pollfd){ .fd = ((const struct piped *)s)->fd, .events = POLLIN };
	return 1;
}

static int piped_service(struct source *s, size_t budget)
{
	struct piped *p = (struct piped *)s;
	struct error unused;
	uint8_t piece[PIECE];
	int err = 0;

	for (size_t done = 0; !err && done < budget;) {
		ssize_t n = read(p->fd, piece, sizeof(piece));

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (n == 0)
			return 1;
		done += (size_t)n;
		err = replay_feed(&p->replay, span_of(piece, (size_t)n), p->fn, p->arg, &unused);
	}
	return err;
}

static int piped_finish(struct source *s)
{
	struct piped *p = (struct piped *)s;
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };
	int err = 0;

	shutdown(p->fd, SHUT_WR);
	while (!err && poll(&fd, 1, LAST_MS) > 0)
		err = piped_service(s, SIZE_MAX);
	return err > 0 ? 0 : err;
}

static uint64_t piped_count(const struct source *s)
{
	return ((const struct piped *)s)->replay.count;
}

static const struct source_ops piped_ops = {
	.name = "piped",
	.pollfds = piped_pollfds,
	.service = piped_service,
	.finish = piped_finish,
	.count = piped_count,
};

struct piped *piped_open(int fd, chunk_fn fn, void *arg)
{
	struct piped *p = xcalloc(1, sizeof(*p));

	*p = (struct piped){ .source = { &piped_ops }, .fd = fd, .fn = fn, .arg = arg };
	fcntl(fd, F_SETFL, O_NONBLOCK);
	replay_init(&p->replay);
	return p;
}

void piped_free(struct piped *p)
{
	if (!p)
		return;
	replay_done(&p->replay);
	close(p->fd);
	free(p);
}

struct source *piped_source(struct piped *p)
{
	return &p->source;
}

bool piped_begins(struct piped *p)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };
	uint8_t byte;

	while (poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
	return recv(p->fd, &byte, 1, MSG_PEEK) == 1;
}

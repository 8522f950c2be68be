/* SPDX-License-Identifier: MIT */
#include "discover/coverage.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "proc/identity.h"
#include "proc/maps.h"

struct looking {
	struct scan_cache *files;
	struct coverage *ret;
};

const char *coverage_status_name(enum coverage_status s)
{
	static const char *const names[] = { "-", "hookable", "partly", "blind?", "blind" };

	return names[s];
}

enum coverage_status coverage_status_of(const char *name)
{
	for (enum coverage_status s = COVERAGE_SEEN; s <= COVERAGE_BLIND; s++)
		if (strcmp(coverage_status_name(s), name) == 0)
			return s;
	return COVERAGE_NONE;
}

static void add_part(struct coverage *c, const struct plan_entry *p, const char *file)
{
	struct coverage_tls *t;

	if (p->watch)
		return;
	if (p->problem) {
		if (!c->reason) {
			c->reason =
				xasprintf("%s in %s was %s", p->implementation, file, p->problem);
			c->brief = xstrdup(p->implementation);
		}
		return;
	}
	c->tls = xgrow(c->tls, c->ntls, sizeof(*c->tls));
	t = &c->tls[c->ntls++];
	*t = (struct coverage_tls){ .implementation = xstrdup(p->implementation),
				    .method = xstrdup(p->method),
				    .file = xstrdup(file) };
}

/* What is no file holds no TLS, and what is gone is mapped no more. */
static bool is_failure(int err)
{
	return err && err != -EINVAL && err != -ENOENT && err != -ESRCH;
}

static void on_file(void *arg, const char *path, const char *name)
{
	struct looking *l = arg;
	const struct catalog_entry *e;
	int fd, err = scan_cache_scan(l->files, path, &e, &fd);

	l->ret->java |= strcmp(path_name(name), "libjvm.so") == 0;
	if (!l->ret->unread && is_failure(err))
		l->ret->unread = err == -EIO
					 ? xasprintf("scanning %s for TLS failed", name)
					 : xasprintf("cannot open %s: %s", name, strerror(-err));
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; !err && i < e->plan.nparts; i++)
		add_part(l->ret, &e->plan.parts[i], name);
}

static bool is_32_bit(pid_t pid)
{
	char path[64], head[EI_CLASS + 1] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	n = read(fd, head, sizeof(head));
	close(fd);
	return n == sizeof(head) && memcmp(head, ELFMAG, SELFMAG) == 0 &&
	       head[EI_CLASS] == ELFCLASS32;
}

static void say(struct coverage *c, enum coverage_status status, const char *brief,
		const char *reason, const char *remedy)
{
	c->status = status;
	c->remedy = remedy;
	if (c->reason)
		return;
	c->reason = xstrdup(reason);
	c->brief = xstrdup(brief);
}

static void say_quic(struct coverage *c)
{
	/* What is in its files says nothing of QUIC. */
	free(c->reason);
	c->reason = NULL;
	free(c->brief);
	c->brief = NULL;
	say(c, c->ntls ? COVERAGE_PARTLY : COVERAGE_MAYBE, "QUIC",
	    "it has UDP connections to port 443, probably for HTTP/3 (QUIC), which llm-spy cannot "
	    "capture",
	    "disable HTTP/3 in it (Chromium and derivatives: --disable-quic or the policy "
	    "QuicAllowed; Firefox: network.http.http3.enable)");
}

static const char remedy_unread[] = "if root can open the file, report a bug and attach the file";

/* What is known to be unseen comes first; then what a connection without known TLS may be. */
static void judge(struct coverage *c)
{
	if (c->udp && (c->ntls || (!c->reason && !c->java)))
		say_quic(c);
	else if (c->ntls && c->reason)
		say(c, COVERAGE_PARTLY, "", "", "rebuild the program with a newer toolchain");
	else if (c->ntls && c->unread)
		say(c, COVERAGE_PARTLY, "unreadable", c->unread, remedy_unread);
	else if (c->ntls)
		c->status = COVERAGE_SEEN;
	else if (c->reason)
		say(c, COVERAGE_BLIND, "", "", "rebuild the program with a newer toolchain");
	else if (c->java)
		say(c, COVERAGE_BLIND, "Java TLS",
		    "Java implements TLS in bytecode, so there is no function to hook",
		    "let it reach the model through a proxy on this host that uses OpenSSL");
	else if (!c->conns)
		c->status = COVERAGE_NONE;
	else if (is_32_bit(c->pid))
		say(c, COVERAGE_MAYBE, "32-bit",
		    "it is a 32-bit program, which llm-spy cannot hook", "use the 64-bit version");
	else if (c->unread)
		say(c, COVERAGE_MAYBE, "unreadable", c->unread, remedy_unread);
	else
		say(c, COVERAGE_MAYBE, "unknown TLS",
		    "it has connections to port 443 but no TLS implementation that llm-spy knows",
		    "if it talks to a model, report the program as a bug; until then, let it use a "
		    "proxy on this host that uses OpenSSL");
}

int coverage_of(struct scan_cache *f, const struct sockets *c, pid_t pid, struct coverage *ret)
{
	const struct sockets_row *row = sockets_of(c, pid);
	struct looking l = { .files = f, .ret = ret };
	int err;

	*ret = (struct coverage){ .pid = pid };
	if (row) {
		ret->conns = row->count;
		ret->udp = row->udp;
		memcpy(ret->peer, row->peer, sizeof(ret->peer));
	}
	err = maps_each(pid, on_file, &l);
	if (err)
		return err;
	ret->program = identity_name(pid);
	judge(ret);
	if (ret->status == COVERAGE_SEEN || ret->status == COVERAGE_NONE) {
		free(ret->reason);
		free(ret->brief);
		ret->reason = ret->brief = NULL;
	}
	return 0;
}

void coverage_done(struct coverage *c)
{
	for (size_t i = 0; i < c->ntls; i++) {
		free(c->tls[i].implementation);
		free(c->tls[i].method);
		free(c->tls[i].file);
	}
	free(c->tls);
	free(c->program);
	free(c->reason);
	free(c->brief);
	free(c->unread);
	*c = (struct coverage){ 0 };
}

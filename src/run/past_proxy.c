/* SPDX-License-Identifier: MIT */
#include "run/past_proxy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proc/dialed.h"
#include "proc/fds.h"
#include "proc/identity.h"

#define INTERVAL_NS 200000000
#define PROCESSES   4096
#define HTTPS_PORT  443

struct past_proxy_socket {
	struct dialed dialed;
	bool judged;
};

static const char tcp_reason[] = "it went past the proxy, by TCP";
static const char tcp_remedy[] =
	"let it use HTTPS_PROXY (Node.js does from 22.21 on), or run sudo llm-spy -- COMMAND, "
	"without a proxy, or sudo llm-spy --proxy=transparent -- COMMAND, which leads it here";
static const char udp_reason[] = "it went past the proxy, by QUIC (HTTP/3)";
static const char udp_remedy[] =
	"disable HTTP/3 in it (Chromium and derivatives: --disable-quic; Firefox: "
	"network.http.http3.enable)";

static bool is_noted(const struct unseen *u, const char *name, const char *reason)
{
	for (size_t i = 0; i < u->count; i++)
		if (strcmp(u->items[i].name, name) == 0 && strcmp(u->items[i].reason, reason) == 0)
			return true;
	return false;
}

static void note(struct past_proxy *p, pid_t pid, const struct dialed *d)
{
	const char *reason = d->udp ? udp_reason : tcp_reason;
	const char *remedy = d->udp ? udp_remedy : tcp_remedy;
	AUTO_FREE char *name = identity_name(pid);

	if (!is_noted(&p->unseen, name, reason))
		log_say("%s (%d): %s to %s: what it says there is not seen; %s", name, (int)pid,
			reason, d->peer, remedy);
	unseen_add(&p->unseen, pid, name, reason, remedy);
}

/* The command's, or of what it left behind: nobody else descends from us. */
static void judge(struct past_proxy *p, const struct dialed *d, const pid_t *pids, size_t npids)
{
	const struct fd_file file = { .ino = d->ino, .is_socket = true };

	for (size_t i = 0; i < npids; i++)
		if (fds_can_read(pids[i], &file)) {
			note(p, pids[i], d);
			return;
		}
}

static struct past_proxy_socket *find(const struct past_proxy *p, uint64_t ino)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->sockets[i].dialed.ino == ino)
			return &p->sockets[i];
	return NULL;
}

/* getaddrinfo(3) connects UDP sockets for a moment to find the source address: who is there at two
 * looks means it. */
static bool is_due(const struct past_proxy *p, struct past_proxy_socket *s)
{
	const struct past_proxy_socket *before = find(p, s->dialed.ino);
	bool due = !before || !before->judged;

	s->judged = (before && before->judged) || !s->dialed.udp || before;
	return due && s->judged && s->dialed.port != p->port;
}

static void look(struct past_proxy *p, const struct dialed *found, size_t n)
{
	struct past_proxy_socket *now = n ? xcalloc(n, sizeof(*now)) : NULL;
	pid_t *pids = NULL;
	size_t npids = 0;

	for (size_t i = 0; i < n; i++) {
		now[i].dialed = found[i];
		if (!is_due(p, &now[i]))
			continue;
		if (!pids) {
			pids = xmalloc(PROCESSES * sizeof(*pids));
			npids = proc_descendants(getpid(), pids, PROCESSES);
		}
		judge(p, &now[i].dialed, pids, npids);
	}
	free(pids);
	free(p->sockets);
	p->sockets = now;
	p->count = n;
}

void past_proxy_tick(struct past_proxy *p, uint64_t now_ns)
{
	static const struct port_range https = { HTTPS_PORT, HTTPS_PORT };
	const struct options *o = p->o;
	struct dialed *found;
	size_t n;
	int err;

	if (!o->command || p->cannot || now_ns - p->looked_ns < INTERVAL_NS)
		return;
	p->looked_ns = now_ns;
	err = dialed_list(o->nproxy_ports ? o->proxy_ports : &https,
			  o->nproxy_ports ? o->nproxy_ports : 1, &found, &n);
	look(p, found, n);
	free(found);
	if (err) {
		p->cannot = true;
		log_say("programs that go past the proxy are not noticed: %s", strerror(-err));
	}
}

void past_proxy_finish(struct past_proxy *p)
{
	for (size_t i = p->unseen.count; i-- > 0;) {
		pid_t pid = p->unseen.items[i].pid;

		if (pid && kill(pid, 0) != 0 && errno == ESRCH)
			unseen_ended(&p->unseen, pid);
	}
}

void past_proxy_done(struct past_proxy *p)
{
	free(p->sockets);
	unseen_done(&p->unseen);
}

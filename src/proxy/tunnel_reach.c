/* SPDX-License-Identifier: MIT */
/* The way to the server: its name is resolved, its addresses are tried, or another proxy is asked
 * for it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "probe/redirect_code.h"
#include "proxy/tunnel_int.h"

/* A client that waits for an answer to its WebSocket handshake takes a status for the server's last
 * word: it gets a closed connection, after which it tries again. Who was led here gets the same, as
 * it would have without us. */
static void give_up(struct tunnel *t)
{
	if (t->ask.kind == ASK_LED && !t->upstream && !t->by_name) {
		tunnel_find_name(t);
		return;
	}
	if (t->ask.kind == ASK_LED || t->ask.upgrades) {
		tunnel_end(t, true);
		return;
	}
	tunnel_answer(t, ask_refused(t->ask.kind));
	tunnel_end(t, false);
}

/* ---- names ---- */

static void on_addresses(int err, struct evutil_addrinfo *found, void *arg)
{
	struct tunnel *t = arg;

	t->request = NULL;
	if (err == EVUTIL_EAI_CANCEL)
		return;
	t->addresses = t->next = found;
	t->step = STEP_CONNECT;
	tunnel_advance(t);
}

static void resolve(struct tunnel *t, const char *host, unsigned number, int flags)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
					 .ai_socktype = SOCK_STREAM,
					 .ai_flags = flags };
	struct evdns_getaddrinfo_request *request;
	char port[8];

	t->step = STEP_RESOLVE;
	snprintf(port, sizeof(port), "%u", number);
	side_wait(&t->pump.side[CLIENT], false, false);
	request = evdns_getaddrinfo(t->proxy->dns, host, port, &hints, on_addresses, t);
	/* NULL: it was called already, and the tunnel may be gone. */
	if (request)
		t->request = request;
}

void tunnel_reach(struct tunnel *t)
{
	const struct proxy *p = t->proxy;
	bool plain = t->ask.kind == ASK_ABSOLUTE && !p->fixed_tls;

	snprintf(t->name, sizeof(t->name), "%s", t->ask.host);
	t->upstream = upstreams_choose(&p->upstreams, plain, t->ask.host, t->ask.port);
	if (t->upstream)
		resolve(t, t->upstream->host, t->upstream->port, EVUTIL_AI_ADDRCONFIG);
	else
		resolve(t, t->ask.host, t->ask.port, EVUTIL_AI_ADDRCONFIG);
}

void tunnel_reach_by_name(struct tunnel *t)
{
	t->by_name = true;
	if (t->addresses)
		evutil_freeaddrinfo(t->addresses);
	t->addresses = t->next = NULL;
	resolve(t, t->name, t->ask.port, EVUTIL_AI_ADDRCONFIG);
}

void tunnel_reach_original(struct tunnel *t, const struct redirect_slot *slot)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v6 = slot->family == 6 && memcmp(slot->address, mapped, sizeof(mapped)) != 0;
	const uint8_t *address = slot->address + (slot->family == 6 && !v6 ? sizeof(mapped) : 0);

	t->ask.kind = ASK_LED;
	t->ask.port = slot->port;
	inet_ntop(v6 ? AF_INET6 : AF_INET, address, t->ask.host, sizeof(t->ask.host));
	snprintf(t->name, sizeof(t->name), "%s", t->ask.host);
	/* What the environment says was not meant for who connects without a proxy. */
	if (t->proxy->upstreams.chosen)
		tunnel_reach(t);
	else
		resolve(t, t->ask.host, t->ask.port, EVUTIL_AI_NUMERICHOST);
}

/* ---- addresses ---- */

static bool connect_next(struct tunnel *t)
{
	int one = 1;

	for (; t->next; t->next = t->next->ai_next) {
		int fd = socket(t->next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			proxy_say_full(t->proxy);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		if (connect(fd, t->next->ai_addr, t->next->ai_addrlen) == 0 ||
		    errno == EINPROGRESS) {
			t->next = t->next->ai_next;
			side_init(&t->pump.side[SERVER], t->proxy->base, fd, tunnel_on_event, t);
			side_wait(&t->pump.side[SERVER], false, true);
			return true;
		}
		close(fd);
	}
	return false;
}

/* Whether it is our own listener at the other end: so each tunnel would make one more. */
static bool is_ourselves(evutil_socket_t fd)
{
	struct sockaddr_storage a = { 0 }, b = { 0 };
	socklen_t alen = sizeof(a), blen = sizeof(b);

	return getpeername(fd, (struct sockaddr *)&a, &alen) == 0 &&
	       getsockname(LISTEN_FD, (struct sockaddr *)&b, &blen) == 0 && alen == blen &&
	       memcmp(&a, &b, alen) == 0;
}

static void begin_chain(struct tunnel *t);

static void reached(struct tunnel *t)
{
	if (is_ourselves(t->pump.side[SERVER].fd)) {
		log_say("%s: %s port %u is this proxy itself%s", tunnel_program(t), t->ask.host,
			t->ask.port,
			t->upstream ? ": HTTPS_PROXY or the like names it as the one behind it; "
				      "--upstream-proxy none helps"
				    : "");
		give_up(t);
	} else if (t->upstream) {
		begin_chain(t);
	} else {
		tunnel_connected(t);
	}
}

void tunnel_connect(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];
	socklen_t len = sizeof(int);
	int err = 0;

	if (s->fd >= 0 && getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && !err) {
		reached(t);
		return;
	}
	side_done(s, false);
	if (connect_next(t))
		return;
	if (t->upstream)
		log_say("the proxy %s port %u cannot be reached: %s", t->upstream->host,
			t->upstream->port, err ? strerror(err) : "its name is not known");
	give_up(t);
}

/* ---- through another proxy ---- */

static bool send_all(struct tunnel *t, struct buf *out)
{
	bool sent = send(t->pump.side[SERVER].fd, out->ptr, out->len, MSG_NOSIGNAL) ==
		    (ssize_t)out->len;

	buf_reset(out);
	return sent;
}

/* The request goes as it is: with a URL in it there is nothing to wait for. */
static void use_whole_url(struct tunnel *t)
{
	struct buf head;

	buf_init(&head, t->ask.head.len + 2048);
	upstream_head(t->upstream, t->ask.host, t->ask.port, buf_span(&t->ask.head), &head);
	buf_reset(&t->ask.head);
	buf_done(&t->ask.head);
	t->ask.head = head;
	tunnel_connected(t);
}

static void begin_chain(struct tunnel *t)
{
	struct buf out;
	bool sent;

	if (t->ask.kind == ASK_ABSOLUTE && !t->proxy->fixed_tls &&
	    t->upstream->kind == UPSTREAM_HTTP) {
		use_whole_url(t);
		return;
	}
	t->step = STEP_CHAIN;
	t->talk = (struct upstream_talk){ 0 };
	buf_reset(&t->said);
	buf_init(&out, 4096);
	upstream_begin(t->upstream, t->ask.host, t->ask.port, &out);
	sent = send_all(t, &out);
	buf_done(&out);
	if (sent)
		side_wait(&t->pump.side[SERVER], true, false);
	else
		give_up(t);
}

/* What comes behind its answer is the server's. */
static ssize_t read_answer(struct tunnel *t)
{
	evutil_socket_t fd = t->pump.side[SERVER].fd;
	uint8_t piece[4096];
	ssize_t n = recv(fd, piece, sizeof(piece), MSG_PEEK);

	if (n > 0)
		n = recv(fd, piece,
			 upstream_take(t->upstream, &t->talk, buf_span(&t->said),
				       span_of(piece, (size_t)n)),
			 0);
	if (n > 0)
		buf_add(&t->said, span_of(piece, (size_t)n));
	return n;
}

static void refused(struct tunnel *t)
{
	log_say("the proxy %s port %u does not connect to %s port %u: %s %u", t->upstream->host,
		t->upstream->port, t->ask.host, t->ask.port,
		t->upstream->kind == UPSTREAM_SOCKS ? "SOCKS error" : "status", t->talk.status);
	give_up(t);
}

void tunnel_chain(struct tunnel *t)
{
	ssize_t n = read_answer(t);
	bool stands = false;
	struct buf out;
	int used;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	buf_init(&out, 4096);
	used = n <= 0 ? -1
		      : upstream_answer(t->upstream, t->ask.host, t->ask.port, &t->talk,
					buf_span(&t->said), &out, &stands);
	if (used > 0)
		buf_drop(&t->said, (size_t)used);
	if (used >= 0 && out.len && !send_all(t, &out))
		used = -1;
	buf_done(&out);
	if (used < 0)
		refused(t);
	else if (stands)
		tunnel_connected(t);
}

/* SPDX-License-Identifier: MIT */
/* The steps: what the client asks for is read, or where it wanted to connect; the server is
 * reached; the client's first byte tells whether it speaks TLS. If it is to be opened both
 * handshakes follow. Then bytes pass. */
#include "proxy/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "capture/hello.h"
#include "probe/redirect_code.h"
#include "proxy/tunnel_int.h"

/* From the first byte until both handshakes are done. */
#define BEGIN_SECONDS 30
/* For the address that a client was led away from, before others of that name are tried. */
#define ADDRESS_SECONDS 3
/* After one end has stopped sending. */
#define HALF_SECONDS 600

void tunnel_end(struct tunnel *t, bool abort)
{
	teller_end(&t->teller);
	if (t->query)
		finder_drop(t->query);
	if (t->request)
		evdns_getaddrinfo_cancel(t->request);
	if (t->addresses)
		evutil_freeaddrinfo(t->addresses);
	event_free(t->timer);
	pump_done(&t->pump, abort);
	list_remove(&t->in);
	ask_done(&t->ask);
	buf_done(&t->said);
	buf_done(&t->offered);
	session_use_done(&t->session);
	owner_done(&t->owner);
	free(t);
}

void tunnel_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel *t = arg;

	pump_woken(&t->pump, fd);
	tunnel_advance(t);
}

static void set_timer(struct tunnel *t, long seconds)
{
	struct timeval limit = { .tv_sec = seconds };

	event_add(t->timer, &limit);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel *t = arg;

	if (t->ask.kind == ASK_LED && t->step == STEP_CONNECT && !t->by_name && !t->upstream) {
		set_timer(t, BEGIN_SECONDS);
		side_done(&t->pump.side[SERVER], true);
		tunnel_find_name(t);
	} else {
		tunnel_end(t, true);
	}
}

/* ---- what is asked for ---- */

bool tunnel_answer(struct tunnel *t, struct span s)
{
	return !s.len ||
	       send(t->pump.side[CLIENT].fd, s.ptr, s.len, MSG_NOSIGNAL) == (ssize_t)s.len;
}

/* Nothing is read past what the client asks for: the rest is TLS' or the pump's. */
static ssize_t read_asked(struct tunnel *t)
{
	evutil_socket_t fd = t->pump.side[CLIENT].fd;
	uint8_t piece[4096];
	ssize_t n = recv(fd, piece, sizeof(piece), MSG_PEEK);

	if (n > 0) {
		size_t take = ask_take(buf_span(&t->said), span_of(piece, (size_t)n));

		n = recv(fd, piece, take, 0);
	}
	if (n > 0)
		buf_add(&t->said, span_of(piece, (size_t)n));
	return n;
}

static void ask(struct tunnel *t)
{
	ssize_t n = read_asked(t);
	struct span reply;
	int used;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		tunnel_end(t, false);
		return;
	}
	used = ask_read(buf_span(&t->said), t->proxy->fixed_host, t->proxy->fixed_port, &t->ask,
			&reply);
	if (!tunnel_answer(t, reply) || used < 0) {
		tunnel_end(t, false);
		return;
	}
	buf_drop(&t->said, (size_t)used);
	if (t->ask.host[0])
		tunnel_reach(t);
}

/* ---- who the client is ---- */

const char *tunnel_program(const struct tunnel *t)
{
	return t->owner.name ? t->owner.name : "a program";
}

static void on_owner(void *arg, struct owner owner)
{
	struct tunnel *t = arg;

	t->query = NULL;
	t->owner = owner;
	if (!t->waits)
		return;
	t->waits = false;
	tunnel_advance(t);
}

static void find_owner(struct tunnel *t, pid_t known)
{
	t->query = finder_ask(t->proxy->finder, t->pump.side[CLIENT].fd, known, on_owner, t);
}

/* Before anything is told or opened. False: the tunnel goes on when it is known. */
static bool knows_owner(struct tunnel *t)
{
	if (!t->query)
		return true;
	t->waits = true;
	side_wait(&t->pump.side[CLIENT], false, false);
	side_wait(&t->pump.side[SERVER], false, false);
	return false;
}

/* ---- the server ---- */

/* A request of its own, without a tunnel. */
static void pass_request(struct tunnel *t)
{
	if (!knows_owner(t))
		return;
	if (!t->proxy->fixed_tls) {
		tunnel_pump(t, true, true);
	} else if (tunnel_begin_server_tls(t)) {
		t->step = STEP_SERVER_TLS;
	} else {
		tunnel_end(t, true);
		return;
	}
	tunnel_advance(t);
}

static void wait_for_first(struct tunnel *t)
{
	side_wait(&t->pump.side[CLIENT], true, false);
	side_wait(&t->pump.side[SERVER], true, false);
}

void tunnel_connected(struct tunnel *t)
{
	set_timer(t, BEGIN_SECONDS);
	if (t->ask.kind == ASK_ABSOLUTE) {
		t->step = STEP_REQUEST;
		tunnel_advance(t);
		return;
	}
	if (!tunnel_answer(t, ask_granted(t->ask.kind))) {
		tunnel_end(t, true);
		return;
	}
	t->step = STEP_FIRST;
	wait_for_first(t);
}

/* ---- who speaks first, and how ---- */

/* A name that the client asks for in its ClientHello counts as well as what it asked us for: that
 * may be an address. Whatever it says, the server's certificate must be for that name. */
static bool is_opened(struct tunnel *t)
{
	return (proxy_opens(t->proxy, t->ask.host) || proxy_opens(t->proxy, t->name)) &&
	       !pinned_has(&t->proxy->pinned, tunnel_program(t), t->name);
}

#define RECORD_HEAD 5
#define RECORD_MAX  16384

static size_t record_length(const uint8_t *record, size_t len)
{
	size_t body = len < RECORD_HEAD ? 0 : (size_t)record[3] << 8 | record[4];

	return RECORD_HEAD + (body < RECORD_MAX ? body : RECORD_MAX);
}

/* The first record stays where it is, for TLS or for the server. True: it is there as a whole, or
 * will not be. Else nobody is woken before it is. */
static bool peek_name(struct tunnel *t)
{
	uint8_t record[RECORD_HEAD + RECORD_MAX];
	evutil_socket_t fd = t->pump.side[CLIENT].fd;
	ssize_t n = recv(fd, record, sizeof(record), MSG_PEEK);
	size_t len = n > 0 ? (size_t)n : 0, whole = record_length(record, len);
	int least = len < whole && len > t->peeked ? (int)whole : 1;
	char name[HELLO_NAME];

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least));
	t->peeked = len;
	if (least > 1)
		return false;
	if (hello_server_name(span_of(record, len), name))
		snprintf(t->name, sizeof(t->name), "%s", name);
	return true;
}

static void begin_hello(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];

	s->ssl = SSL_new(t->proxy->clients);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 || !SSL_set_app_data(s->ssl, t)) {
		tunnel_end(t, true);
		return;
	}
	side_wait(&t->pump.side[SERVER], false, false);
	t->step = STEP_HELLO;
	tunnel_advance(t);
}

#define TLS_HANDSHAKE 0x16

static void on_first(struct tunnel *t)
{
	uint8_t byte;
	ssize_t n;

	if (!knows_owner(t))
		return;
	wait_for_first(t);
	n = recv(t->pump.side[CLIENT].fd, &byte, 1, MSG_PEEK);

	if (n == 0) {
		tunnel_end(t, false);
	} else if (n < 0 && errno != EAGAIN) {
		tunnel_end(t, true);
	} else if (n < 0) {
		/* The server speaks first, as no HTTP does. */
		if (recv(t->pump.side[SERVER].fd, &byte, 1, MSG_PEEK) >= 0) {
			tunnel_pump(t, false, true);
			tunnel_advance(t);
		}
	} else if (byte == TLS_HANDSHAKE && !peek_name(t)) {
		return;
	} else if (byte == TLS_HANDSHAKE && is_opened(t)) {
		begin_hello(t);
	} else {
		tunnel_pump(t, byte != TLS_HANDSHAKE, true);
		tunnel_advance(t);
	}
}

void tunnel_find_name(struct tunnel *t)
{
	t->step = STEP_NAME;
	side_wait(&t->pump.side[CLIENT], true, false);
	tunnel_advance(t);
}

/* Of what is not opened nobody verifies that the name is true. */
static void find_name(struct tunnel *t)
{
	uint8_t byte;
	ssize_t n;

	if (!knows_owner(t))
		return;
	side_wait(&t->pump.side[CLIENT], true, false);
	n = recv(t->pump.side[CLIENT].fd, &byte, 1, MSG_PEEK);
	if ((n < 0 && errno == EAGAIN) || (n == 1 && byte == TLS_HANDSHAKE && !peek_name(t)))
		return;
	if (n == 1 && byte == TLS_HANDSHAKE && strcmp(t->name, t->ask.host) != 0 && is_opened(t))
		tunnel_reach_by_name(t);
	else
		tunnel_end(t, true);
}

/* ---- data ---- */

static void on_pumped(void *arg, size_t from, struct span bytes)
{
	struct tunnel *t = arg;

	teller_data(&t->teller, from == CLIENT ? DIR_WRITE : DIR_READ, bytes);
}

static bool set_end(const struct sockaddr_storage *a, struct endpoints *ends, struct endpoint *e)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	int family = a->ss_family == AF_INET ? 4 : a->ss_family == AF_INET6 ? 6 : 0;

	if (!family || (ends->family && ends->family != family))
		return false;
	ends->family = family;
	if (family == 4)
		memcpy(e->address, &v4->sin_addr, 4);
	else
		memcpy(e->address, &v6->sin6_addr, 16);
	e->port = ntohs(family == 4 ? v4->sin_port : v6->sin6_port);
	return true;
}

/* As the client would have connected without us: from its end to the server's. */
static struct endpoints ends_of(const struct tunnel *t)
{
	struct sockaddr_storage client, server;
	socklen_t a = sizeof(client), b = sizeof(server);
	struct endpoints ends = { 0 };

	if (getpeername(t->pump.side[SERVER].fd, (struct sockaddr *)&server, &b) != 0 ||
	    getpeername(t->pump.side[CLIENT].fd, (struct sockaddr *)&client, &a) != 0 ||
	    !set_end(&server, &ends, &ends.peer))
		return (struct endpoints){ 0 };
	if (!set_end(&client, &ends, &ends.local))
		getsockname(t->pump.side[SERVER].fd, (struct sockaddr *)&client, &a);
	set_end(&client, &ends, &ends.local);
	return ends;
}

/* There may be thousands that wait for an answer, or for nothing. */
static void drop_beginning(struct tunnel *t)
{
	buf_done(&t->ask.head);
	buf_done(&t->said);
	buf_done(&t->offered);
	buf_done(&t->owner.process);
	if (t->addresses)
		evutil_freeaddrinfo(t->addresses);
	t->addresses = t->next = NULL;
}

/* told: what passes is plaintext, and shown. */
void tunnel_pump(struct tunnel *t, bool told, bool cleartext)
{
	struct endpoints ends = ends_of(t);

	event_del(t->timer);
	if (told)
		teller_begin(&t->teller, t->proxy->outlet, ++t->proxy->count, &t->owner, &ends,
			     t->name, cleartext);
	t->pump.fn = on_pumped;
	t->pump.arg = t;
	if (t->ask.head.len)
		pump_put(&t->pump, CLIENT, buf_span(&t->ask.head));
	drop_beginning(t);
	/* Not before: who traces this process learns whose socket it is when the request is read.
	 */
	for (size_t i = 0; i < 2; i++)
		if (t->pump.side[i].ssl)
			SSL_set_read_ahead(t->pump.side[i].ssl, 1);
	t->step = STEP_PUMP;
}

static void pump(struct tunnel *t)
{
	switch (pump_step(&t->pump)) {
	case PUMP_GOES_ON:
		if (t->pump.side[CLIENT].shut || t->pump.side[SERVER].shut)
			set_timer(t, HALF_SECONDS);
		break;
	case PUMP_OVER:
		tunnel_end(t, false);
		break;
	case PUMP_BROKEN:
		tunnel_end(t, true);
		break;
	}
}

/* ---- the whole ---- */

void tunnel_advance(struct tunnel *t)
{
	switch (t->step) {
	case STEP_ASK:
		ask(t);
		break;
	case STEP_RESOLVE:
		break;
	case STEP_CONNECT:
		tunnel_connect(t);
		break;
	case STEP_NAME:
		find_name(t);
		break;
	case STEP_CHAIN:
		tunnel_chain(t);
		break;
	case STEP_REQUEST:
		pass_request(t);
		break;
	case STEP_FIRST:
		on_first(t);
		break;
	case STEP_HELLO:
		tunnel_hello(t);
		break;
	case STEP_SERVER_TLS:
		tunnel_server_tls(t);
		break;
	case STEP_CLIENT_TLS:
		tunnel_client_tls(t);
		break;
	case STEP_PUMP:
		pump(t);
		break;
	}
}

/* Where it wanted to connect, once. False: it was not led here. */
static bool take_slot(struct proxy *p, evutil_socket_t fd, struct redirect_slot *ret)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct redirect_slot *slot = p->slots;

	if (getpeername(fd, (struct sockaddr *)&a, &len) != 0)
		return false;
	slot += a.ss_family == AF_INET6
			? REDIRECT_PORTS + ntohs(((struct sockaddr_in6 *)&a)->sin6_port)
			: ntohs(((struct sockaddr_in *)&a)->sin_port);
	*ret = *slot;
	slot->pid = 0;
	return ret->pid != 0;
}

/* Reads what is asked for, or knows it already. */
static void begin(struct tunnel *t)
{
	struct redirect_slot slot;

	if (!t->proxy->slots) {
		find_owner(t, 0);
		side_wait(&t->pump.side[CLIENT], true, false);
	} else if (take_slot(t->proxy, t->pump.side[CLIENT].fd, &slot)) {
		find_owner(t, (pid_t)slot.pid);
		set_timer(t, ADDRESS_SECONDS);
		tunnel_reach_original(t, &slot);
	} else {
		tunnel_end(t, true);
	}
}

void tunnel_begin(struct proxy *p, evutil_socket_t fd)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	int one = 1;

	t->proxy = p;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	side_init(&t->pump.side[CLIENT], p->base, fd, tunnel_on_event, t);
	t->pump.side[SERVER].fd = -1;
	ask_init(&t->ask);
	buf_init(&t->said, ASK_MAX);
	buf_init(&t->offered, ASK_MAX);
	t->timer = evtimer_new(p->base, on_timer, t);
	set_timer(t, BEGIN_SECONDS);
	list_add_first(&p->tunnels, &t->in);
	begin(t);
}

void tunnels_end(struct proxy *p)
{
	struct list *l;

	while ((l = list_last(&p->tunnels)))
		tunnel_end(container_of(l, struct tunnel, in), true);
}

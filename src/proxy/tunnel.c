/* SPDX-License-Identifier: MIT */
/* The steps: what the client asks for is read; the server's name is resolved and connected; the
 * client's first byte tells whether it speaks TLS. If it is to be opened, the client's handshake
 * stands still at its ClientHello until the server's is done: so the server sees what the client
 * offers, and the client gets what the server chose, or fails as it would have failed. */
#include "proxy/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proc/identity.h"
#include "proxy/ask.h"
#include "proxy/pump.h"
#include "proxy/teller.h"

/* From the first byte until both handshakes are done. */
#define BEGIN_SECONDS 30
/* After one end has stopped sending. */
#define HALF_SECONDS 600

#define CLIENT 0
#define SERVER 1

enum step {
	STEP_ASK,
	STEP_RESOLVE,
	STEP_CONNECT,
	STEP_FIRST, /* who speaks first, and how */
	STEP_HELLO,
	STEP_SERVER_TLS,
	STEP_CLIENT_TLS,
	STEP_PUMP,
};

struct tunnel {
	struct proxy *proxy;
	struct list in;
	enum step step;
	struct pump pump;
	struct event *timer;
	struct ask ask;
	struct buf said; /* by the client, so far, of what it asks for */
	struct evdns_getaddrinfo_request *request;
	struct evutil_addrinfo *addresses, *next;
	struct owner owner;
	char *program;
	char name[256];	    /* of the server, in its certificate */
	struct buf offered; /* ALPN, as in the ClientHello */
	bool refused;	    /* the server's certificate is */
	struct teller teller;
};

static void advance(struct tunnel *t);

static void end(struct tunnel *t, bool abort)
{
	teller_end(&t->teller);
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
	free(t->program);
	free(t);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	advance(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	end(arg, true);
}

static void set_timer(struct tunnel *t, long seconds)
{
	struct timeval limit = { .tv_sec = seconds };

	event_add(t->timer, &limit);
}

/* ---- what is asked for ---- */

static bool answer(struct tunnel *t, struct span s)
{
	return !s.len ||
	       send(t->pump.side[CLIENT].fd, s.ptr, s.len, MSG_NOSIGNAL) == (ssize_t)s.len;
}

static void on_addresses(int err, struct evutil_addrinfo *found, void *arg)
{
	struct tunnel *t = arg;

	t->request = NULL;
	if (err == EVUTIL_EAI_CANCEL)
		return;
	t->addresses = t->next = found;
	t->step = STEP_CONNECT;
	advance(t);
}

static void resolve(struct tunnel *t)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
					 .ai_socktype = SOCK_STREAM,
					 .ai_flags = EVUTIL_AI_ADDRCONFIG };
	struct evdns_getaddrinfo_request *request;
	char port[8];

	t->step = STEP_RESOLVE;
	snprintf(port, sizeof(port), "%u", t->ask.port);
	side_wait(&t->pump.side[CLIENT], false, false);
	request = evdns_getaddrinfo(t->proxy->dns, t->ask.host, port, &hints, on_addresses, t);
	/* NULL: it was called already, and the tunnel may be gone. */
	if (request)
		t->request = request;
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
		end(t, false);
		return;
	}
	used = ask_read(buf_span(&t->said), t->proxy->fixed_host, t->proxy->fixed_port, &t->ask,
			&reply);
	if (!answer(t, reply) || used < 0) {
		end(t, false);
		return;
	}
	buf_drop(&t->said, (size_t)used);
	if (t->ask.host[0])
		resolve(t);
}

/* ---- the server ---- */

static bool connect_next(struct tunnel *t)
{
	int one = 1;

	for (; t->next; t->next = t->next->ai_next) {
		int fd = socket(t->next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		if (connect(fd, t->next->ai_addr, t->next->ai_addrlen) == 0 ||
		    errno == EINPROGRESS) {
			t->next = t->next->ai_next;
			side_init(&t->pump.side[SERVER], t->proxy->base, fd, on_event, t);
			side_wait(&t->pump.side[SERVER], false, true);
			return true;
		}
		close(fd);
	}
	return false;
}

static void begin_pump(struct tunnel *t, bool told, bool cleartext);
static bool begin_server_tls(struct tunnel *t);

/* A request of its own, without a tunnel. */
static void pass_request(struct tunnel *t)
{
	snprintf(t->name, sizeof(t->name), "%s", t->ask.host);
	if (!t->proxy->fixed_tls) {
		begin_pump(t, true, true);
	} else if (begin_server_tls(t)) {
		t->step = STEP_SERVER_TLS;
	} else {
		end(t, true);
		return;
	}
	advance(t);
}

static void connected(struct tunnel *t)
{
	if (t->ask.kind == ASK_ABSOLUTE) {
		pass_request(t);
		return;
	}
	if (!answer(t, ask_granted(t->ask.kind))) {
		end(t, true);
		return;
	}
	t->step = STEP_FIRST;
	side_wait(&t->pump.side[CLIENT], true, false);
	side_wait(&t->pump.side[SERVER], true, false);
}

static void on_connect(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];
	socklen_t len = sizeof(int);
	int err = 0;

	if (s->fd >= 0 && getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && !err) {
		connected(t);
		return;
	}
	side_done(s, false);
	if (connect_next(t))
		return;
	answer(t, ask_refused(t->ask.kind));
	end(t, false);
}

/* ---- who speaks, and how ---- */

static void find_owner(struct tunnel *t)
{
	struct sockaddr_storage theirs, ours;
	socklen_t a = sizeof(theirs), b = sizeof(ours);
	evutil_socket_t fd = t->pump.side[CLIENT].fd;
	char address[INET6_ADDRSTRLEN] = "?";

	t->owner.uid = (uid_t)-1;
	if (getpeername(fd, (struct sockaddr *)&theirs, &a) != 0 ||
	    getsockname(fd, (struct sockaddr *)&ours, &b) != 0) {
		t->program = xstrdup("?");
		return;
	}
	t->owner = owner_of((struct sockaddr *)&theirs, (struct sockaddr *)&ours);
	if (t->owner.pid)
		t->program = identity_name(t->owner.pid);
	else if (theirs.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&theirs)->sin_addr, address,
			  sizeof(address));
	else
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&theirs)->sin6_addr, address,
			  sizeof(address));
	t->program = t->program ? t->program : xstrdup(address);
}

static bool is_opened(struct tunnel *t)
{
	return proxy_opens(t->proxy, t->ask.host) &&
	       !pinned_has(&t->proxy->pinned, t->program, t->ask.host);
}

static void begin_hello(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];

	s->ssl = SSL_new(t->proxy->clients);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 || !SSL_set_app_data(s->ssl, t)) {
		end(t, true);
		return;
	}
	side_wait(&t->pump.side[SERVER], false, false);
	t->step = STEP_HELLO;
	advance(t);
}

#define TLS_HANDSHAKE 0x16

static void on_first(struct tunnel *t)
{
	uint8_t byte;
	ssize_t n = recv(t->pump.side[CLIENT].fd, &byte, 1, MSG_PEEK);

	if (n == 0) {
		end(t, false);
	} else if (n < 0 && errno != EAGAIN) {
		end(t, true);
	} else if (n < 0) {
		/* The server speaks first, as no HTTP does. */
		if (recv(t->pump.side[SERVER].fd, &byte, 1, MSG_PEEK) >= 0) {
			begin_pump(t, false, true);
			advance(t);
		}
	} else if (byte == TLS_HANDSHAKE && is_opened(t)) {
		begin_hello(t);
	} else {
		begin_pump(t, byte != TLS_HANDSHAKE, true);
		advance(t);
	}
}

/* ---- TLS ---- */

static void set_name(struct tunnel *t, SSL *ssl)
{
	const unsigned char *s;
	size_t len, off = 5; /* lengths of list and name, type */

	snprintf(t->name, sizeof(t->name), "%s", t->ask.host);
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &s, &len) == 1 && len > off &&
	    s[2] == TLSEXT_NAMETYPE_host_name && len - off < sizeof(t->name) &&
	    !memchr(s + off, 0, len - off)) {
		memcpy(t->name, s + off, len - off);
		t->name[len - off] = '\0';
	}
}

static void set_offered(struct tunnel *t, SSL *ssl)
{
	const unsigned char *s;
	size_t len;

	buf_reset(&t->offered);
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &s,
				      &len) == 1 &&
	    len > 2)
		buf_add(&t->offered, span_of(s + 2, len - 2));
}

int tunnel_on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tunnel *t = SSL_get_app_data(ssl);

	if (t->step == STEP_HELLO) {
		set_name(t, ssl);
		set_offered(t, ssl);
		return SSL_CLIENT_HELLO_RETRY;
	}
	if (!t->refused && authority_use(t->proxy->authority, ssl, t->name))
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = t->refused ? SSL_AD_BAD_CERTIFICATE : SSL_AD_INTERNAL_ERROR;
	return SSL_CLIENT_HELLO_ERROR;
}

int tunnel_on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
		   const unsigned char *in, unsigned inlen, void *arg)
{
	const struct tunnel *t = SSL_get_app_data(ssl);
	const unsigned char *chosen = NULL;
	unsigned len = 0;

	if (t->pump.side[SERVER].ssl)
		SSL_get0_alpn_selected(t->pump.side[SERVER].ssl, &chosen, &len);
	if (!len)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	*outlen = (unsigned char)len;
	return SSL_TLSEXT_ERR_OK;
}

static bool set_verified_name(SSL *ssl, const char *name)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool begin_server_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];

	s->ssl = SSL_new(t->proxy->servers);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 || !set_verified_name(s->ssl, t->name))
		return false;
	return !t->offered.len || SSL_set_alpn_protos(s->ssl, (const unsigned char *)t->offered.ptr,
						      (unsigned)t->offered.len) == 0;
}

static void on_hello(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];
	int ret;

	ERR_clear_error();
	ret = SSL_accept(s->ssl);
	if (ret != 1 && SSL_get_error(s->ssl, ret) == SSL_ERROR_WANT_CLIENT_HELLO_CB) {
		side_wait(s, false, false);
		if (!begin_server_tls(t)) {
			end(t, true);
			return;
		}
		t->step = STEP_SERVER_TLS;
		advance(t);
	} else if (ret == 1 || !side_wait_tls(s, ret)) {
		end(t, true);
	}
}

static const char *why_not(SSL *ssl)
{
	long verdict = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (verdict != X509_V_OK)
		return X509_verify_cert_error_string(verdict);
	return reason ? reason : "the server closed the connection";
}

static void on_server_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[SERVER];
	int ret;

	ERR_clear_error();
	ret = SSL_connect(s->ssl);
	if (ret != 1 && side_wait_tls(s, ret))
		return;
	side_wait(s, false, false);
	if (ret != 1) {
		log_say("%s: no TLS with %s: %s; the program's connection fails as well",
			t->program, t->name, why_not(s->ssl));
		t->refused = true;
	}
	if (t->ask.kind == ASK_ABSOLUTE) {
		if (t->refused) {
			answer(t, ask_refused(ASK_ABSOLUTE));
			end(t, false);
			return;
		}
		begin_pump(t, true, false);
	} else {
		t->step = STEP_CLIENT_TLS;
	}
	advance(t);
}

/* Alerts by which a client says that it does not accept who signed. Of TLS 1.3 and older alike. */
static bool is_refusal(unsigned long error)
{
	switch (ERR_GET_REASON(error)) {
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return true;
	default:
		return false;
	}
}

static void on_client_tls(struct tunnel *t)
{
	struct side *s = &t->pump.side[CLIENT];
	int ret;

	ERR_clear_error();
	ret = SSL_accept(s->ssl);
	if (ret == 1) {
		begin_pump(t, true, false);
		advance(t);
		return;
	}
	if (side_wait_tls(s, ret))
		return;
	if (!t->refused && is_refusal(ERR_peek_error())) {
		log_say("%s does not accept the proxy's certificate for %s: this connection fails, "
			"later ones pass through unread; llm-spy ca trust-help says how to change "
			"that",
			t->program, t->ask.host);
		pinned_add(&t->proxy->pinned, t->program, t->ask.host);
	}
	end(t, false);
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

/* told: what passes is plaintext, and shown. */
static void begin_pump(struct tunnel *t, bool told, bool cleartext)
{
	struct endpoints ends = ends_of(t);

	event_del(t->timer);
	if (told)
		teller_begin(&t->teller, t->proxy->outlet, ++t->proxy->count, &t->owner, t->program,
			     &ends, t->name[0] ? t->name : t->ask.host, cleartext);
	t->pump.fn = on_pumped;
	t->pump.arg = t;
	if (t->ask.head.len)
		pump_put(&t->pump, CLIENT, buf_span(&t->ask.head));
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
		end(t, false);
		break;
	case PUMP_BROKEN:
		end(t, true);
		break;
	}
}

/* ---- the whole ---- */

static void advance(struct tunnel *t)
{
	switch (t->step) {
	case STEP_ASK:
		ask(t);
		break;
	case STEP_RESOLVE:
		break;
	case STEP_CONNECT:
		on_connect(t);
		break;
	case STEP_FIRST:
		on_first(t);
		break;
	case STEP_HELLO:
		on_hello(t);
		break;
	case STEP_SERVER_TLS:
		on_server_tls(t);
		break;
	case STEP_CLIENT_TLS:
		on_client_tls(t);
		break;
	case STEP_PUMP:
		pump(t);
		break;
	}
}

void tunnel_begin(struct proxy *p, evutil_socket_t fd)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	int one = 1;

	t->proxy = p;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	side_init(&t->pump.side[CLIENT], p->base, fd, on_event, t);
	t->pump.side[SERVER].fd = -1;
	ask_init(&t->ask);
	buf_init(&t->said, ASK_MAX);
	buf_init(&t->offered, ASK_MAX);
	t->timer = evtimer_new(p->base, on_timer, t);
	set_timer(t, BEGIN_SECONDS);
	list_add_first(&p->tunnels, &t->in);
	find_owner(t);
	side_wait(&t->pump.side[CLIENT], true, false);
}

void tunnels_end(struct proxy *p)
{
	struct list *l;

	while ((l = list_last(&p->tunnels)))
		end(container_of(l, struct tunnel, in), true);
}

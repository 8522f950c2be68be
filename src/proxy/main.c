/* SPDX-License-Identifier: MIT */
/* llm-spy-proxy: a program of its own, so that the tracer links no TLS library, and strangers'
 * connections are handled by a process without privileges. llm-spy starts it: with a socket that
 * listens, and a pipe for what passes. It ends with that pipe. */
#include <errno.h>
#include <event2/dns.h>
#include <getopt.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "llm/dialect.h"
#include "proxy/about.h"
#include "proxy/bundle.h"
#include "proxy/tunnel.h"

/* Where llm-spy leaves the descriptors. */
#define LISTEN_FD 3
#define CHUNKS_FD 4

/* When there are no descriptors left, clients wait. */
#define RETRY_MS 100

struct listener {
	struct proxy *proxy;
	struct event *event, *again;
};

bool proxy_opens(const struct proxy *p, const char *host)
{
	struct span rest = span_str(p->hosts);

	if (!p->hosts)
		return provider_of_host(span_str(host)) != NULL;
	while (rest.len) {
		size_t end = span_find(rest, ',');

		if (span_fits(span_str(host), span_trim(span_first(rest, end)), 0))
			return true;
		rest = span_from(rest, end + 1);
	}
	return false;
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct timeval later = { .tv_usec = RETRY_MS * 1000 };
	int client;

	while ((client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		tunnel_begin(l->proxy, client);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		event_del(l->event);
		event_add(l->again, &later);
	}
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	event_add(((struct listener *)arg)->event, NULL);
}

static void set_common(SSL_CTX *c)
{
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
}

static int open_tls(struct proxy *p, const char *ca_dir, struct error *reterr)
{
	int err;

	p->authority = authority_open(ca_dir, reterr);
	if (!p->authority)
		return reterr->code;
	err = bundle_write(ca_dir, authority_certificate(p->authority));
	if (err)
		return error_set(reterr, err, "cannot write to %.200s: %s", ca_dir, strerror(-err));
	p->servers = SSL_CTX_new(TLS_client_method());
	p->clients = SSL_CTX_new(TLS_server_method());
	if (!p->servers || !p->clients)
		return error_set(reterr, -ENOMEM, "OpenSSL cannot be used");
	set_common(p->servers);
	set_common(p->clients);
	SSL_CTX_set_verify(p->servers, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_default_verify_paths(p->servers) != 1)
		return error_set(reterr, -ENOENT, "the system's certificates cannot be read");
	SSL_CTX_set_client_hello_cb(p->clients, tunnel_on_hello, NULL);
	SSL_CTX_set_alpn_select_cb(p->clients, tunnel_on_alpn, NULL);
	return 0;
}

static bool set_fixed(struct proxy *p, char *url)
{
	static const char http[] = "http://", https[] = "https://";
	char *host, *port;

	p->fixed_tls = strncmp(url, https, sizeof(https) - 1) == 0;
	if (!p->fixed_tls && strncmp(url, http, sizeof(http) - 1) != 0)
		return false;
	host = url + (p->fixed_tls ? sizeof(https) : sizeof(http)) - 1;
	host[strcspn(host, "/")] = '\0';
	port = strrchr(host, ':');
	p->fixed_port = port ? (unsigned)strtoul(port + 1, NULL, 10) : p->fixed_tls ? 443 : 80;
	if (port)
		*port = '\0';
	p->fixed_host = host;
	return *host && p->fixed_port > 0 && p->fixed_port < 65536;
}

static void raise_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

static void serve(struct proxy *p)
{
	struct listener l = { .proxy = p };

	list_init(&p->tunnels);
	p->outlet = outlet_new(p->base, CHUNKS_FD);
	evutil_make_socket_nonblocking(LISTEN_FD);
	l.event = event_new(p->base, LISTEN_FD, EV_READ | EV_PERSIST, on_client, &l);
	l.again = evtimer_new(p->base, on_again, &l);
	event_add(l.event, NULL);
	event_base_dispatch(p->base);
	tunnels_end(p);
	event_free(l.event);
	event_free(l.again);
	outlet_free(p->outlet);
}

static int usage(void)
{
	log_say("llm-spy-proxy is started by llm-spy --proxy");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "ca", required_argument, NULL, 'c' },
						 { "hosts", required_argument, NULL, 'h' },
						 { "reverse", required_argument, NULL, 'r' },
						 { "about", required_argument, NULL, 'a' },
						 { 0 } };
	struct proxy p = { 0 };
	struct error e = { 0 };
	const char *ca = NULL, *about = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			ca = optarg;
		else if (c == 'h')
			p.hosts = optarg;
		else if (c == 'a')
			about = optarg;
		else if (c != 'r' || !set_fixed(&p, optarg))
			return usage();
	}
	if (!ca)
		return usage();
	if (about)
		return about_authority(ca, about);
	prctl(PR_SET_DUMPABLE, 0); /* the authority's key is in memory */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* of a terminal; llm-spy ends us */
	raise_descriptors();
	if (open_tls(&p, ca, &e) != 0) {
		log_say("%s", e.text);
		return 1;
	}
	p.base = event_base_new();
	p.dns = p.base ? evdns_base_new(p.base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
							EVDNS_BASE_DISABLE_WHEN_INACTIVE)
		       : NULL;
	if (!p.dns) {
		log_say("libevent cannot be used: no name server in /etc/resolv.conf?");
		return 1;
	}
	serve(&p);
	evdns_base_free(p.dns, 0);
	event_base_free(p.base);
	SSL_CTX_free(p.servers);
	SSL_CTX_free(p.clients);
	authority_free(p.authority);
	pinned_done(&p.pinned);
	return 0;
}

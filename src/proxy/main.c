/* SPDX-License-Identifier: MIT */
/* llm-spy-proxy: a program of its own, so that the tracer links no TLS library, and strangers'
 * connections are handled by a process without privileges. llm-spy starts it: with a socket that
 * listens, and one for what passes. It ends when llm-spy closes its half of that. */
#include <errno.h>
#include <event2/dns.h>
#include <getopt.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/urgent.h"
#include "llm/dialect.h"
#include "probe/redirect_code.h"
#include "proxy/about.h"
#include "proxy/bundle.h"
#include "proxy/tunnel.h"

/* When there are no descriptors left, clients wait. */
#define RETRY_MS 100

struct listener {
	struct proxy *proxy;
	struct event *event, *again;
};

/* Patterns, separated by commas; NULL: none. */
static bool fits_one(const char *patterns, const char *host)
{
	struct span rest = span_str(patterns);

	while (rest.len) {
		size_t end = span_find(rest, ',');

		if (span_fits(span_str(host), span_trim(span_first(rest, end)), 0))
			return true;
		rest = span_from(rest, end + 1);
	}
	return false;
}

bool proxy_opens(const struct proxy *p, const char *host)
{
	if (!p->hosts)
		return provider_of_host(span_str(host)) != NULL || fits_one(p->also, host);
	return fits_one(p->hosts, host);
}

void proxy_say_full(struct proxy *p)
{
	struct rlimit l = { 0 };

	if (p->said_full)
		return;
	p->said_full = true;
	getrlimit(RLIMIT_NOFILE, &l);
	log_say("no descriptors are left: a connection takes two, and there may be %llu (ulimit "
		"-n); "
		"clients wait until others end",
		(unsigned long long)l.rlim_cur);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct timeval later = { .tv_usec = RETRY_MS * 1000 };
	int client;

	while ((client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		tunnel_begin(l->proxy, client);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		proxy_say_full(l->proxy);
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
	SSL_CTX_set_session_cache_mode(p->servers,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(p->servers, tunnel_on_session);
	SSL_CTX_set_session_cache_mode(p->clients, SSL_SESS_CACHE_OFF);
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

static void listener_init(struct listener *l, struct proxy *p, int fd)
{
	evutil_make_socket_nonblocking(fd);
	l->proxy = p;
	l->event = event_new(p->base, fd, EV_READ | EV_PERSIST, on_client, l);
	l->again = evtimer_new(p->base, on_again, l);
	event_add(l->event, NULL);
}

static void serve(struct proxy *p, size_t nlisteners)
{
	static const int fds[] = { LISTEN_FD, LISTEN6_FD };
	struct listener l[2];

	list_init(&p->tunnels);
	sessions_init(&p->sessions);
	p->outlet = outlet_new(p->base, CHUNKS_FD);
	for (size_t i = 0; i < nlisteners; i++)
		listener_init(&l[i], p, fds[i]);
	event_base_dispatch(p->base);
	tunnels_end(p);
	sessions_done(&p->sessions);
	/* Before llm-spy, which waits for the outlet's end, is gone: the next one may come at once.
	 */
	for (size_t i = 0; i < nlisteners; i++) {
		event_free(l[i].event);
		event_free(l[i].again);
		close(fds[i]);
	}
	outlet_free(p->outlet);
}

/* The first of these variables that is set, but to nothing: each means what the one before it does.
 */
static const char *variable(const char *const *names)
{
	const char *value = NULL;

	for (; *names && (!value || !*value); names++)
		value = getenv(*names);
	return value && *value ? value : NULL;
}

static bool set_upstream(struct upstream *u, const char *url)
{
	if (!url || upstream_read(span_str(url), u))
		return true;
	log_say("the proxy behind this one: '%.80s' is none that llm-spy can use (http:// or "
		"socks5://); --upstream-proxy names another one, or none",
		url);
	return false;
}

/* chosen: by --upstream-proxy, or NULL. */
static bool set_upstreams(struct upstreams *u, const char *chosen)
{
	static const char *const secure[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					      "ALL_PROXY", NULL };
	static const char *const plain[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY",
					     NULL };
	static const char *const except[] = { "no_proxy", "NO_PROXY", NULL };

	u->except = variable(except);
	u->chosen = chosen != NULL;
	if (chosen && strcmp(chosen, "none") == 0)
		return true;
	return set_upstream(&u->secure, chosen ? chosen : variable(secure)) &&
	       set_upstream(&u->plain, chosen ? chosen : variable(plain));
}

static bool map_slots(struct proxy *p)
{
	void *at = mmap(NULL, REDIRECT_SLOTS * sizeof(*p->slots), PROT_READ | PROT_WRITE,
			MAP_SHARED, SLOTS_FD, 0);

	p->slots = at == MAP_FAILED ? NULL : at;
	return p->slots != NULL;
}

struct arguments {
	const char *ca, *about, *upstream;
	bool slots;
	size_t nlisteners;
};

static bool read_arguments(int argc, char **argv, struct proxy *p, struct arguments *ret)
{
	static const struct option options[] = { { "ca", required_argument, NULL, 'c' },
						 { "hosts", required_argument, NULL, 'h' },
						 { "also", required_argument, NULL, 'o' },
						 { "reverse", required_argument, NULL, 'r' },
						 { "about", required_argument, NULL, 'a' },
						 { "upstream", required_argument, NULL, 'u' },
						 { "slots", no_argument, NULL, 's' },
						 { "listen6", no_argument, NULL, '6' },
						 { 0 } };
	int c;

	*ret = (struct arguments){ .nlisteners = 1 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c')
			ret->ca = optarg;
		else if (c == 'h')
			p->hosts = optarg;
		else if (c == 'o')
			p->also = optarg;
		else if (c == 'a')
			ret->about = optarg;
		else if (c == 'u')
			ret->upstream = optarg;
		else if (c == 's')
			ret->slots = true;
		else if (c == '6')
			ret->nlisteners = 2;
		else if (c != 'r' || !set_fixed(p, optarg))
			return false;
	}
	return ret->ca != NULL;
}

/* Instead of libevent's own words on standard error. */
static void on_dns_message(int is_warning, const char *text)
{
	if (is_warning)
		log_say("names of hosts: %s", text);
}

static bool prepare(struct proxy *p, const struct arguments *a)
{
	struct error e = { 0 };

	prctl(PR_SET_DUMPABLE, 0); /* the authority's key is in memory */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* of a terminal; llm-spy ends us */
	raise_descriptors();
	urgent_slices();
	if (open_tls(p, a->ca, &e) != 0) {
		log_say("%s", e.text);
		return false;
	}
	if (a->slots && !map_slots(p)) {
		log_say("the map of redirected connections cannot be used: %s", strerror(errno));
		return false;
	}
	if (!set_upstreams(&p->upstreams, a->upstream))
		return false;
	evdns_set_log_fn(on_dns_message);
	p->base = event_base_new();
	p->dns = p->base ? evdns_base_new(p->base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
							   EVDNS_BASE_DISABLE_WHEN_INACTIVE)
			 : NULL;
	p->finder = p->dns ? finder_new(p->base) : NULL;
	if (!p->dns)
		log_say("libevent cannot be used: no name server in /etc/resolv.conf?");
	if (p->dns && !p->finder)
		log_say("no thread can be started: %s", strerror(errno));
	return p->finder != NULL;
}

int main(int argc, char **argv)
{
	struct proxy p = { 0 };
	struct arguments a;

	if (!read_arguments(argc, argv, &p, &a)) {
		log_say("llm-spy-proxy is started by llm-spy --proxy");
		return 2;
	}
	if (a.about)
		return about_authority(a.ca, a.about);
	if (!prepare(&p, &a))
		return 1;
	serve(&p, a.nlisteners);
	finder_free(p.finder);
	evdns_base_free(p.dns, 0);
	event_base_free(p.base);
	SSL_CTX_free(p.servers);
	SSL_CTX_free(p.clients);
	authority_free(p.authority);
	pinned_done(&p.pinned);
	return 0;
}

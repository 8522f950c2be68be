/* SPDX-License-Identifier: MIT */
#include "sink/metrics_server.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/library.h"
#include "base/xalloc.h"
#include "sink/http_port.h"

/* Outside of what Prometheus's exporters have agreed on (9100 to 9999), and below the ports that
 * Linux gives to clients. */
#define PORT "7556"

#define CONNECTIONS	  16
#define IDLE_SECONDS	  10
#define REQUEST_BYTES_MAX (16 << 10)
#define ANSWER_BYTES_MAX  (64u << 20)

#define FUNCTIONS(F)                                                                               \
	F(start_daemon)                                                                            \
	F(stop_daemon)                                                                             \
	F(run)                                                                                     \
	F(get_timeout)                                                                             \
	F(get_daemon_info)                                                                         \
	F(create_response_from_buffer)                                                             \
	F(add_response_header)                                                                     \
	F(queue_response)                                                                          \
	F(destroy_response)                                                                        \
	F(lookup_connection_value)

/* libmicrohttpd's, once it is loaded. */
static struct {
#define MEMBER(name) __typeof__(&MHD_##name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
} api;

static int load(struct error *reterr)
{
#define ROW(function) { "MHD_" #function, &api.function },
	static const struct library_function rows[] = { FUNCTIONS(ROW) };
#undef ROW

	return library_load(MICROHTTPD_SONAME, rows, sizeof(rows) / sizeof(*rows), reterr);
}

struct metrics_server {
	struct MHD_Daemon *daemon;
	const char *own_name;
	metrics_fn write;
	void *arg;
	char url[80];
};

/* ---- answers ---- */

static enum MHD_Result send_answer(struct MHD_Connection *c, unsigned status, const char *type,
				   struct buf *text)
{
	size_t len = text->len;
	struct MHD_Response *r =
		api.create_response_from_buffer(len, buf_take(text), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result sent;

	api.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	api.add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		api.add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	sent = api.queue_response(c, status, r);
	api.destroy_response(r);
	return sent;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
	struct buf text;

	buf_init(&text, 200);
	buf_adds(&text, why);
	return send_answer(c, status, "text/plain; charset=utf-8", &text);
}

static struct span field(struct MHD_Connection *c, const char *name)
{
	return span_str(api.lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static enum MHD_Result give(struct metrics_server *s, struct MHD_Connection *c)
{
	enum exposition_format format = scrape_format(field(c, MHD_HTTP_HEADER_ACCEPT));
	struct buf text;

	buf_init(&text, ANSWER_BYTES_MAX);
	s->write(s->arg, format, &text);
	if (!text.full)
		return send_answer(c, MHD_HTTP_OK, exposition_type(format), &text);
	buf_done(&text);
	return refuse(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "too many label sets\n");
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct metrics_server *s = arg;

	if (!scrape_host_is_ours(field(c, MHD_HTTP_HEADER_HOST), s->own_name))
		return refuse(
			c, MHD_HTTP_FORBIDDEN,
			"this Host is not known: use an address, or -o metrics:...,name=NAME\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n");
	if (strcmp(url, "/metrics") != 0)
		return refuse(c, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n");
	return give(s, c);
}

/* ---- its life ---- */

static int start(struct metrics_server *s, int fd, struct error *reterr)
{
	s->daemon = api.start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES_MAX,
				     MHD_OPTION_END);
	if (s->daemon)
		return 0;
	close(fd);
	return error_set(reterr, -EIO, "metrics: the HTTP server cannot be started");
}

int metrics_server_open(struct metrics_server **ret, const char *where, const char *own_name,
			metrics_fn write, void *arg, struct error *reterr)
{
	static const struct http_port port = { "metrics:", PORT, "--metrics=PORT" };
	struct metrics_server *s;
	int fd, err = load(reterr);

	if (err)
		return err;
	fd = http_port_listen(&port, where, reterr);
	if (fd < 0)
		return fd;
	s = xcalloc(1, sizeof(*s));
	*s = (struct metrics_server){ .own_name = own_name, .write = write, .arg = arg };
	http_port_url(fd, "/metrics", s->url, sizeof(s->url));
	err = start(s, fd, reterr);
	if (err)
		free(s);
	else
		*ret = s;
	return err;
}

void metrics_server_free(struct metrics_server *s)
{
	if (s)
		api.stop_daemon(s->daemon);
	free(s);
}

const char *metrics_server_url(const struct metrics_server *s)
{
	return s->url;
}

int metrics_server_fd(const struct metrics_server *s, unsigned *ret_ms)
{
	const union MHD_DaemonInfo *info = api.get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	MHD_UNSIGNED_LONG_LONG ms;

	if (api.get_timeout(s->daemon, &ms) == MHD_YES && ms < *ret_ms)
		*ret_ms = (unsigned)ms;
	return info->epoll_fd;
}

void metrics_server_serve(struct metrics_server *s)
{
	api.run(s->daemon);
}

#endif

/* SPDX-License-Identifier: MIT */
#include "sink/metrics_server.h"

#ifdef HAVE_MICROHTTPD

#include <stdlib.h>

#include "base/xalloc.h"
#include "sink/http_server.h"

/* Outside of what Prometheus's exporters have agreed on (9100 to 9999), and below the ports that
 * Linux gives to clients. */
#define PORT "7556"

#define CONNECTIONS	  16
#define IDLE_SECONDS	  10
#define REQUEST_BYTES_MAX (16 << 10)
#define ANSWER_BYTES_MAX  (64u << 20)

struct metrics_server {
	struct MHD_Daemon *daemon;
	const char *own_name;
	metrics_fn write;
	void *arg;
	char url[HTTP_URL_SIZE];
};

/* ---- answers ---- */

static enum MHD_Result send_answer(struct MHD_Connection *c, unsigned status, const char *type,
				   struct buf *text)
{
	struct MHD_Response *r = http_text(type, text);

	http_api.add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		http_api.add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return http_send(c, status, r);
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
	struct buf text;

	buf_init(&text, 200);
	buf_adds(&text, why);
	return send_answer(c, status, "text/plain; charset=utf-8", &text);
}

static enum MHD_Result give(struct metrics_server *s, struct MHD_Connection *c)
{
	enum exposition_format format = scrape_format(http_field(c, MHD_HTTP_HEADER_ACCEPT));
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

	if (!scrape_host_is_ours(http_field(c, MHD_HTTP_HEADER_HOST), s->own_name))
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

int metrics_server_open(struct metrics_server **ret, const char *where, const char *own_name,
			metrics_fn write, void *arg, struct error *reterr)
{
	static const struct http_port port = { "metrics:", PORT, "--metrics=PORT" };
	struct metrics_server *s = xcalloc(1, sizeof(*s));
	const struct http_server_config c = { .port = &port,
					      .where = where,
					      .path = "/metrics",
					      .connections = CONNECTIONS,
					      .idle_seconds = IDLE_SECONDS,
					      .head_max = REQUEST_BYTES_MAX,
					      .on_request = on_request,
					      .arg = s };
	int err;

	*s = (struct metrics_server){ .own_name = own_name, .write = write, .arg = arg };
	err = http_server_start(&s->daemon, s->url, &c, reterr);
	if (err)
		free(s);
	else
		*ret = s;
	return err;
}

void metrics_server_free(struct metrics_server *s)
{
	if (s)
		http_api.stop_daemon(s->daemon);
	free(s);
}

const char *metrics_server_url(const struct metrics_server *s)
{
	return s->url;
}

int metrics_server_fd(const struct metrics_server *s, unsigned *ret_ms)
{
	uint64_t ms;
	int fd = http_server_fd(s->daemon, &ms);

	if (ms < *ret_ms)
		*ret_ms = (unsigned)ms;
	return fd;
}

void metrics_server_serve(struct metrics_server *s)
{
	http_api.run(s->daemon);
}

#endif

/* SPDX-License-Identifier: MIT */
#include "sink/http_server.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/library.h"
#include "base/xalloc.h"
#include "proc/port_holder.h"

struct http_api http_api;

static int load(struct error *reterr)
{
#define ROW(function) { "MHD_" #function, &http_api.function },
	static const struct library_function rows[] = { HTTP_API(ROW) };
#undef ROW

	return library_load(MICROHTTPD_SONAME, rows, sizeof(rows) / sizeof(*rows), reterr);
}

/* ---- its life ---- */

static struct MHD_Daemon *start(int fd, const struct http_server_config *c)
{
	struct MHD_OptionItem more[3] = { { MHD_OPTION_END, 0, NULL } };
	size_t n = 0;

	if (c->on_target)
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_URI_LOG_CALLBACK,
						     (intptr_t)c->on_target, c->arg };
	if (c->on_completed)
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_NOTIFY_COMPLETED,
						     (intptr_t)c->on_completed, c->arg };
	more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	return http_api.start_daemon(MHD_USE_EPOLL | c->flags, 0, NULL, NULL, c->on_request, c->arg,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     c->connections, MHD_OPTION_CONNECTION_TIMEOUT, c->idle_seconds,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, c->head_max,
				     MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

/* Who has the port, where that can be told. */
static int say_holder(const struct http_server_config *c, struct error *reterr)
{
	unsigned port = http_port_given(c->where);
	AUTO_FREE char *holder =
		port_holder(port ? port : (unsigned)strtoul(c->port->port, NULL, 10));
	struct error why = *reterr;

	return holder ? error_set(reterr, why.code, "%s (%s has this one)", why.text, holder)
		      : why.code;
}

int http_server_start(struct MHD_Daemon **ret, char ret_url[HTTP_URL_SIZE],
		      const struct http_server_config *c, struct error *reterr)
{
	int fd, err = load(reterr);

	if (err)
		return err;
	fd = http_port_listen(c->port, c->where, reterr);
	if (fd == -EADDRINUSE)
		return say_holder(c, reterr);
	if (fd < 0)
		return fd;
	http_port_url(fd, c->path, ret_url, HTTP_URL_SIZE);
	*ret = start(fd, c);
	if (*ret)
		return 0;
	close(fd);
	return error_set(reterr, -EIO, "%s the HTTP server cannot be started", c->port->what);
}

int http_server_fd(struct MHD_Daemon *d, uint64_t *ret_ms)
{
	const union MHD_DaemonInfo *info = http_api.get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD);
	MHD_UNSIGNED_LONG_LONG ms;

	*ret_ms = http_api.get_timeout(d, &ms) == MHD_YES ? ms : UINT64_MAX;
	return info->epoll_fd;
}

/* ---- requests and answers ---- */

struct span http_field(struct MHD_Connection *c, const char *name)
{
	return span_str(http_api.lookup_connection_value(c, MHD_HEADER_KIND, name));
}

enum MHD_Result http_send(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result queued = http_api.queue_response(c, status, r);

	http_api.destroy_response(r);
	return queued;
}

struct MHD_Response *http_text(const char *type, struct buf *text)
{
	size_t len = text->len;
	struct MHD_Response *r =
		http_api.create_response_from_buffer(len, buf_take(text), MHD_RESPMEM_MUST_FREE);

	http_api.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return r;
}

enum MHD_Result http_send_text(struct MHD_Connection *c, unsigned status, const char *type,
			       struct buf *text)
{
	return http_send(c, status, http_text(type, text));
}

enum MHD_Result http_refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
	struct buf text;

	buf_init(&text, 200);
	buf_adds(&text, why);
	return http_send_text(c, status, "text/plain; charset=utf-8", &text);
}

#endif

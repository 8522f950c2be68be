/* SPDX-License-Identifier: MIT */
/* What our HTTP servers have in common: libmicrohttpd, loaded by those runs that serve something,
 * on the thread that calls it. */
#ifndef SPY_SINK_HTTP_SERVER_H
#define SPY_SINK_HTTP_SERVER_H

#ifdef HAVE_MICROHTTPD

#include <microhttpd.h>

#include "base/buf.h"
#include "base/error.h"
#include "sink/http_port.h"

#define HTTP_API(F)                                                                                \
	F(start_daemon)                                                                            \
	F(stop_daemon)                                                                             \
	F(run)                                                                                     \
	F(get_timeout)                                                                             \
	F(get_daemon_info)                                                                         \
	F(get_connection_info)                                                                     \
	F(create_response_from_buffer)                                                             \
	F(create_response_from_callback)                                                           \
	F(add_response_header)                                                                     \
	F(queue_response)                                                                          \
	F(destroy_response)                                                                        \
	F(lookup_connection_value)                                                                 \
	F(suspend_connection)                                                                      \
	F(resume_connection)                                                                       \
	F(set_connection_option)

/* libmicrohttpd's functions: valid once http_server_start() was called. */
extern struct http_api {
#define MEMBER(name) __typeof__(&MHD_##name) name;
	HTTP_API(MEMBER)
#undef MEMBER
} http_api;

struct http_server_config {
	const struct http_port *port;
	const char *where; /* as http_port_listen() takes it */
	const char *path;  /* of the URL */
	unsigned flags;	   /* of libmicrohttpd, beside MHD_USE_EPOLL */
	unsigned connections, idle_seconds;
	size_t head_max; /* bytes of memory for one connection */
	MHD_AccessHandlerCallback on_request;
	/* Called with the target as it was sent, and its result is the request's state; or NULL. */
	void *(*on_target)(void *arg, const char *target, struct MHD_Connection *c);
	MHD_RequestCompletedCallback on_completed; /* or NULL */
	void *arg;				   /* of all three */
};

#define HTTP_URL_SIZE 160

/* The URL, with the port that it got, goes to ret_url. 0, or -errno with a reason. */
int http_server_start(struct MHD_Daemon **ret, char ret_url[HTTP_URL_SIZE],
		      const struct http_server_config *c, struct error *reterr);
/* A descriptor that can be read when there is something to serve, and in how many ms that is due at
 * the latest; UINT64_MAX: whenever. */
int http_server_fd(struct MHD_Daemon *d, uint64_t *ret_ms);

/* A header field of the request; its `ptr` is NULL where there is none. */
struct span http_field(struct MHD_Connection *c, const char *name);
/* Sends it, and drops it. */
enum MHD_Result http_send(struct MHD_Connection *c, unsigned status, struct MHD_Response *r);
/* Of the text, which is taken. */
struct MHD_Response *http_text(const char *type, struct buf *text);
enum MHD_Result http_send_text(struct MHD_Connection *c, unsigned status, const char *type,
			       struct buf *text);
/* Plain text that says why not. */
enum MHD_Result http_refuse(struct MHD_Connection *c, unsigned status, const char *why);

#endif
#endif

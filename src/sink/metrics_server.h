/* SPDX-License-Identifier: MIT */
/* An HTTP server that answers GET /metrics, by libmicrohttpd, on the thread that calls it. */
#ifndef SPY_SINK_METRICS_SERVER_H
#define SPY_SINK_METRICS_SERVER_H

#include "base/buf.h"
#include "base/error.h"
#include "telemetry/scrape.h"

/* Writes what is answered. */
typedef void (*metrics_fn)(void *arg, enum exposition_format format, struct buf *out);

struct metrics_server;
/* where: "ADDR:PORT", "ADDR", "PORT" or NULL; addresses are numbers. Port 0 is any that is free.
 * own_name: of this host, as scrape_host_is_ours takes it; it has to outlive the server. */
int metrics_server_open(struct metrics_server **ret, const char *where, const char *own_name,
			metrics_fn write, void *arg, struct error *reterr);
void metrics_server_free(struct metrics_server *s); /* accepts NULL */
/* "http://127.0.0.1:7556/metrics" */
const char *metrics_server_url(const struct metrics_server *s);
/* A descriptor that can be read when there is something to serve, and in how many ms that is due at
 * the latest, if that is not in *ret_ms. */
int metrics_server_fd(const struct metrics_server *s, unsigned *ret_ms);
void metrics_server_serve(struct metrics_server *s); /* never waits */

#endif

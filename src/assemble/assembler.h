/* SPDX-License-Identifier: MIT */
/* HTTP messages to exchanges: bodies are decoded, kept and digested; requests are recognised as
 * model calls by path and shape of body first, host second; streams are fed to the dialect event
 * by event. One `struct calls` serves all connections; a `struct calls_conn` is one connection's
 * and is what the http callbacks get as `arg`. Pure. */
#ifndef SPY_ASSEMBLE_ASSEMBLER_H
#define SPY_ASSEMBLE_ASSEMBLER_H

#include "exchange/exchange.h"
#include "http/http.h"
#include "stream/stream.h"

/* Told of an exchange's life: request once its body has ended (or the answer began before),
 * delta for each piece of streamed output, end exactly once for each exchange: after it the
 * record is freed. An exchange may end without request having been called. Where both ends of a
 * call are seen, only end is called for the server's record, unless request was before the
 * client's was seen; it says then whether it is to be shown (x->hidden). Borrowed. */
struct calls_out {
	void (*request)(void *arg, const struct exchange *x);
	void (*delta)(void *arg, const struct exchange *x, const struct choice *c,
		      const struct part *p, struct span text);
	void (*end)(void *arg, const struct exchange *x);
};

struct calls;
struct calls *calls_new(struct limits *lim, const struct calls_out *out, void *arg);
void calls_free(struct calls *c); /* after calls_finish */
void calls_set_wall_offset(struct calls *c, int64_t ns);
/* `prices` outlives it; without, no cost is known but what providers state. */
struct prices;
void calls_set_prices(struct calls *c, const struct prices *prices);
void calls_lost_events(struct calls *c); /* marks all that are under way */

struct calls_conn;
/* `conn` outlives it; http_is_server(h) is asked when an exchange begins. */
struct calls_conn *calls_conn_new(struct calls *c, const struct conn *conn);
void calls_conn_set_http(struct calls_conn *cc, const struct http *h);
void calls_conn_ends(struct calls_conn *cc); /* conn->ends was told */
void calls_conn_free(struct calls_conn *cc); /* ends what is under way as cut; accepts NULL */
/* Call with times that pass, of events or a clock: a call that may be seen from its connection's
 * other end too is told only when it is known, or when that was awaited long enough. */
void calls_tick(struct calls *c, uint64_t now_ns);
/* Tells what is left, once all connections are freed. */
void calls_finish(struct calls *c);

extern const struct http_out calls_http_out; /* give it a struct calls_conn * as arg */

#endif

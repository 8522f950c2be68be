/* SPDX-License-Identifier: MIT */
/* HTTP messages to exchanges: bodies are decoded, kept and digested; requests are recognised as
 * model calls by path and shape of body first, host second; streams are fed to the dialect event
 * by event. One `struct assembler` serves all connections; a `struct assembler_conn` is one
 * connection's and is what the http callbacks get as `arg`. Pure. */
#ifndef SPY_ASSEMBLE_ASSEMBLER_H
#define SPY_ASSEMBLE_ASSEMBLER_H

#include "exchange/key_print.h"
#include "exchange/numbering.h"
#include "exchange/observer.h"
#include "http/message.h"
#include "stream/stream.h"

struct assembler;
/* `lim` and `observers` outlive it. Credentials are masked before any observer is called. */
struct assembler *assembler_new(struct limits *lim, const struct observers *observers);
void assembler_free(struct assembler *c); /* after assembler_finish */
/* Instead of those it was made with. */
void assembler_set_observers(struct assembler *c, const struct observers *observers);
void assembler_set_wall_offset(struct assembler *c, int64_t ns);
/* `prices` outlives it; without, no cost is known but what providers state. */
struct prices;
void assembler_set_prices(struct assembler *c, const struct prices *prices);
/* Hosts of which it is said who answers there; they outlive it. */
struct named_hosts;
void assembler_set_named_hosts(struct assembler *c, const struct named_hosts *named);
/* Whether some output shows the bodies of an exchange. Without, all are shown. */
void assembler_set_shows_bodies(struct assembler *c, shown_fn fn, const void *arg);
/* Who sees a record before its credentials are masked. Nothing of them may be kept, nor a reference
 * to the record. A zeroed one sees nothing. */
struct before_masks {
	const struct key_secret *secret; /* tells keys apart (exchange/key_print.h); NULL: no */
	/* The whole request was read, if that is ever known; once. May be NULL. */
	void (*request)(void *arg, struct exchange *x);
	void *arg;
};
/* What it points to outlives it. */
void assembler_set_before_masks(struct assembler *c, const struct before_masks *b);
void assembler_lost_events(struct assembler *c); /* marks all that are under way */

/* When an exchange began, CLOCK_MONOTONIC; those of one time are in the order of their serials. */
struct start {
	uint64_t ns, serial;
};
struct start assembler_start(const struct exchange *x);
/* Of the first of what is under way, and will be told to observers; past all others, with serial 0,
 * where nothing is. */
struct start assembler_earliest(const struct assembler *c);
/* Exchanges that are under way or wait to be told. */
size_t assembler_count(const struct assembler *c);

struct assembler_conn;
/* `conn` outlives it. */
struct assembler_conn *assembler_conn_new(struct assembler *c, const struct conn *conn);
void assembler_conn_lost(struct assembler_conn *cc); /* marks what is under way on it */
/* A recording tells the key of the request that began at that time (key_print_write). */
void assembler_conn_key(struct assembler_conn *cc, uint64_t began_ns, struct span text);
void assembler_conn_endpoints(struct assembler_conn *cc); /* conn->endpoints was told */
/* The server has read none of what was asked on it. It is put aside, and superseded by what is
 * asked next; where nothing is, it ends with the connection. */
void assembler_conn_refused(struct assembler_conn *cc, uint64_t ts_ns);
void assembler_conn_free(
	struct assembler_conn *cc); /* ends what is under way as cut; accepts NULL */
/* Call with times that pass, of events or a clock: a call that may be seen from its connection's
 * other end too is told only when it is known, or when that was awaited long enough. */
void assembler_tick(struct assembler *c, uint64_t now_ns);
/* Tells what is left, once all connections are freed. */
void assembler_finish(struct assembler *c);

extern const struct http_out assembler_http_out; /* give it a struct assembler_conn * as arg */

#endif

/* SPDX-License-Identifier: MIT */
/* What calls.c, socket.c, join.c and tell.c share. */
#ifndef SPY_ASSEMBLE_ASSEMBLY_H
#define SPY_ASSEMBLE_ASSEMBLY_H

#include "assemble/assembler.h"
#include "assemble/body_reader.h"
#include "llm/dialect.h"

/* One exchange being put together. */
struct call {
	struct exchange *x;
	struct calls_conn *cc;
	uint64_t id; /* http's */
	struct intake in[2];
	bool begun[2], ended[2];
	bool settled; /* the request was read */
	const struct dialect *dialect;
	const struct dialect *candidate; /* what the path suggests; the answer may prove it */
	bool proved;			 /* the first of the answer was looked at */
	void *state;			 /* dialect's, for the stream */
	struct framing *framing;
	struct buf sniff; /* first bytes of an answer whose media type says nothing */
	bool sniffed;
	bool said_all; /* the last element was the one that ends the API's stream */
	unsigned guesses;
	bool busy;		/* may not be ended now */
	bool upgraded;		/* its connection speaks WebSocket now */
	struct socket *socket;	/* of the exchange that opened one */
	struct socket *turn_of; /* of a call over one */
	uint64_t turn;		/* its number on that, from 1; else 0 */
	uint32_t stream;	/* HTTP/2: as in frames; of a turn, its opener's; else 0 */
	/* tell.c's */
	bool over;	      /* nothing more comes; it waits to be told */
	bool told;	      /* its request was */
	bool quiet;	      /* of its answer, not all was told as it came */
	struct call *twin;    /* its view from the other end, until one of them is told */
	bool twin_whole;      /* the client's was complete when it was told */
	struct wait *waiting; /* for its other view, or for that to end; or NULL */
	bool waited;	      /* for its other view, at some time */
	uint64_t since_ns;
	struct call *wait_next, *wait_prev;
	bool offered; /* to be found as another's twin (join.h) */
	struct call *offer_next, *offer_prev;
	struct call *next, *prev;   /* of the same connection */
	struct call *newer, *older; /* of all */
};

/* Calls that wait, in order of since_ns, almost. */
struct wait {
	struct call *first, *last;
};

struct calls {
	struct limits *lim;
	const struct calls_out *out;
	void *arg;
	struct talks *talks;
	const struct prices *prices; /* NULL: none are known */
	uint64_t last_id;
	uint64_t last_turn; /* numbers calls over WebSocket, which http knows nothing of */
	struct call *newest, *oldest;
	struct wait alone; /* may have another view */
	struct wait held;  /* servers' views that are over, of which the client's is not */
	struct joins *joins;
	bool tells_ends; /* of some connection they were told */
	size_t count, memory;
	int64_t wall_offset;
};

struct calls_conn {
	struct calls *calls;
	const struct conn *conn;
	const struct http *http;
	/* Open ones first, of which the newest is first, so that those that wait to be told, which
	 * may be many, are in nobody's way. */
	struct call *first, *last;
	struct call *offer_first, *offer_last; /* oldest first */
	bool closed;			       /* conn is NULL; what is left waits to be told */
	bool saw_all;			       /* what join.c asks of conn, once that is gone */
	bool plain;
	struct ends ends; /* family 0: not known */
	size_t ends_changes;
	struct calls_conn *chain, **chain_at; /* in its bucket of joins, if its ends are known */
};

/* The call of that number, made when it is new. */
struct call *call_of(struct calls_conn *cc, uint64_t id);
void call_begin_side(struct call *k, enum http_msg m, uint64_t ts, const struct http_head *h);
void call_set_dialect(struct call *k, const struct dialect *d);
/* The request is known: shows it. body may be NULL. */
void call_request(struct call *k, const json_t *body);
/* One element of the answer. */
void call_event(struct call *k, struct span name, const json_t *v);
void call_end_side(struct call *k, enum http_msg m, bool complete);
/* Nothing more comes. The exchange is told of, now or later, and freed then. */
void call_end(struct call *k);
void call_free(struct call *k);

#endif

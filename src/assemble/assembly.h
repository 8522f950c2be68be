/* SPDX-License-Identifier: MIT */
/* What calls.c, socket.c, join.c and tell.c share. */
#ifndef SPY_ASSEMBLE_ASSEMBLY_H
#define SPY_ASSEMBLE_ASSEMBLY_H

#include "assemble/assembler.h"
#include "assemble/body_reader.h"
#include "llm/dialect.h"

/* One exchange being put together. */
struct assembly {
	struct exchange *x;
	struct assembler_conn *cc;
	uint64_t id; /* http's */
	struct body_reader in[2];
	bool begun[2], ended[2];
	bool settled; /* the request was read */
	const struct dialect *dialect;
	const struct dialect *candidate; /* what the path suggests; the answer may prove it */
	bool proved;			 /* the first of the answer was looked at */
	void *state;			 /* dialect's, for the stream */
	bool said_all; /* the last element was the one that ends the API's stream */
	unsigned guesses;
	size_t memory;		   /* that the record takes, as it was counted last */
	uint64_t measure_at;	   /* with so many bytes of the answer it is counted again */
	bool busy;		   /* may not be ended now */
	bool upgraded;		   /* its connection speaks WebSocket now */
	struct ws_turns *ws_turns; /* of the exchange that opened one */
	struct ws_turns *turn_of;  /* of a call over one */
	uint64_t turn;		   /* its number on that, from 1; else 0 */
	uint32_t stream;	   /* HTTP/2: as in frames; of a turn, its opener's; else 0 */
	/* tell.c's */
	bool over; /* nothing more comes; it waits to be told */
	bool opened, response_delivered;
	bool delivered;		    /* its request was */
	bool quiet;		    /* of its answer, not all was told as it came */
	struct assembly *peer_view; /* its view from the other end, until one of them is told */
	bool peer_view_whole;	    /* the client's was complete when it was told */
	struct wait *waiting;	    /* for its other view, or for that to end; or NULL */
	bool waited;		    /* for its other view, at some time */
	uint64_t since_ns;
	struct assembly *wait_next, *wait_prev;
	bool registered; /* to be found as another's twin (join.h) */
	struct assembly *registered_next, *registered_prev;
	struct assembly *next, *prev;	/* of the same connection */
	struct assembly *newer, *older; /* of all */
};

/* Calls that wait, in order of since_ns, almost. */
struct wait {
	struct assembly *first, *last;
};

struct assembler {
	struct limits *lim;
	const struct observers *observers;
	struct conversations *conversations;
	const struct prices *prices; /* NULL: none are known */
	uint64_t last_id;
	uint64_t last_turn; /* numbers calls over WebSocket, which http knows nothing of */
	struct assembly *newest, *oldest;
	struct wait unpaired; /* may have another view */
	struct wait
		awaiting_client; /* servers' views that are over, of which the client's is not */
	struct pairs *pairs;
	bool knows_endpoints; /* of some connection they were told */
	size_t count;
	int64_t wall_offset;
};

struct assembler_conn {
	struct assembler *assembler;
	const struct conn *conn;
	bool is_server; /* the traced program answers on it */
	/* Open ones first, of which the newest is first, so that those that wait to be told, which
	 * may be many, are in nobody's way. */
	struct assembly *first, *last;
	struct assembly *registered_first, *registered_last; /* oldest first */
	bool closed;  /* conn is NULL; what is left waits to be told */
	bool saw_all; /* what join.c asks of conn, once that is gone */
	bool cleartext;
	struct endpoints endpoints; /* family 0: not known */
	size_t endpoints_changes;
	struct assembler_conn *chain,
		**chain_at; /* in its bucket of joins, if its ends are known */
};

/* The call of that number, made when it is new. */
struct assembly *assembly_of(struct assembler_conn *cc, uint64_t id);
void assembly_begin_side(struct assembly *k, enum http_msg m, uint64_t ts,
			 const struct http_head *h);
void assembly_set_dialect(struct assembly *k, const struct dialect *d);
/* The request is known: shows it. body may be NULL. */
void assembly_request(struct assembly *k, const json_t *body);
/* One element of the answer. */
void assembly_event(struct assembly *k, struct span name, const json_t *v);
void assembly_end_side(struct assembly *k, enum http_msg m, bool complete);
/* Nothing more comes. The exchange is told of, now or later, and freed then. */
void assembly_end(struct assembly *k);
void assembly_free(struct assembly *k);

#endif

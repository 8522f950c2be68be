/* SPDX-License-Identifier: MIT */
/* What the files of assemble/ share. */
#ifndef SPY_ASSEMBLE_ASSEMBLY_H
#define SPY_ASSEMBLE_ASSEMBLY_H

#include "assemble/assembler.h"
#include "assemble/body_reader.h"
#include "base/list.h"
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
	bool proved;			 /* the dialect was checked by the answer */
	void *state;			 /* dialect's, for the stream */
	bool stream_ended; /* the last element was the one that ends the API's stream */
	unsigned guesses;
	size_t memory;		   /* that the record takes, as it was counted last */
	uint64_t measure_at;	   /* with so many bytes of the answer it is counted again */
	bool busy;		   /* may not be ended now */
	bool upgraded;		   /* its connection speaks WebSocket now */
	struct ws_turns *ws_turns; /* of the exchange that opened one */
	struct ws_turns *turn_of;  /* of an exchange over one */
	uint64_t turn;		   /* its number on that, from 1; else 0 */
	/* sse_results.c's: the id of its call; of a stream, where such calls are POSTed */
	char *rpc_id, *sse_target;
	bool sse_answered, sse_waits;
	struct rpc_calls *rpc_calls; /* where its result is awaited; NULL: nowhere */
	uint32_t stream;	     /* HTTP/2: as in frames; of a turn, its opener's; else 0 */
	/* deliver.c's */
	bool refused; /* its server did not read it; it waits for what takes its place */
	bool over;    /* nothing more comes; it waits to be delivered */
	bool told; /* its end was delivered, so its record is frozen: it waits for its other view */
	bool done; /* delivered for the last time: to be freed */
	struct assembly *done_next;
	bool opened, response_delivered;
	bool delivered;		    /* its request was */
	bool dropped[2];	    /* the text of that body is gone, and counted no more */
	bool inspected;		    /* before_masks has seen its request */
	bool quiet;		    /* not all of its answer was delivered as it came */
	struct assembly *peer_view; /* its view from the other end, until one is delivered */
	bool peer_view_whole;	    /* the client's was complete when it was delivered */
	struct list *waits;	    /* the list in which it waits, or NULL */
	bool waited;		    /* for its other view, at some time */
	uint64_t since_ns;
	struct list wait;	  /* of `waits` */
	bool registered;	  /* to be found as another's view (pair.h) */
	struct list registration; /* of its connection's */
	/* relay.c's: a server's call that is being answered */
	bool relayed; /* it was compared */
	bool answering;
	uint8_t question[32];
	struct list answers; /* of assembler.answering */
	struct list made;    /* the calls that were made for this one, if its client is not known */
	struct assembly *asker;		/* of one that was made: for which; NULL */
	struct list made_for;		/* of asker->made */
	struct assembly *next, *prev;	/* of the same connection */
	struct list by_id;		/* of a bucket of assembler.open, while it is open */
	struct assembly *newer, *older; /* of all */
};

/* Buckets of open exchanges; of these there are as many as the limit `exchanges` at most. */
#define OPEN_BUCKETS 1024

struct assembler {
	struct limits *lim;
	const struct observers *observers;
	struct conversations *conversations;
	struct rounds *rounds;
	const struct prices *prices;	 /* NULL: none are known */
	const struct named_hosts *named; /* NULL: none */
	struct before_masks before_masks;
	shown_fn shows_bodies; /* NULL: all are shown */
	const void *shows_bodies_arg;
	uint64_t last_serial;
	uint64_t last_turn; /* numbers exchanges over WebSocket, which http does not know */
	struct assembly *newest, *oldest;
	struct list open[OPEN_BUCKETS]; /* by connection and number */
	struct assembly *done;		/* to be freed */
	/* Exchanges that wait, nearly in order of since_ns. They may have another view: clients'
	 * views that are over, those of them whose end was delivered since, and servers' views
	 * whose request was read. */
	struct list unpaired_clients, told_clients, unpaired_servers;
	/* Servers' views that are over, of which the client's is not. */
	struct list awaiting_client;
	struct list answering; /* relay.c's: calls that are being answered, the latest first */
	size_t nanswering;
	struct pairs *pairs;
	bool knows_endpoints; /* of some connection */
	size_t count;
	int64_t wall_offset;
};

struct assembler_conn {
	struct assembler *assembler;
	const struct conn *conn;
	bool is_server; /* the traced program answers on it */
	/* Open exchanges first, newest first; finished ones that await delivery follow, so that
	 * lookups do not walk them. */
	struct assembly *first, *last;
	struct assembly *oldest_open; /* NULL: none is open */
	struct list registered;	      /* oldest first */
	bool closed;		      /* conn is NULL; what is left waits to be delivered */
	bool saw_all;		      /* pairs_saw_all, once conn is gone */
	bool cleartext;
	struct endpoints endpoints; /* family 0: not known */
	size_t endpoints_changes;
	size_t waiting; /* of its exchanges, in assembler.unpaired_servers */
	bool refused;	/* some of its exchanges are */
	struct assembler_conn *chain,
		**chain_at; /* in its bucket of pairs, if its endpoints are known */
};

/* The open exchange of that number, made when it is new. */
struct assembly *assembly_of(struct assembler_conn *cc, uint64_t id);
void assembly_begin_side(struct assembly *k, enum http_msg m, uint64_t ts,
			 const struct http_head *h);
void assembly_end_side(struct assembly *k, enum http_msg m, bool complete);
/* Nothing more comes. The exchange is delivered, now or later, and freed then. */
void assembly_end(struct assembly *k);

#endif

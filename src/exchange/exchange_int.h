/* SPDX-License-Identifier: MIT */
/* What exchange.c lends to those who make and share records. */
#ifndef SPY_EXCHANGE_EXCHANGE_INT_H
#define SPY_EXCHANGE_EXCHANGE_INT_H

#include "exchange/exchange.h"

/* Where the record keeps its strings, but for those in lists. */
#define EXCHANGE_STRINGS(x)                                                                        \
	&(x)->process, &(x)->exe, &(x)->cmdline, &(x)->comm, &(x)->server_name, &(x)->local,       \
		&(x)->peer, &(x)->method, &(x)->target, &(x)->host, &(x)->model_asked,             \
		&(x)->model_answered, &(x)->request_id, &(x)->response_id, &(x)->rpc_method,       \
		&(x)->rpc_name, &(x)->rpc_id, &(x)->rpc_task, &(x)->rpc_state, &(x)->rpc_context,  \
		&(x)->rpc_mismatch, &(x)->conversation.session, &(x)->conversation.title,          \
		&(x)->agent.session, &(x)->agent.id, &(x)->agent.parent, &(x)->agent.kind,         \
		&(x)->agent.thread, &(x)->agent.turn, &(x)->agent.parent_call, &(x)->service_tier, \
		&(x)->cache_miss, &(x)->script, &(x)->user, &(x)->container.runtime,               \
		&(x)->container.id, &(x)->container.name, &(x)->container.pod,                     \
		&(x)->container.unit, &(x)->via.program, &(x)->via.user, &(x)->made_for.program,   \
		&(x)->made_for.user, &(x)->did

/* The strings of an other end, by number. */
#define OTHER_END_STRINGS 5
char **other_end_string(struct other_end *o, size_t i);

/* `x` is zeroed memory. */
void exchange_init(struct exchange *x, uint64_t id, size_t text_max);
/* Frees what it owns, not itself. */
void exchange_done(struct exchange *x);

/* alerts.c */
void alerts_copy(struct alerts *a); /* of a record that was copied byte by byte */

/* halves.c: adds to a part's text; half a character at the end waits for the next piece, or for
 * part_add_end. */
void part_add(struct part *p, struct span text);
void part_add_end(struct part *p);

#endif

/* SPDX-License-Identifier: MIT */
/* HTTP/2, RFC 9113: both directions of one connection. Streams become messages with ids of
 * their own; both messages of a stream share one. Pushed streams are passed over. */
#ifndef SPY_HTTP_H2_H
#define SPY_HTTP_H2_H

#include "base/limits.h"
#include "http/message.h"

struct h2;
/* from_start: no byte came before those fed, and the roles are known. Else is_server and `m` of the
 * calls below are a guess. A head that proves it wrong swaps what `m` means, and calls out->role.
 */
struct h2 *h2_new(struct limits *lim, bool from_start, bool is_server, const struct http_out *out,
		  void *arg);
void h2_free(struct h2 *h); /* accepts NULL */

void h2_feed(struct h2 *h, enum http_msg m, uint64_t ts_ns, struct span s);
void h2_gap(struct h2 *h, enum http_msg m, uint64_t ts_ns, uint64_t nbytes);
/* `ended` makes no difference: the end of a stream is in its frames. */
void h2_close(struct h2 *h, uint64_t ts_ns, bool ended);

/* Framing broke: h2_feed takes no more bytes. */
bool h2_protocol_error(const struct h2 *h);
uint64_t h2_unread_bytes(const struct h2 *h);

#endif

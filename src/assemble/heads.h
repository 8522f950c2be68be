/* SPDX-License-Identifier: MIT */
/* What an exchange takes over from its connection and from HTTP heads. Credentials in heads are
 * masked here, before any other code sees them in the record. */
#ifndef SPY_ASSEMBLE_HEADS_H
#define SPY_ASSEMBLE_HEADS_H

#include "assemble/assembly.h"

void heads_set_connection(struct exchange *x, const struct assembler_conn *cc);
/* Of a pair of pipes: who asks is the process, and the other end is known. */
void heads_set_stdio(struct exchange *x, const struct assembler_conn *cc, enum dir asked);
/* Once it has ended: its process may be described only since it began. */
void heads_set_late_process(struct exchange *x, const struct conn *conn);
/* Who answers is known for certain only then: a shell may have started it since. */
void heads_answered_by(struct exchange *x, const struct assembler_conn *cc);
/* Does nothing while the endpoints are unknown. */
void heads_set_endpoints(struct exchange *x, const struct endpoints *e);
void heads_copy_request(struct exchange *x, const struct http_head *h);
/* Once its host is known. `named` may be NULL. */
struct named_hosts;
void heads_name_provider(struct exchange *x, const struct named_hosts *named);
void heads_copy_response(struct exchange *x, const struct http_head *h);
/* Its fields stand behind those of the head. */
void heads_copy_trailer(struct exchange *x, const struct http_head *h);

#endif

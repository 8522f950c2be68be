/* SPDX-License-Identifier: MIT */
/* Blanks credentials in the bytes of one connection as they are captured, for recordings. Finds out
 * what is spoken: HTTP/2 is left to redact/scrub_h2.h, all else to credential_scrub and
 * redact_stream_blank.
 *
 * A connection that was joined in the middle may be inside of anything, HTTP/2's header fields too.
 * Nothing of it is fit to be stored before a span begins like a message, like frames, or is
 * WebSocket's, as http/message.h tells them; a reader passes over the bytes before that as well.
 * Pure.
 */
#ifndef SPY_REDACT_SCRUB_H
#define SPY_REDACT_SCRUB_H

#include "base/dir.h"
#include "redact/scrub_h2.h"

/* All members are private. */
struct scrub {
	uint8_t proto;
	uint64_t next[2]; /* by enum dir: offset of the byte that is awaited */
	bool begun[2];	  /* the beginning of a message was seen, where the connection was joined */
	struct credential_scan scan[2];
	struct redact_stream text[2];
	struct scrub_h2 h2[2];
};

/* from_start: no byte of the connection came before offset 0. */
void scrub_init(struct scrub *b, bool from_start);

/* One span at offset `off`, blanked in place. Returns the part that may be stored, which may be
 * empty; offsets may leave gaps or go back. */
struct scrub_h2_part scrub_feed(struct scrub *b, enum dir d, uint64_t off, uint8_t *bytes,
				size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* Finds where HTTP/2 begins: a client's preface, or the border of a frame in the middle of a
 * connection. */
#ifndef SPY_HTTP_H2_START_H
#define SPY_HTTP_H2_START_H

#include "base/buf.h"
#include "base/span.h"

/* What a client's connection begins with, RFC 9113 section 3.4. */
extern const struct span h2_preface;

/* Takes what comes of it from the front of `s`, behind the `got` bytes that were there. False where
 * something else comes. */
bool h2_preface_take(size_t *got, struct span *s);

/* What the front of some bytes looks like. */
enum h2_start {
	H2_START_NO,
	H2_START_MORE,	  /* too few bytes to decide */
	H2_START_PREFACE, /* all of a client's connection preface */
	H2_START_FRAMES,  /* from the middle of a connection, or a server's beginning */
};
enum h2_start h2_start(struct span s);

/* One more span of a direction in which sync was lost. Programs begin a frame with a write of its
 * own, so that frames are looked for at the front of spans only. What may be the beginning of one
 * is held. PREFACE and FRAMES: found, and `hold` begins with it. NO: nothing is held, and all of it
 * is counted in `unread`. `max`: longest payload of a frame. */
enum h2_start h2_resync(struct buf *hold, struct span s, size_t max, bool may_be_client,
			uint64_t *unread);

#endif

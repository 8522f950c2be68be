/* SPDX-License-Identifier: MIT */
/* Blanks credentials in one direction of an HTTP/2 connection (RFC 9113), for recordings: follows
 * the frames and gives header blocks to redact/scrub_hpack.h, bodies to redact/redact_stream.h. No
 * byte moves and none is held.
 *
 * Where bytes are missing, a frame's length may still say where the next one begins. If not, header
 * blocks cannot be told from bodies, so nothing is fit to be stored until bytes are frames again,
 * by the checks of http/h2frame.h. A reader of the recording can make nothing of those bytes
 * either: it has to find the frames anew in just the same way. Pure. */
#ifndef SPY_REDACT_SCRUB_H2_H
#define SPY_REDACT_SCRUB_H2_H

#include "http/h2frame.h"
#include "redact/redact_stream.h"
#include "redact/scrub_hpack.h"

#define H2BLANK_SMALL 24 /* bytes of a client's preface, the longest that is gathered */

/* Zeroed to begin with the first byte of a connection. All members are private. */
struct scrub_h2 {
	uint8_t state;
	bool sure; /* that the frames are where they are taken to be */
	uint8_t small[H2BLANK_SMALL];
	uint8_t got, need;
	struct h2frame frame;
	uint32_t left, pad; /* of its payload: content, then padding */
	uint32_t block;	    /* stream whose header block is under way, or 0 */
	struct scrub_hpack fields;
	uint32_t data_stream; /* whose body `data` reads, or 0 */
	struct redact_stream data;
};

enum scrub_h2_is {
	H2BLANK_IS_OPEN,  /* too few bytes; those fed hold no credential */
	H2BLANK_IS_OTHER, /* not HTTP/2: nothing was changed, and feed is not to be called again */
	H2BLANK_IS_H2,
	H2BLANK_IS_LOST, /* bytes are missing from the start, or frames were lost */
};
enum scrub_h2_is scrub_h2_is(const struct scrub_h2 *b);

/* The part of what was fed that may be stored; empty where `len` is 0. */
struct scrub_h2_part {
	size_t at, len;
};

/* `bytes` are one span as a program reads or writes it. Blanks them in place. */
struct scrub_h2_part scrub_h2_feed(struct scrub_h2 *b, uint8_t *bytes, size_t len);
/* `nbytes` are missing. */
void scrub_h2_gap(struct scrub_h2 *b, uint64_t nbytes);
/* The beginning, or any part, was not seen. */
void scrub_h2_desync(struct scrub_h2 *b);

/* Whether a span begins with frames or a preface, by itself. */
enum scrub_h2_align {
	H2BLANK_LOOK_NO,
	H2BLANK_LOOK_MAYBE, /* with the header of one frame, that the span does not hold whole */
	H2BLANK_LOOK_YES,
};
enum scrub_h2_align scrub_h2_align(struct span s);

#endif

/* SPDX-License-Identifier: MIT */
/* Blanks credentials in the header blocks of one direction of an HTTP/2 connection, for
 * recordings. The blocks are HPACK (RFC 7541) and are walked, not decoded: every representation
 * keeps its place and every string its length, so that what was stored decodes to the same names,
 * to the same values of the fields in fieldnames.def, and to stars for all others. Of ":path", only
 * what secret.h takes for a credential is blanked, and where it is Huffman-coded all behind it.
 *
 * A blanked Huffman string decodes to a text of another length, so a replay's table of dynamic
 * entries (section 4.1) may fill sooner or later than it did. Entries count from the newest: later
 * makes no difference. Sooner can only be where an encoder chose the code for a text that it made
 * longer; a reference to what is gone by then is an error, and never another field. Pure. */
#ifndef SPY_REDACT_SCRUB_HPACK_H
#define SPY_REDACT_SCRUB_HPACK_H

#include "http/huffman.h"
#include "redact/credential.h"

/* Of the newest so many dynamic entries it is known how their values are treated. A table of the
 * size that HTTP/2 begins with holds 128 at most (4096 / 32). */
#define FIELDBLANK_ENTRIES 256 /* a power of two */
/* A longer name is none that is kept. */
#define FIELDBLANK_NAME 64

/* Zeroed to begin. All members are private. */
struct scrub_hpack {
	uint8_t state, op, value;
	bool enters;	 /* the literal under way enters the table */
	bool coded;	 /* the string under way is Huffman-coded */
	bool secret;	 /* in ":path": what comes next is blanked */
	uint8_t shift;	 /* of the integer under way */
	uint32_t number; /* that integer; of a string, the bytes that are left */
	struct huffman code;
	uint8_t fill, nfill; /* in ":path": the last `nfill` bits of `fill` are still to be put */
	uint8_t name_len;
	char name[FIELDBLANK_NAME + 1];
	struct credential_scan target;
	uint8_t values[FIELDBLANK_ENTRIES]; /* of entries, how their values are treated */
	uint8_t newest;			    /* index into it */
	uint16_t known;			    /* how many entries it tells of */
};

/* Fragments of a block, cut anywhere; then its end. A block that is malformed is overwritten from
 * there on with bytes that every decoder refuses. */
void scrub_hpack_feed(struct scrub_hpack *f, uint8_t *bytes, size_t len);
void scrub_hpack_end(struct scrub_hpack *f);

/* Blocks, or a part of the one under way, are missing here: the rest of it is overwritten. Between
 * blocks, scrub_hpack_end is to follow. */
void scrub_hpack_desync(struct scrub_hpack *f);

#endif

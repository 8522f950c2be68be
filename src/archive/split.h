/* SPDX-License-Identifier: MIT */
/* A record's JSON taken apart, so that what several records share can be stored once: messages, and
 * bodies in chunks whose borders follow from what they hold. No I/O. */
#ifndef SPY_ARCHIVE_SPLIT_H
#define SPY_ARCHIVE_SPLIT_H

#include <jansson.h>

#include "base/buf.h"

/* Where a piece belongs. In the file: never give a number another meaning. */
enum place {
	PLACE_SYSTEM = 1,
	PLACE_MESSAGE = 2,
	PLACE_TOOLS = 3,
	PLACE_CHOICE = 4,
	PLACE_REQUEST_BODY = 5,
	PLACE_RESPONSE_BODY = 6,
};

enum content_kind {
	CONTENT_BYTES = 0,   /* of a body */
	CONTENT_MESSAGE = 1, /* JSON of a message or choice */
	CONTENT_JSON = 2,
};

/* `position` counts from 0 in each place. Not 0: ends it, and is returned. */
typedef int piece_fn(void *arg, enum place place, size_t position, enum content_kind kind,
		     struct span bytes);

/* Takes the pieces out of the record. */
int split_record(json_t *record, piece_fn *fn, void *arg);

/* Puts pieces back, in the order of place and position. */
struct joiner {
	json_t *record;
	struct buf bodies[2];
};
void joiner_init(struct joiner *j, json_t *record, size_t body_max);
int joiner_add(struct joiner *j, enum place place,
	       struct span bytes);  /* -EBADMSG: it is no piece */
void joiner_done(struct joiner *j); /* the record is whole now */

/* What can be searched of a message's JSON: text, reasoning, and tool calls with their results. */
void message_words(struct span json, struct buf *said, struct buf *thought, struct buf *tools);

#endif

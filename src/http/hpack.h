/* SPDX-License-Identifier: MIT */
/* Header blocks of one direction of an HTTP/2 connection to heads. The coding (RFC 7541) is
 * libnghttp2's; here are the ceilings, and what to do where earlier blocks were not seen. */
#ifndef SPY_HTTP_HPACK_H
#define SPY_HTTP_HPACK_H

#include "base/limits.h"
#include "http/message.h"

/* What a block says. `head` is all but for `msg`; its `cut` is set where a field is missing: past
 * a limit, malformed, or coded as a reference to a block that was not seen. Values that are there
 * are right. */
struct hpack_head {
	struct http_head head;
	bool asks, answers; /* has pseudo-header fields of a request, or of a response */
	bool start_unknown; /* its first field is among those that are missing */
};

struct hpack;
/* from_start: no block came before those fed. */
struct hpack *hpack_new(struct limits *lim, bool from_start);
void hpack_free(struct hpack *p); /* accepts NULL */

/* One block: begin, its fragments cut anywhere, end. `ret` is valid until the next begin. */
void hpack_begin(struct hpack *p);
void hpack_feed(struct hpack *p, struct span fragment);
void hpack_end(struct hpack *p, struct hpack_head *ret);

/* Blocks, or a part of the one under way, are missing here. What follows of that block is not
 * read. */
void hpack_gap(struct hpack *p);

#endif

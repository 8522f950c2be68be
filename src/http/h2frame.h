/* SPDX-License-Identifier: MIT */
/* HTTP/2 frame headers (RFC 9113 sections 4.1 and 6): reads one, checks the rules for it, and
 * recognises bytes that are frames. Holds no state. */
#ifndef SPY_HTTP_H2FRAME_H
#define SPY_HTTP_H2FRAME_H

#include "base/span.h"

#define H2FRAME_HEAD 9		 /* bytes of a frame's header */
#define H2FRAME_MAX  (16u << 10) /* bytes of payload, unless a SETTINGS frame allows more */

enum h2frame_type {
	H2FRAME_DATA,
	H2FRAME_HEADERS,
	H2FRAME_PRIORITY,
	H2FRAME_RST_STREAM,
	H2FRAME_SETTINGS,
	H2FRAME_PUSH_PROMISE,
	H2FRAME_PING,
	H2FRAME_GOAWAY,
	H2FRAME_WINDOW_UPDATE,
	H2FRAME_CONTINUATION,
};

enum {
	H2FRAME_ACK = 0x01, /* of SETTINGS and PING */
	H2FRAME_END_STREAM = 0x01,
	H2FRAME_END_HEADERS = 0x04,
	H2FRAME_PADDED = 0x08,
	H2FRAME_WITH_PRIORITY = 0x20,
};

struct h2frame {
	uint32_t len; /* bytes of payload */
	uint8_t type; /* enum h2frame_type, or one that was added later */
	uint8_t flags;
	uint32_t stream; /* 0: the connection; the reserved bit is taken off */
};

struct h2frame h2frame_read(const uint8_t head[H2FRAME_HEAD]);

/* How many bytes at the front of the payload describe the rest. */
size_t h2frame_prefix(const struct h2frame *f);

/* How many bytes of padding end the payload, as that prefix has it. */
uint8_t h2frame_padding(const struct h2frame *f, const uint8_t *prefix);

/* HEADERS, PUSH_PROMISE and CONTINUATION: the payload is a fragment of a header block. */
bool h2frame_is_block(const struct h2frame *f);

/* One pair of a SETTINGS frame: the longest payload that its sender takes, if it is that setting
 * and allowed; else 0. */
#define H2FRAME_SETTING 6 /* bytes of a pair */
size_t h2frame_setting_max(const uint8_t pair[H2FRAME_SETTING]);
/* The last stream that a GOAWAY, of whose payload this is the front, lets go on. */
uint32_t h2frame_goaway_last(const uint8_t prefix[4]);

/* False where length or stream break a rule that ends the connection. Types that are not known
 * are valid, section 5.5. */
bool h2frame_valid(const struct h2frame *f);

/* Whether bytes begin with frames. Stricter than h2frame_valid: yes where they end with a frame, or
 * behind two whole ones with the header of a third. `max`: longest payload. */
enum h2frame_aligned { H2FRAME_ALIGNED_NO, H2FRAME_ALIGNED_MORE, H2FRAME_ALIGNED_YES };
enum h2frame_aligned h2frame_aligned(struct span s, size_t max);

#endif

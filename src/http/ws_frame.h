/* SPDX-License-Identifier: MIT */
/* WebSocket frames, RFC 6455 section 5.2: reads the header of one, checks the rules for it, and
 * recognises bytes that are frames. Holds no state. */
#ifndef SPY_HTTP_WS_FRAME_H
#define SPY_HTTP_WS_FRAME_H

#include "base/span.h"
#include "http/ws_setup.h"

#define WS_FRAME_HEADER_MAX 14
#define WS_FRAME_RSV1	    4 /* of a message that permessage-deflate compressed */

enum ws_opcode {
	WS_OP_MORE = 0,
	WS_OP_TEXT = 1,
	WS_OP_BINARY = 2,
	WS_OP_CLOSE = 8,
	WS_OP_PONG = 10,
};

struct ws_frame {
	bool fin, masked;
	uint8_t rsv, opcode;
	uint8_t key[4];
	uint64_t len;
	bool minimal; /* its length is written in as few bytes as possible */
};

/* Length of the header at the front of `s`; 0 when `s` ends inside of it, and then as much of `ret`
 * is filled as the first two bytes contain, if there are two. */
size_t ws_frame_read(struct span s, struct ws_frame *ret);

bool ws_frame_is_control(const struct ws_frame *f);
/* RFC 6455 sections 5.2 and 5.5, RFC 7692 section 6. */
bool ws_frame_is_valid(const struct ws_setup *setup, const struct ws_frame *f);
/* Uses what RFC 6455 reserves, as an extension that is not known here may do. */
bool ws_frame_is_reserved(const struct ws_frame *f);
/* `at` is the place of the first of these bytes in the frame's payload. */
void ws_frame_unmask(const struct ws_frame *f, uint64_t at, uint8_t *bytes, size_t len);

/* Whether a span begins with frames where sync was lost. `max`: the longest payload. */
bool ws_frames_begin(struct span s, const struct ws_setup *setup, bool masked, uint64_t max);

/* For a connection joined in the middle: whether `s`, which a client wrote, is nothing but whole
 * masked text frames, each of them one JSON object by its looks. Then fills `ret` with what has to
 * be assumed where the handshake was not seen. */
bool ws_is_joined(struct span s, struct ws_setup *ret);

#endif

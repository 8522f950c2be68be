/* SPDX-License-Identifier: MIT */
/* First byte: what was agreed on. Then pieces: a byte for direction and kind, one for its length,
 * its bytes. What comes out keeps to the ceiling, and nothing comes after the end. */
#include <stdlib.h>

#include "http/ws.h"
#include "http/ws_frame.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGE_MAX 3000

/* Keeps the compiler from leaving the reading out. */
static volatile uint64_t read_all;

static void on_message(void *arg, uint64_t id, enum http_msg from, uint64_t ts_ns, struct span s,
		       bool cut)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += s.ptr[i];
	if (s.len > MESSAGE_MAX || *(unsigned *)arg)
		abort();
	read_all = sum;
}

static void on_closed(void *arg, uint64_t id, uint64_t ts_ns)
{
	if ((*(unsigned *)arg)++)
		abort();
}

/* The handshake's reader, with the input as a value. */
static void read_setup(struct span value)
{
	struct http_field fields[] = { { SPAN_LIT("Upgrade"), value },
				       { SPAN_LIT("upgrade"), SPAN_LIT("x, WebSocket") },
				       { SPAN_LIT("sec-websocket-extensions"), value } };
	struct http_head head = { .status = 101, .fields = fields, .nfields = 3 };
	struct ws_setup setup;

	if (!ws_setup_read(&head, &setup))
		abort();
	(void)ws_is_joined(value, &setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_out out = { .message = on_message, .closed = on_closed };
	struct cursor c = { .rest = span_of(data, size) };
	uint64_t flags = cursor_be(&c, 1), fed = 0;
	struct ws_setup setup = { .deflate = flags & 1,
				  .no_takeover = { flags & 2, flags & 4 },
				  .unknown = flags & 8 };
	unsigned closed = 0;
	struct limits lim;
	struct ws *w;

	read_setup(c.rest);
	limits_init(&lim);
	lim.max[LIMIT_event] = MESSAGE_MAX;
	lim.max[LIMIT_decoded] = 1 << 20;
	w = ws_new(&lim, &setup, &out, &closed, 1);
	while (c.rest.len && !c.bad) {
		uint64_t what = cursor_be(&c, 1), len = cursor_be(&c, 1);
		enum http_msg from = what & 1 ? HTTP_RESPONSE : HTTP_REQUEST;
		struct span s;

		if (what & 2) {
			ws_gap(w, from, 1, len);
			continue;
		}
		s = cursor_take(&c, what & 4 || len > c.rest.len ? c.rest.len : (size_t)len);
		fed += s.len;
		ws_feed(w, from, 1, s);
	}
	ws_close(w, 2);
	if (closed != 1 || ws_unread_bytes(w) > fed)
		abort();
	(void)ws_protocol_error(w);
	ws_free(w);
	return 0;
}

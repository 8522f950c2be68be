/* SPDX-License-Identifier: MIT */
#include "http/h2_websocket.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "http/ws.h"

/* A stream that asked for a WebSocket; `ws` once that was granted. */
struct tunnel {
	uint64_t id;
	struct ws *ws;
	bool over; /* it was told that it closed */
	bool ended[2];
};

struct tunnels {
	struct limits *lim;
	const struct http_out *out;
	void *arg;
	struct tunnel *items;
	size_t count;
	bool protocol_error; /* of those that ended */
	uint64_t unread;     /* likewise */
};

struct tunnels *tunnels_new(struct limits *lim, const struct http_out *out, void *arg)
{
	struct tunnels *t = xcalloc(1, sizeof(*t));

	*t = (struct tunnels){ .lim = lim, .out = out, .arg = arg };
	return t;
}

static struct tunnel *find(struct tunnels *t, uint64_t id)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].id == id)
			return &t->items[i];
	return NULL;
}

static void forget(struct tunnels *t, struct tunnel *one)
{
	if (one->ws) {
		t->protocol_error |= ws_protocol_error(one->ws);
		t->unread += ws_unread_bytes(one->ws);
	}
	ws_free(one->ws);
	*one = t->items[--t->count];
}

void tunnels_free(struct tunnels *t)
{
	if (!t)
		return;
	while (t->count)
		forget(t, &t->items[0]);
	free(t->items);
	free(t);
}

bool tunnels_protocol_error(const struct tunnels *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].ws && ws_protocol_error(t->items[i].ws))
			return true;
	return t->protocol_error;
}

uint64_t tunnels_unread_bytes(const struct tunnels *t)
{
	uint64_t n = t->unread;

	for (size_t i = 0; i < t->count; i++)
		n += t->items[i].ws ? ws_unread_bytes(t->items[i].ws) : 0;
	return n;
}

static void on_head(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct tunnels *t = arg;
	struct tunnel *one = find(t, id);
	struct ws_setup setup;

	if (h->msg == HTTP_REQUEST && span_eq(h->method, SPAN_LIT("CONNECT")) &&
	    span_caseeq(http_field_find(h, ":protocol"), SPAN_LIT("websocket"))) {
		t->items = xgrow(t->items, t->count, sizeof(*t->items));
		t->items[t->count++] = (struct tunnel){ .id = id };
	} else if (h->msg == HTTP_RESPONSE && one && !one->ws && ws_setup_read(h, &setup)) {
		one->ws = ws_new(t->lim, &setup, t->out, t->arg, id);
	}
	t->out->head(t->arg, id, ts_ns, h);
}

static void on_body(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, struct span s)
{
	struct tunnels *t = arg;
	struct tunnel *one = find(t, id);

	if (one && one->ws)
		ws_feed(one->ws, m, ts_ns, s);
	else
		t->out->body(t->arg, id, m, ts_ns, s);
}

static void on_gap(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, uint64_t nbytes)
{
	struct tunnels *t = arg;
	struct tunnel *one = find(t, id);

	if (one && one->ws)
		ws_gap(one->ws, m, ts_ns, nbytes);
	else
		t->out->gap(t->arg, id, m, ts_ns, nbytes);
}

/* Of a WebSocket, the end of its stream is its own: it is over when both sides have ended. */
static void on_end(void *arg, uint64_t id, enum http_msg m, uint64_t ts_ns, enum http_end why)
{
	struct tunnels *t = arg;
	struct tunnel *one = find(t, id);

	if (!one || !one->ws) {
		if (one && m == HTTP_RESPONSE)
			forget(t, one);
		t->out->end(t->arg, id, m, ts_ns, why);
		return;
	}
	one->ended[m] = true;
	if (!one->over && (m == HTTP_RESPONSE || why != HTTP_END_COMPLETE)) {
		one->over = true;
		ws_close(one->ws, ts_ns);
	}
	if (one->ended[HTTP_REQUEST] && one->ended[HTTP_RESPONSE])
		forget(t, one);
}

static void on_role(void *arg, bool is_server)
{
	struct tunnels *t = arg;

	if (t->out->role)
		t->out->role(t->arg, is_server);
}

static void on_trailer(void *arg, uint64_t id, uint64_t ts_ns, const struct http_head *h)
{
	struct tunnels *t = arg;

	if (t->out->trailer && !find(t, id))
		t->out->trailer(t->arg, id, ts_ns, h);
}

const struct http_out tunnels_out = {
	.head = on_head,
	.body = on_body,
	.gap = on_gap,
	.end = on_end,
	.role = on_role,
	.trailer = on_trailer,
};

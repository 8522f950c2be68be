/* SPDX-License-Identifier: MIT */
#include "cli/replay_http.h"

#ifdef HAVE_MICROHTTPD

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/redact.h"
#include "http/coding.h"
#include "select/amount.h"
#include "sink/http_server.h"
#include "telemetry/scrape.h"
#include "view/reply.h"

#define CONNECTIONS    256
#define IDLE_SECONDS   120
#define HEAD_BYTES_MAX ((size_t)256 << 10)
#define PIECE	       ((size_t)32 << 10)
/* Of requests that are being received, all together. */
#define RECEIVING_MAX ((size_t)256 << 20)
#define PAUSE_MAX_NS  600000000000ull

struct replay_http {
	struct MHD_Daemon *daemon;
	struct replay_http_config c;
	replay_fn fn;
	void *arg;
	size_t receiving; /* bytes */
	struct talk *waiting;
	char url[HTTP_URL_SIZE];
};

/* One request and its answer. */
struct talk {
	struct replay_http *http;
	struct MHD_Connection *connection;
	struct exchange *asked;
	struct buf raw; /* its body, as it comes */
	bool begun, decided;
	const struct exchange *x; /* the answer; NULL: a refusal */
	struct buf refusal;
	uint64_t asked_ns;
	struct reply_cursor cursor;
	size_t left;	   /* of the piece that is being sent */
	uint64_t due_ns;   /* when it may go on */
	struct talk *next; /* of those that wait */
	bool waits;
};

/* ---- waiting ---- */

/* When what came at `then` is due: as long after the request as it was. */
static uint64_t due_of(const struct talk *t, uint64_t then)
{
	const struct times *r = &t->x->t;
	uint64_t from = r->request_last ? r->request_last : r->request_first;
	uint64_t pause = from && then > from ? then - from : 0;

	return t->http->c.paced && pause ? t->asked_ns + pause : 0;
}

/* False: it is due. */
static bool wait_for(struct talk *t, uint64_t due)
{
	uint64_t now = now_ns();

	if (due <= now)
		return false;
	t->due_ns = due < now + PAUSE_MAX_NS ? due : now + PAUSE_MAX_NS;
	t->waits = true;
	t->next = t->http->waiting;
	t->http->waiting = t;
	http_api.suspend_connection(t->connection);
	return true;
}

static void wake(struct replay_http *h, uint64_t now)
{
	struct talk **at = &h->waiting;

	while (*at) {
		struct talk *t = *at;

		if (t->due_ns > now) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		t->waits = false;
		http_api.resume_connection(t->connection);
	}
}

/* ---- answers ---- */

static ssize_t read_body(void *arg, uint64_t at, char *out, size_t max)
{
	struct talk *t = arg;
	const struct buf *text = &t->x->response_body.text;
	uint64_t came;

	if (!t->left) {
		t->left = reply_next(t->x, &t->cursor, &came);
		if (!t->left)
			return reply_is_cut(t->x) ? MHD_CONTENT_READER_END_WITH_ERROR
						  : MHD_CONTENT_READER_END_OF_STREAM;
		t->due_ns = due_of(t, came);
	}
	if (wait_for(t, t->due_ns))
		return 0;
	if (max > t->left)
		max = t->left;
	memcpy(out, text->ptr + at, max);
	t->left -= max;
	return (ssize_t)max;
}

static enum MHD_Result send_record(struct talk *t)
{
	const struct exchange *x = t->x;
	int64_t len = reply_length(x);
	struct MHD_Response *r = http_api.create_response_from_callback(
		len < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)len, PIECE, read_body, t, NULL);

	for (size_t i = 0; i < x->response_headers.count; i++)
		if (reply_has_field(&x->response_headers.items[i]))
			http_api.add_response_header(r, x->response_headers.items[i].name,
						     x->response_headers.items[i].value);
	return http_send(t->connection, x->status, r);
}

static enum MHD_Result refuse(struct talk *t, unsigned status, const char *type, struct buf *text)
{
	struct MHD_Response *r = http_text(type, text);

	/* SDKs would ask again otherwise. */
	http_api.add_response_header(r, "x-should-retry", "false");
	return http_send(t->connection, status, r);
}

static enum MHD_Result refuse_text(struct talk *t, unsigned status, const char *why)
{
	struct buf text;

	buf_init(&text, 200);
	buf_adds(&text, why);
	return refuse(t, status, "text/plain; charset=utf-8", &text);
}

/* ---- requests ---- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *c)
{
	struct replay_http *h = arg;
	struct talk *t = xcalloc(1, sizeof(*t));

	*t = (struct talk){ .http = h, .connection = c };
	t->asked = exchange_new(0, h->c.lim->max[LIMIT_body]);
	set_string(&t->asked->target, span_str(target));
	buf_init(&t->raw, h->c.lim->max[LIMIT_body]);
	buf_init(&t->refusal, 64 << 10);
	return t;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct talk *t = *state, **at;

	if (!t)
		return;
	for (at = &t->http->waiting; t->waits && *at != t; at = &(*at)->next)
		;
	if (t->waits)
		*at = t->next;
	t->http->receiving -= t->raw.len;
	buf_done(&t->raw);
	buf_done(&t->refusal);
	exchange_unref(t->asked);
	free(t);
	*state = NULL;
}

static struct span field(const struct talk *t, const char *name)
{
	return http_field(t->connection, name);
}

/* The head is known. */
static enum MHD_Result begin(struct talk *t, const char *method)
{
	char *length = (char *)field(t, MHD_HTTP_HEADER_CONTENT_LENGTH).ptr;
	uint64_t bytes = 0;

	t->begun = true;
	set_string(&t->asked->method, span_str(method));
	if (!scrape_host_is_ours(field(t, MHD_HTTP_HEADER_HOST), NULL))
		return refuse_text(t, MHD_HTTP_FORBIDDEN,
				   "this Host is not known: use an address\n");
	if (length && (amount_number(length, INT64_MAX, &bytes) != 0 || bytes > t->raw.max))
		return refuse_text(t, 413, "the body is longer than --limit body\n");
	return MHD_YES;
}

/* Past a ceiling the connection is closed: libmicrohttpd takes no answer before the body's end. */
static enum MHD_Result receive(struct talk *t, const char *data, size_t *len)
{
	struct replay_http *h = t->http;

	if (*len > RECEIVING_MAX - h->receiving || *len > t->raw.max - t->raw.len)
		return MHD_NO;
	h->receiving += *len;
	buf_add(&t->raw, span_of(data, *len));
	*len = 0;
	return MHD_YES;
}

static void add_decoded(void *arg, struct span out)
{
	buf_add(arg, out);
}

static void read_request(struct talk *t)
{
	struct body *b = &t->asked->request_body;
	struct span type = field(t, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct coding *coding =
		coding_new(field(t, MHD_HTTP_HEADER_CONTENT_ENCODING), t->http->c.lim);

	if (coding)
		coding_feed(coding, buf_span(&t->raw), add_decoded, &b->text);
	coding_free(coding);
	set_string(&b->media_type, span_trim(span_first(type, span_find(type, ';'))));
	if (type.len) {
		struct headers *h = &t->asked->request_headers;

		h->items = xgrow(h->items, h->count, sizeof(*h->items));
		set_string(&h->items[h->count].name, SPAN_LIT("content-type"));
		set_string(&h->items[h->count++].value, type);
	}
	b->state = BODY_COMPLETE;
	redact_exchange(t->asked, NULL);
}

/* The request is whole. It is called once more after a pause. */
static enum MHD_Result answer(struct talk *t)
{
	if (!t->decided) {
		t->decided = true;
		t->asked_ns = now_ns();
		read_request(t);
		t->x = t->http->fn(t->http->arg, t->asked, &t->refusal);
		if (t->x && wait_for(t, due_of(t, t->x->t.response_first)))
			return MHD_YES;
	}
	return t->x ? send_record(t)
		    : refuse(t, MHD_HTTP_NOT_FOUND, "application/json", &t->refusal);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct talk *t = *state;

	if (!t->begun)
		return begin(t, method);
	return *data_len ? receive(t, data, data_len) : answer(t);
}

/* ---- its life ---- */

int replay_http_open(struct replay_http **ret, const struct replay_http_config *config,
		     replay_fn fn, void *arg, struct error *reterr)
{
	static const struct http_port port = { "", "0", "--port" };
	AUTO_FREE char *where = http_port_place(config->address, config->port);
	struct replay_http *h = xcalloc(1, sizeof(*h));
	const struct http_server_config c = { .port = &port,
					      .where = where,
					      .path = "",
					      .flags = MHD_ALLOW_SUSPEND_RESUME,
					      .connections = CONNECTIONS,
					      .idle_seconds = IDLE_SECONDS,
					      .head_max = HEAD_BYTES_MAX,
					      .on_request = on_request,
					      .on_target = on_target,
					      .on_completed = on_completed,
					      .arg = h };
	int err;

	*h = (struct replay_http){ .c = *config, .fn = fn, .arg = arg };
	err = http_server_start(&h->daemon, h->url, &c, reterr);
	if (err)
		free(h);
	else
		*ret = h;
	return err;
}

void replay_http_free(struct replay_http *h)
{
	if (!h)
		return;
	/* None may be suspended when it stops. */
	wake(h, UINT64_MAX);
	http_api.stop_daemon(h->daemon);
	free(h);
}

const char *replay_http_url(const struct replay_http *h)
{
	return h->url;
}

int replay_http_fd(const struct replay_http *h, int *ret_ms)
{
	uint64_t now = now_ns(), wait;
	int fd = http_server_fd(h->daemon, &wait);

	for (const struct talk *t = h->waiting; t; t = t->next) {
		uint64_t left = t->due_ns > now ? (t->due_ns - now + 999999) / 1000000 : 0;

		wait = left < wait ? left : wait;
	}
	*ret_ms = wait == UINT64_MAX ? -1 : wait < 1000000 ? (int)wait : 1000000;
	return fd;
}

void replay_http_serve(struct replay_http *h)
{
	wake(h, now_ns());
	http_api.run(h->daemon);
}

#else

#include <errno.h>

int replay_http_open(struct replay_http **ret, const struct replay_http_config *c, replay_fn fn,
		     void *arg, struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without libmicrohttpd");
}

void replay_http_free(struct replay_http *h)
{
}

const char *replay_http_url(const struct replay_http *h)
{
	return "";
}

int replay_http_fd(const struct replay_http *h, int *ret_ms)
{
	*ret_ms = -1;
	return -1;
}

void replay_http_serve(struct replay_http *h)
{
}

#endif

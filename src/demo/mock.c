/* SPDX-License-Identifier: MIT */
/* llm-spy-mock: a provider of language models that has no model. For --demo and the end-to-end
 * tests: HTTP/1.1 over TLS on loopback, a thread for each connection, answers in OpenAI's and
 * Anthropic's forms, whole or streamed. Key and certificate are made at start.
 *
 * What a test wants is said in the query: size=N (bytes of answer text), chunks=N, delay_ms=N
 * (between chunks), encoding=gzip, length=1 (Content-Length instead of chunks), close=1 (body
 * until close), cut=N (drop the connection after N bytes of body), early=1 (413 before the body
 * is read), status=N, busy=1 (429 to the first request that says so). */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "demo/mock_agent.h"
#include "demo/mock_tls.h"
#include "json/read.h"
#include "json/write.h"

#define BODY_MAX (256u << 20)
#define HEAD_MAX (256u << 10)

struct peer {
	SSL *ssl;
	struct buf in; /* read and not used yet */
	unsigned number;
	bool closed;
};

struct request {
	struct buf head, body;
	char *method, *target;
	bool expects, chunked;
	size_t length;
};

/* What the query asks for. */
struct wish {
	size_t size, chunks, delay_ms, cut;
	unsigned status;
	bool gzip, length, close, early, busy;
};

struct reply {
	struct peer *p;
	struct wish w;
	struct buf sent;  /* body as sent, transfer coding left off */
	struct buf whole; /* w.length: gathered until its size is known */
	z_stream z;
	bool stream;
};

static const char *log_dir;
static atomic_uint exchanges;
static atomic_bool was_busy;

/* ---- reading ---- */

static bool fill(struct peer *p)
{
	char piece[16384];
	int n = SSL_read(p->ssl, piece, sizeof(piece));

	if (n <= 0) {
		p->closed = true;
		return false;
	}
	return buf_add(&p->in, span_of(piece, (size_t)n)) == 0;
}

/* One line with its end; false when the connection ended. */
static bool read_line(struct peer *p, struct buf *out)
{
	size_t n;

	while ((n = span_find(buf_span(&p->in), '\n')) == p->in.len)
		if (p->in.len > HEAD_MAX || !fill(p))
			return false;
	buf_add(out, span_of(p->in.ptr, n + 1));
	buf_drop(&p->in, n + 1);
	return true;
}

static bool read_bytes(struct peer *p, size_t n, struct buf *out)
{
	while (n) {
		size_t part = n < p->in.len ? n : p->in.len;

		buf_add(out, span_of(p->in.ptr, part));
		buf_drop(&p->in, part);
		n -= part;
		if (n && !fill(p))
			return false;
	}
	return true;
}

static bool read_chunks(struct peer *p, struct buf *out)
{
	struct buf line;
	size_t size = 1;
	bool good = true;

	buf_init(&line, HEAD_MAX);
	while (size && good) {
		buf_reset(&line);
		good = read_line(p, &line);
		size = good ? strtoul(line.ptr, NULL, 16) : 0;
		good = good && read_bytes(p, size, out);
		buf_reset(&line);
		good = good && read_line(p, &line); /* the line end, or the end of no trailer */
	}
	buf_done(&line);
	return good;
}

static bool has_field(struct span line, const char *name)
{
	return line.len > strlen(name) &&
	       strncasecmp((const char *)line.ptr, name, strlen(name)) == 0;
}

static bool read_head(struct peer *p, struct request *r)
{
	size_t at = 0;
	char *space;

	for (;;) {
		struct span line;

		if (!read_line(p, &r->head))
			return false;
		line = span_from(buf_span(&r->head), at);
		at = r->head.len;
		if (line.len <= 2 && at <= 2) {
			buf_reset(&r->head); /* an empty line before a request */
			at = 0;
			continue;
		}
		if (line.len <= 2)
			break;
		if (has_field(line, "content-length:"))
			r->length = strtoul((const char *)line.ptr + 15, NULL, 10);
		r->chunked |= has_field(line, "transfer-encoding: chunked");
		r->expects |= has_field(line, "expect: 100-continue");
	}
	space = strchr(r->head.ptr, ' ');
	if (!space)
		return false;
	r->method = xstrndup(r->head.ptr, (size_t)(space - r->head.ptr));
	r->target = xstrndup(space + 1, strcspn(space + 1, " \r\n"));
	return true;
}

static void request_done(struct request *r)
{
	buf_done(&r->head);
	buf_done(&r->body);
	free(r->method);
	free(r->target);
}

static size_t query_number(const char *target, const char *name, size_t otherwise)
{
	const char *at = strchr(target, '?');
	size_t len = strlen(name);

	while (at) {
		at++;
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return strtoul(at + len + 1, NULL, 10);
		at = strchr(at, '&');
	}
	return otherwise;
}

static struct wish read_wish(const char *target)
{
	return (struct wish){
		.size = query_number(target, "size", 0),
		.chunks = query_number(target, "chunks", 0),
		.delay_ms = query_number(target, "delay_ms", 0),
		.cut = query_number(target, "cut", 0),
		.status = (unsigned)query_number(target, "status", 200),
		.gzip = strstr(target, "encoding=gzip") != NULL,
		.length = query_number(target, "length", 0),
		.close = query_number(target, "close", 0),
		.early = query_number(target, "early", 0),
		.busy = query_number(target, "busy", 0),
	};
}

/* ---- writing ---- */

static void send_bytes(struct peer *p, struct span s)
{
	while (s.len && !p->closed) {
		int n = SSL_write(p->ssl, s.ptr, s.len > (1 << 20) ? 1 << 20 : (int)s.len);

		if (n <= 0)
			p->closed = true;
		else
			s = span_from(s, (size_t)n);
	}
}

static void send_text(struct peer *p, const char *text)
{
	send_bytes(p, span_str(text));
}

static void send_head(struct reply *r, const char *type, size_t length)
{
	struct buf head;

	buf_init(&head, HEAD_MAX);
	buf_addf(&head, "HTTP/1.1 %u Mock\r\nContent-Type: %s\r\nx-request-id: req_mock_%u\r\n",
		 r->w.status, type, atomic_load(&exchanges));
	if (r->w.status == 429)
		buf_adds(&head, "Retry-After: 1\r\nx-ratelimit-limit-requests: 500\r\n"
				"x-ratelimit-remaining-requests: 0\r\n"
				"x-ratelimit-reset-requests: 1s\r\n");
	if (r->w.gzip)
		buf_adds(&head, "Content-Encoding: gzip\r\n");
	if (r->w.close)
		buf_adds(&head, "Connection: close\r\n");
	else if (r->w.length)
		buf_addf(&head, "Content-Length: %zu\r\n", length);
	else
		buf_adds(&head, "Transfer-Encoding: chunked\r\n");
	buf_adds(&head, "\r\n");
	send_bytes(r->p, buf_span(&head));
	buf_done(&head);
}

/* A piece of body in its transfer coding; one TLS write for all of it. */
static void send_body(struct reply *r, struct span s)
{
	struct buf out;

	if (r->w.cut && r->sent.len + s.len >= r->w.cut) {
		s = span_first(s, r->w.cut - r->sent.len);
		r->p->closed = true;
	}
	if (s.len == 0)
		return;
	buf_add(&r->sent, s);
	buf_init(&out, s.len + 64);
	if (!r->w.length && !r->w.close)
		buf_addf(&out, "%zx\r\n", s.len);
	buf_add(&out, s);
	if (!r->w.length && !r->w.close)
		buf_adds(&out, "\r\n");
	if (r->p->closed) {
		r->p->closed = false;
		send_bytes(r->p, buf_span(&out));
		r->p->closed = true;
	} else {
		send_bytes(r->p, buf_span(&out));
	}
	buf_done(&out);
}

/* Content coding, flushed so that each piece can be read at once. */
static void coded(struct reply *r, struct span s, int flush,
		  void (*fn)(struct reply *, struct span))
{
	uint8_t out[65536];

	if (!r->w.gzip) {
		fn(r, s);
		return;
	}
	r->z.next_in = (Bytef *)s.ptr;
	r->z.avail_in = (uInt)s.len;
	do {
		r->z.next_out = out;
		r->z.avail_out = sizeof(out);
		deflate(&r->z, flush);
		fn(r, span_of(out, sizeof(out) - r->z.avail_out));
	} while (r->z.avail_out == 0);
}

static void gather(struct reply *r, struct span s)
{
	buf_add(&r->whole, s);
}

/* A body that is known whole. */
static void send_whole(struct reply *r, const char *type, struct span body)
{
	coded(r, body, Z_FINISH, gather);
	send_head(r, type, r->whole.len);
	send_body(r, buf_span(&r->whole));
	if (!r->w.length && !r->w.close && !r->p->closed)
		send_text(r->p, "0\r\n\r\n");
}

static void send_json(struct reply *r, json_t *v)
{
	char *text = json_write_text(v);

	send_whole(r, "application/json", span_str(text));
	free(text);
	json_decref(v);
}

/* One event; takes `v` over. */
static void send_event(struct reply *r, const char *name, json_t *v)
{
	char *text = json_write_text(v);
	struct buf event;

	buf_init(&event, BODY_MAX);
	if (name)
		buf_addf(&event, "event: %s\n", name);
	buf_addf(&event, "data: %s\n\n", text);
	coded(r, buf_span(&event), Z_SYNC_FLUSH, send_body);
	buf_done(&event);
	free(text);
	json_decref(v);
	if (r->w.delay_ms)
		nanosleep(&(struct timespec){ (time_t)(r->w.delay_ms / 1000),
					      (long)(r->w.delay_ms % 1000) * 1000000 },
			  NULL);
}

static void begin_stream(struct reply *r)
{
	r->w.length = false; /* its size is not known beforehand */
	send_head(r, "text/event-stream", 0);
}

static void end_stream(struct reply *r, const char *mark)
{
	coded(r, span_str(mark), Z_FINISH, send_body);
	if (!r->w.close && !r->p->closed)
		send_text(r->p, "0\r\n\r\n");
}

/* ---- what is said ---- */

static char *answer_text(const struct wish *w)
{
	static const char words[] =
		"eBPF runs small verified programs inside the kernel, so that what a system does "
		"can be watched without changing it. ";
	struct buf text;

	if (!w->size)
		return xstrndup(words, sizeof(words) - 2);
	buf_init(&text, w->size);
	while (text.len < w->size)
		buf_add(&text,
			SPAN_LIT("eBPF runs small verified programs inside the kernel. \xc3\xa9 "));
	text.len = utf8_whole(buf_span(&text)); /* of half a character no JSON can be made */
	text.ptr[text.len] = '\0';
	return buf_take(&text);
}

/* Piece `i` of `n` of a text, cut between characters. */
static json_t *piece(const char *text, size_t i, size_t n)
{
	struct span s = span_str(text);
	size_t from = utf8_begin(s, s.len * i / n), to = utf8_begin(s, s.len * (i + 1) / n);

	return json_stringn(text + from, to - from);
}

static const char *model_of(const json_t *body, const char *otherwise)
{
	const char *model = json_string_value(json_object_get(body, "model"));

	return model ? model : otherwise;
}

/* A prompt about the weather is answered by a tool call, if tools are offered. */
static bool wants_tool(const json_t *body, const struct request *r)
{
	return json_array_size(json_object_get(body, "tools")) && strstr(r->body.ptr, "weather");
}

static json_t *openai_usage(void)
{
	return json_pack("{s:i,s:i,s:i,s:{s:i},s:{s:i}}", "prompt_tokens", 21, "completion_tokens",
			 17, "total_tokens", 38, "prompt_tokens_details", "cached_tokens", 0,
			 "completion_tokens_details", "reasoning_tokens", 0);
}

static json_t *openai_chunk(const char *model, json_t *delta, const char *finish)
{
	return json_pack("{s:s,s:s,s:i,s:s,s:[{s:i,s:o,s:s?}]}", "id", "chatcmpl-mock1", "object",
			 "chat.completion.chunk", "created", 1764000000, "model", model, "choices",
			 "index", 0, "delta", delta, "finish_reason", finish);
}

static json_t *openai_tool_call(bool indexed)
{
	json_t *v =
		json_pack("{s:s,s:s,s:{s:s,s:s}}", "id", "call_mock1", "type", "function",
			  "function", "name", "get_weather", "arguments", "{\"city\":\"Paris\"}");

	if (indexed)
		json_object_set_new(v, "index", json_integer(0));
	return v;
}

static void openai_stream(struct reply *r, const json_t *body, bool tool, const char *text)
{
	const char *model = model_of(body, "gpt-4o");
	const json_t *options = json_object_get(body, "stream_options");
	size_t n = r->w.chunks ? r->w.chunks : 8;

	begin_stream(r);
	send_event(r, NULL,
		   openai_chunk(model, json_pack("{s:s,s:s}", "role", "assistant", "content", ""),
				NULL));
	for (size_t i = 0; i < n && !tool && !r->p->closed; i++)
		send_event(r, NULL,
			   openai_chunk(model, json_pack("{s:o}", "content", piece(text, i, n)),
					NULL));
	if (tool)
		send_event(r, NULL,
			   openai_chunk(model,
					json_pack("{s:[o]}", "tool_calls", openai_tool_call(true)),
					NULL));
	send_event(r, NULL, openai_chunk(model, json_object(), tool ? "tool_calls" : "stop"));
	if (json_is_true(json_object_get(options, "include_usage")))
		send_event(r, NULL,
			   json_pack("{s:s,s:s,s:i,s:s,s:[],s:o}", "id", "chatcmpl-mock1", "object",
				     "chat.completion.chunk", "created", 1764000000, "model", model,
				     "choices", "usage", openai_usage()));
	end_stream(r, "data: [DONE]\n\n");
}

static void openai_error(struct reply *r)
{
	bool limited = r->w.status == 429;

	send_json(r, json_pack("{s:{s:s,s:s,s:n,s:s}}", "error", "message",
			       limited ? "Rate limit reached for requests per minute"
				       : "Incorrect API key provided",
			       "type", limited ? "requests" : "invalid_request_error", "param",
			       "code", limited ? "rate_limit_exceeded" : "invalid_api_key"));
}

static void openai(struct reply *r, const struct request *q, const json_t *body)
{
	bool tool = wants_tool(body, q);
	char *text = answer_text(&r->w);
	json_t *m;

	if (r->w.status != 200) {
		openai_error(r);
	} else if (json_is_true(json_object_get(body, "stream"))) {
		openai_stream(r, body, tool, text);
	} else {
		m = tool ? json_pack("{s:s,s:n,s:[o]}", "role", "assistant", "content",
				     "tool_calls", openai_tool_call(false))
			 : json_pack("{s:s,s:s}", "role", "assistant", "content", text);
		send_json(r, json_pack("{s:s,s:s,s:i,s:s,s:[{s:i,s:o,s:s}],s:o}", "id",
				       "chatcmpl-mock1", "object", "chat.completion", "created",
				       1764000000, "model", model_of(body, "gpt-4o"), "choices",
				       "index", 0, "message", m, "finish_reason",
				       tool ? "tool_calls" : "stop", "usage", openai_usage()));
	}
	free(text);
}

/* What is answered where no agent asks; `text` is borrowed. */
static struct mock_answer plain_answer(bool tool, const char *text)
{
	struct mock_answer a = { .text = text, .read = 12, .cached = 9, .output = 17 };

	if (tool) {
		a.text = NULL;
		a.tool = "get_weather";
		a.call = "toolu_mock1";
		a.input = "{\"city\":\"Paris\"}";
	}
	return a;
}

static json_t *anthropic_text(const char *text)
{
	return json_pack("{s:s,s:s}", "type", "text", "text", text);
}

/* Takes `input` over. */
static json_t *anthropic_call(const struct mock_answer *a, json_t *input)
{
	return json_pack("{s:s,s:s,s:s,s:o}", "type", "tool_use", "id", a->call, "name", a->tool,
			 "input", input);
}

static json_t *anthropic_message(const char *model, json_t *content, const char *stop,
				 const struct mock_answer *a, int output)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:s?,s:n,s:{s:i,s:i,s:i,s:i}}", "id", "msg_mock1",
			 "type", "message", "role", "assistant", "model", model, "content", content,
			 "stop_reason", stop, "stop_sequence", "usage", "input_tokens", a->read,
			 "cache_creation_input_tokens", a->written, "cache_read_input_tokens",
			 a->cached, "output_tokens", output);
}

/* One block in pieces; takes `start` over. */
static void anthropic_stream_block(struct reply *r, int index, json_t *start, const char *said)
{
	size_t n = r->w.chunks ? r->w.chunks : 8;
	bool tool = strcmp(json_string_value(json_object_get(start, "type")), "text") != 0;

	send_event(r, "content_block_start",
		   json_pack("{s:s,s:i,s:o}", "type", "content_block_start", "index", index,
			     "content_block", start));
	if (index == 0)
		send_event(r, "ping", json_pack("{s:s}", "type", "ping"));
	for (size_t i = 0; i < n && !r->p->closed; i++)
		send_event(r, "content_block_delta",
			   json_pack("{s:s,s:i,s:{s:s,s:o}}", "type", "content_block_delta",
				     "index", index, "delta", "type",
				     tool ? "input_json_delta" : "text_delta",
				     tool ? "partial_json" : "text", piece(said, i, n)));
	send_event(r, "content_block_stop",
		   json_pack("{s:s,s:i}", "type", "content_block_stop", "index", index));
}

static void anthropic_stream(struct reply *r, const char *model, const struct mock_answer *a)
{
	int blocks = 0;

	begin_stream(r);
	send_event(r, "message_start",
		   json_pack("{s:s,s:o}", "type", "message_start", "message",
			     anthropic_message(model, json_array(), NULL, a, 1)));
	if (a->text)
		anthropic_stream_block(r, blocks++, anthropic_text(""), a->text);
	if (a->tool)
		anthropic_stream_block(r, blocks, anthropic_call(a, json_object()), a->input);
	send_event(r, "message_delta",
		   json_pack("{s:s,s:{s:s,s:n},s:{s:i}}", "type", "message_delta", "delta",
			     "stop_reason", a->tool ? "tool_use" : "end_turn", "stop_sequence",
			     "usage", "output_tokens", a->output));
	send_event(r, "message_stop", json_pack("{s:s}", "type", "message_stop"));
	end_stream(r, "");
}

static void anthropic_whole(struct reply *r, const char *model, const struct mock_answer *a)
{
	json_t *content = json_array();

	if (a->text)
		json_array_append_new(content, anthropic_text(a->text));
	if (a->tool)
		json_array_append_new(content,
				      anthropic_call(a, json_read_own(span_str(a->input))));
	send_json(r, anthropic_message(model, content, a->tool ? "tool_use" : "end_turn", a,
				       a->output));
}

static void anthropic(struct reply *r, const struct request *q, const json_t *body)
{
	const struct mock_answer *turn = mock_agent_answer(body);
	char *text = answer_text(&r->w);
	struct mock_answer a = turn ? *turn : plain_answer(wants_tool(body, q), text);
	const char *model = model_of(body, "claude");

	if (r->w.status != 200)
		send_json(r, json_pack("{s:s,s:{s:s,s:s},s:s}", "type", "error", "error", "type",
				       "authentication_error", "message", "invalid x-api-key",
				       "request_id", "req_mock"));
	else if (json_is_true(json_object_get(body, "stream")))
		anthropic_stream(r, model, &a);
	else
		anthropic_whole(r, model, &a);
	free(text);
}

static void models(struct reply *r, const struct request *q, const json_t *body)
{
	(void)q;
	(void)body;
	send_json(r, json_pack("{s:s,s:[{s:s,s:s}]}", "object", "list", "data", "id", "gpt-4o",
			       "object", "model"));
}

static void not_found(struct reply *r, const struct request *q, const json_t *body)
{
	(void)q;
	(void)body;
	r->w.status = 404;
	send_json(r, json_pack("{s:s}", "detail", "not found"));
}

/* ---- exchanges ---- */

static const struct {
	const char *path;
	void (*answer)(struct reply *r, const struct request *q, const json_t *body);
} routes[] = {
	{ "/v1/chat/completions", openai },
	{ "/v1/messages", anthropic },
	{ "/v1/models", models },
};

/* Who waits for the file finds all of it. */
static void write_file(unsigned n, const char *what, struct span s)
{
	AUTO_FREE char *path = xasprintf("%s/%u.%s", log_dir, n, what);
	AUTO_FREE char *begun = xasprintf("%s.begun", path);
	FILE *f = fopen(begun, "we");

	if (f) {
		fwrite(s.ptr, 1, s.len, f);
		fclose(f);
		rename(begun, path);
	}
}

/* Before the answer: a client may end as soon as it has that. */
static void log_request(unsigned n, const struct request *q)
{
	if (log_dir)
		write_file(n, "request", buf_span(&q->body));
}

static void log_exchange(unsigned n, const struct request *q, const struct reply *r)
{
	json_t *meta =
		json_pack("{s:i,s:i,s:s,s:s,s:i,s:i}", "number", n, "connection", r->p->number,
			  "method", q->method, "target", q->target, "request_bytes",
			  (int)q->body.len, "response_bytes", (int)r->sent.len);
	char *text = json_write_text(meta);

	write_file(n, "response", buf_span(&r->sent));
	write_file(n, "meta", span_str(text));
	free(text);
	json_decref(meta);
}

static void reply_to(struct reply *r, const struct request *q)
{
	bool partial;
	json_t *body = json_read(NULL, buf_span(&q->body), &partial);
	size_t path = strcspn(q->target, "?");
	void (*answer)(struct reply *, const struct request *, const json_t *) = not_found;

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (strlen(routes[i].path) == path && strncmp(routes[i].path, q->target, path) == 0)
			answer = routes[i].answer;
	if (strcmp(q->method, "HEAD") == 0)
		send_text(r->p, "HTTP/1.1 200 Mock\r\nContent-Length: 1234\r\n\r\n");
	else if (r->w.status == 204)
		send_text(r->p, "HTTP/1.1 204 Mock\r\n\r\n");
	else
		answer(r, q, body);
	json_decref(body);
}

/* One request and its answer; false when the connection is over. */
static bool serve_one(struct peer *p)
{
	struct request q = { 0 };
	struct reply r = { .p = p };
	bool good;

	buf_init(&q.head, HEAD_MAX);
	buf_init(&q.body, BODY_MAX);
	buf_init(&r.sent, BODY_MAX);
	buf_init(&r.whole, BODY_MAX);
	good = read_head(p, &q);
	if (good) {
		unsigned n = atomic_fetch_add(&exchanges, 1) + 1;

		r.w = read_wish(q.target);
		if (r.w.gzip)
			deflateInit2(&r.z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
		if (q.expects)
			send_text(p, "HTTP/1.1 100 Continue\r\n\r\n");
		if (r.w.busy && !atomic_exchange(&was_busy, true))
			r.w.status = 429;
		if (r.w.early)
			r.w.status = 413;
		else
			good = q.chunked ? read_chunks(p, &q.body)
					 : read_bytes(p, q.length, &q.body);
		if (!r.w.early)
			log_request(n, &q);
		if (good)
			reply_to(&r, &q);
		if (r.w.early) {
			good = q.chunked ? read_chunks(p, &q.body)
					 : read_bytes(p, q.length, &q.body);
			log_request(n, &q);
		}
		if (log_dir)
			log_exchange(n, &q, &r);
		if (r.w.gzip)
			deflateEnd(&r.z);
	}
	good = good && !r.w.close && !p->closed;
	request_done(&q);
	buf_done(&r.sent);
	buf_done(&r.whole);
	return good;
}

struct arrival {
	int fd;
	SSL_CTX *ctx;
	unsigned number;
};

static void *serve(void *arg)
{
	struct arrival a = *(struct arrival *)arg;
	struct peer p = { .ssl = SSL_new(a.ctx), .number = a.number };
	int one = 1;

	free(arg);
	setsockopt(a.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	buf_init(&p.in, BODY_MAX);
	SSL_set_fd(p.ssl, a.fd);
	if (SSL_accept(p.ssl) == 1) {
		while (serve_one(&p))
			;
		SSL_shutdown(p.ssl);
	}
	SSL_free(p.ssl);
	buf_done(&p.in);
	close(a.fd);
	return NULL;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	/* Loopback and nothing else. */
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 256) != 0) {
		perror("llm-spy-mock: listen");
		exit(1);
	}
	return fd;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &len) == 0 ? ntohs(a.sin_port) : 0;
}

static void accept_all(int listener, SSL_CTX *ctx)
{
	unsigned number = 0;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct arrival *a;
		pthread_t t;

		if (fd < 0)
			continue;
		a = xcalloc(1, sizeof(*a));
		number++;
		*a = (struct arrival){ .fd = fd, .ctx = ctx, .number = number };
		if (pthread_create(&t, &attr, serve, a) != 0) {
			close(fd);
			free(a);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "port", required_argument, NULL, 'p' },
					       { "ca-file", required_argument, NULL, 'c' },
					       { "log", required_argument, NULL, 'l' },
					       { 0 } };
	const char *ca_file = NULL;
	unsigned long port = 0;
	SSL_CTX *ctx;
	int opt, fd;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'p')
			port = strtoul(optarg, NULL, 10);
		else if (opt == 'c')
			ca_file = optarg;
		else if (opt == 'l')
			log_dir = optarg;
		else
			return 2;
	}
	if (!ca_file || port > 65535) {
		fputs("usage: llm-spy-mock --ca-file FILE [--port N] [--log DIR]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	ctx = mock_tls_context(ca_file);
	if (!ctx)
		return 1;
	fd = listen_on((uint16_t)port);
	printf("port %u\n", port_of(fd));
	fflush(stdout);
	accept_all(fd, ctx);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Bodies that no output shows: no observer sees them, and the rest of the record is as with them.
 */
#include <string.h>

#include "pipeline.h"
#include "tests/unit/tap.h"

#define SECRET "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"

enum shown { NEVER, OTHER_HTTP, ALWAYS };

struct watcher {
	enum shown shown;
	unsigned events, texts, secrets; /* bodies with text; with the secret */
	struct exchange *last;
};

static bool shows(const void *arg, const struct exchange *x)
{
	const struct watcher *w = arg;

	return w->shown == ALWAYS || (w->shown == OTHER_HTTP && x->kind == EXCHANGE_HTTP);
}

static void look(void *arg, struct exchange *x)
{
	const struct body *bodies[] = { &x->request_body, &x->response_body };
	struct watcher *w = arg;

	w->events++;
	for (size_t i = 0; i < 2; i++) {
		const struct buf *text = &bodies[i]->text;

		w->texts += text->len > 0;
		w->secrets += text->len && memmem(text->ptr, text->len, SECRET, strlen(SECRET));
	}
}

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	look(arg, x);
}

static void on_ended(void *arg, struct exchange *x)
{
	struct watcher *w = arg;

	look(w, x);
	exchange_unref(w->last);
	w->last = exchange_ref(x);
}

static const struct observer watching = {
	.opened = look, .request = look, .response = look, .delta = on_delta, .ended = on_ended
};

static void feed(struct pipeline *p, enum dir dir, uint64_t *off, const char *text)
{
	struct chunk c = { .kind = CHUNK_DATA,
			   .flags = CHUNK_FROM_START,
			   .conn = { .tgid = 7, .object = 1, .first_seen_ns = 1 },
			   .ts_ns = 1000 + off[0] + off[1],
			   .dir = dir,
			   .off = off[dir],
			   .data = span_str(text),
			   .comm = "t" };

	off[dir] += c.data.len;
	pipeline_chunk(p, &c);
}

static void play(struct watcher *w, enum shown shown, const char *path, const char *body,
		 const char *type, const char *const *answer)
{
	struct limits lim;
	struct pipeline *p;
	uint64_t off[2] = { 0 };
	char head[300];

	*w = (struct watcher){ .shown = shown };
	limits_init(&lim);
	p = pipeline_new(&lim);
	pipeline_observe(p, &watching, w);
	pipeline_set_shows_bodies(p, shows, w);
	snprintf(head, sizeof(head),
		 "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n",
		 path, strlen(body));
	feed(p, DIR_WRITE, off, head);
	feed(p, DIR_WRITE, off, body);
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n", type);
	feed(p, DIR_READ, off, head);
	for (; *answer; answer++)
		feed(p, DIR_READ, off, *answer);
	pipeline_finish(p, 100000);
	pipeline_free(p);
	is_int(w->secrets, 0, "no observer sees the secret");
	is_int(lim.memory, w->last->charged, "what is counted is what the record takes");
}

static void done(struct watcher *w)
{
	w->last->lim = NULL; /* it is gone */
	exchange_unref(w->last);
}

#define CHAT "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"key " SECRET "\"}]}"
#define PIECE(text)                                                                                \
	"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":"    \
	"[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"

static const char *const stream[] = { PIECE("Hel"), PIECE("lo " SECRET " you"), "data: [DONE]\n\n",
				      NULL };

static void is_read(const struct exchange *x, const char *what)
{
	const struct part *said = x->nchoices ? &x->choices[0].msg.parts[0] : NULL;

	ok(x->kind == EXCHANGE_LLM && x->request_parsed && x->nmessages == 1, "%s: request", what);
	is_str(x->nmessages ? x->messages[0].parts[0].text.ptr : NULL, "key sk-***", "masked");
	is_str(said ? said->text.ptr : NULL, "Hello sk-*** you", "and the answer");
	is_int(body_kept(&x->request_body), strlen(CHAT), "sizes are known");
	ok(exchange_complete(x) && x->request_body.sha256[0], "and digests");
}

int main(void)
{
	static const char *const other[] = { "{\"api_key\":\"" SECRET "\"}", NULL };
	struct watcher w;

	play(&w, NEVER, "/v1/chat/completions", CHAT, "text/event-stream", stream);
	is_read(w.last, "a call whose bodies nobody shows");
	is_int(w.texts, 0, "they are seen by nobody");
	ok(w.events > 4, "at any event");
	done(&w);

	play(&w, OTHER_HTTP, "/odd/path", CHAT, "text/event-stream", stream);
	is_read(w.last, "a call that its answer tells");
	ok(!w.last->request_body.text.len && !w.last->response_body.text.len, "ends without them");
	done(&w);

	play(&w, NEVER, "/odd/path", CHAT, "text/event-stream", stream);
	is_read(w.last, "the same, whose request was not shown before");
	is_int(w.texts, 0, "they are seen by nobody");
	done(&w);

	play(&w, ALWAYS, "/v1/chat/completions", CHAT, "text/event-stream", stream);
	is_read(w.last, "a call whose bodies are shown");
	ok(w.last->request_body.text.len && w.last->response_body.text.len, "has them");
	done(&w);

	play(&w, OTHER_HTTP, "/other", "{\"a\":1}", "application/json", other);
	is_str(w.last->response_body.text.ptr, "{\"api_key\":\"***\"}", "other HTTP has them too");
	done(&w);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
#include "assemble/websocket_turns.h"

#include <stdlib.h>

#include "assemble/deliver.h"
#include "assemble/dialect_reader.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/memory.h"
#include "json/memory.h"
#include "json/read.h"
#include "llm/detect.h"
#include "llm/json.h"

/* Numbers that http does not give out. */
#define TURN_IDS (1ull << 63)
/* Kinds of messages that hold for the whole session; there are one or two, of some kilobytes. */
#define STATES_MAX	8
#define STATE_BYTES_MAX (1u << 20)

/* More than a program has under way at once on one connection; the oldest gives way. */
#define OPEN_MAX 32

/* A call under way. */
struct open_turn {
	struct assembly *k;
	char *key;   /* by which its messages name it; NULL: not told yet */
	bool paused; /* its answer is over */
};

struct ws_turns {
	struct assembly *opener;
	struct open_turn open[OPEN_MAX]; /* the oldest first */
	size_t nopen;
	const struct dialect *dialect; /* NULL: not known, or none */
	unsigned guesses;
	uint64_t turns;
	json_t *states;			     /* last message of each kind that lasts */
	json_t *inputs;			     /* messages of the next request */
	struct buf text;		     /* the bytes of these, a line each */
	size_t states_memory, inputs_memory; /* of the limit `memory`; the latter with text */
	uint64_t first_ts, last_ts;
	bool cut;
};

/* So many messages are looked at before it is taken for something else. */
#define GUESSES 8

struct ws_turns *ws_turns_new(struct assembly *opener)
{
	struct ws_turns *s = xcalloc(1, sizeof(*s));

	s->opener = opener;
	s->dialect = dialect_of_socket(span_str(opener->x->target));
	s->states = json_array();
	s->inputs = json_array();
	buf_init(&s->text, opener->cc->assembler->lim->max[LIMIT_body]);
	return s;
}

/* ---- calls under way ---- */

void ws_turns_forget(struct ws_turns *s, const struct assembly *turn)
{
	for (size_t i = 0; i < s->nopen; i++) {
		if (s->open[i].k != turn)
			continue;
		free(s->open[i].key);
		memmove(&s->open[i], &s->open[i + 1], (--s->nopen - i) * sizeof(*s->open));
		return;
	}
}

/* Ends it, which forgets it. */
static void end_turn(struct open_turn *t, uint64_t ts, bool complete)
{
	struct assembly *k = t->k;

	if (ts)
		builder_set_time(k->x, ts);
	assembly_end_side(k, HTTP_REQUEST, true);
	assembly_end_side(k, HTTP_RESPONSE, complete || t->paused);
	assembly_end(k);
}

static bool is_answered(const struct open_turn *t)
{
	return t->k->begun[HTTP_RESPONSE];
}

/* The latest one that is not over; NULL: none. */
static struct open_turn *latest(struct ws_turns *s)
{
	for (size_t i = s->nopen; i > 0; i--)
		if (!s->open[i - 1].paused)
			return &s->open[i - 1];
	return NULL;
}

static struct open_turn *paused_turn(struct ws_turns *s)
{
	for (size_t i = 0; i < s->nopen; i++)
		if (s->open[i].paused)
			return &s->open[i];
	return NULL;
}

/* The one of that name; where it is new, the oldest that has none yet. */
static struct open_turn *named(struct ws_turns *s, struct span key)
{
	for (size_t i = 0; i < s->nopen; i++)
		if (s->open[i].key && span_eq(key, span_str(s->open[i].key)))
			return &s->open[i];
	for (size_t i = 0; i < s->nopen; i++) {
		if (s->open[i].key)
			continue;
		set_string(&s->open[i].key, key);
		return &s->open[i];
	}
	return NULL;
}

static struct span key_of(const struct ws_turns *s, const json_t *v)
{
	return s->dialect->turn_key ? s->dialect->turn_key(v) : span_of(NULL, 0);
}

/* The call that a part of an answer belongs to; NULL: none that is known. */
static struct open_turn *turn_of(struct ws_turns *s, const json_t *v)
{
	struct span key = key_of(s, v);

	return key.len ? named(s, key) : latest(s);
}

/* The call that a note is about. */
static struct open_turn *noted_turn(struct ws_turns *s)
{
	struct open_turn *now = latest(s), *before = paused_turn(s);

	return before && (!now || !is_answered(now)) ? before : now;
}

static struct limits *lim_of(const struct ws_turns *s)
{
	return s->opener->cc->assembler->lim;
}

static void drop_inputs(struct ws_turns *s)
{
	limits_memory_sub(lim_of(s), s->inputs_memory);
	s->inputs_memory = 0;
	json_array_clear(s->inputs);
	buf_reset(&s->text);
}

void ws_turns_free(struct ws_turns *s)
{
	if (!s)
		return;
	while (s->nopen)
		end_turn(&s->open[0], 0, false);
	drop_inputs(s);
	limits_memory_sub(lim_of(s), s->states_memory);
	json_decref(s->states);
	json_decref(s->inputs);
	buf_done(&s->text);
	free(s);
}

static bool has_memory(struct ws_turns *s, size_t size)
{
	struct limits *lim = lim_of(s);

	if (limits_memory(lim) + size <= lim->max[LIMIT_memory])
		return true;
	limit_hit(lim, LIMIT_memory);
	return false;
}

static size_t state_place(const struct ws_turns *s, struct span type)
{
	size_t i = 0;

	while (i < json_array_size(s->states) &&
	       !span_eq(json_text(json_array_get(s->states, i), "type"), type))
		i++;
	return i;
}

/* Replaces the one of the same kind. */
static void keep_state(struct ws_turns *s, json_t *v, size_t len)
{
	size_t at = state_place(s, json_text(v, "type")), size = json_memory(v);
	const json_t *old = json_array_get(s->states, at);

	if (len > STATE_BYTES_MAX || !has_memory(s, size)) {
		s->cut = true;
		return;
	}
	if (!old && json_array_size(s->states) == STATES_MAX)
		return;
	size -= old ? json_memory(old) : 0;
	s->states_memory += size;
	limits_memory_add(lim_of(s), size);
	if (old)
		json_array_set(s->states, at, v);
	else
		json_array_append(s->states, v);
}

/* The next request's bytes and values, within what all bodies may take. */
static bool has_room(struct ws_turns *s, size_t len, size_t size)
{
	if (s->text.len + len > s->text.max) {
		limit_hit(lim_of(s), LIMIT_body);
		return false;
	}
	return has_memory(s, size);
}

static void keep_input(struct ws_turns *s, uint64_t ts, json_t *v, struct span text, bool cut)
{
	size_t len = text.len + 1, size = len + json_memory(v);

	if (!json_array_size(s->inputs))
		s->first_ts = ts;
	s->last_ts = ts;
	s->cut |= cut;
	if (!has_room(s, len, size)) {
		s->cut = true;
		return;
	}
	buf_add(&s->text, text);
	buf_addc(&s->text, '\n');
	s->inputs_memory += size;
	limits_memory_add(lim_of(s), size);
	json_array_append(s->inputs, v);
}

/* What the handshake said holds for each call. */
static void copy_opener(struct exchange *x, const struct exchange *from)
{
	set_string(&x->method, span_str(from->method));
	set_string(&x->target, span_str(from->target));
	set_string(&x->host, span_str(from->host));
	x->port = from->port;
	x->status = from->status;
	x->protocol = from->protocol;
	x->request_seen = from->request_seen;
	x->response_seen = true;
	for (size_t i = 0; i < from->request_headers.count; i++) {
		const struct header *h = &from->request_headers.items[i];
		struct headers *to = &x->request_headers;

		to->items = xgrow(to->items, to->count, sizeof(*to->items));
		to->items[to->count++] =
			(struct header){ .name = xstrdup(h->name), .value = xstrdup(h->value) };
	}
}

static struct open_turn *begin_turn(struct ws_turns *s, uint64_t ts, struct span key)
{
	struct assembler *c = s->opener->cc->assembler;
	struct assembly *k;
	json_t *all = json_copy(s->states);

	if (s->nopen == OPEN_MAX)
		end_turn(&s->open[0], ts, false);
	k = assembly_of(s->opener->cc, TURN_IDS + ++c->last_turn);
	s->open[s->nopen] = (struct open_turn){ .k = k };
	set_string(&s->open[s->nopen++].key, key);
	k->turn_of = s;
	k->turn = ++s->turns;
	k->stream = s->opener->stream;
	copy_opener(k->x, s->opener->x);
	if (!s->first_ts)
		s->first_ts = s->last_ts = ts;
	assembly_begin_side(k, HTTP_REQUEST, s->first_ts, NULL);
	deliver_match(k);
	body_reader_bytes(&k->in[HTTP_REQUEST], buf_span(&s->text));
	k->x->request_partial = s->cut;
	builder_set_time(k->x, s->last_ts);
	k->settled = true;
	dialect_reader_set(k, s->dialect);
	json_array_extend(all, s->inputs);
	/* Ended first, since sinks look at the whole request; settled, so that it is not read as
	 * HTTP. */
	assembly_end_side(k, HTTP_REQUEST, true);
	dialect_reader_request(k, all);
	json_decref(all);
	drop_inputs(s);
	s->cut = false;
	s->first_ts = 0;
	return &s->open[s->nopen - 1];
}

static void answer(struct open_turn *t, uint64_t ts, const json_t *v, struct span text, bool cut)
{
	struct assembly *k = t->k;

	builder_set_time(k->x, ts);
	if (!k->begun[HTTP_RESPONSE])
		assembly_begin_side(k, HTTP_RESPONSE, ts, NULL);
	body_reader_bytes(&k->in[HTTP_RESPONSE], text);
	body_reader_bytes(&k->in[HTTP_RESPONSE], SPAN_LIT("\n"));
	k->x->response_partial |= cut;
	dialect_reader_event(k, span_of(NULL, 0), v);
}

/* A message that belongs to no call is the opener's. */
static void aside(struct ws_turns *s, enum http_msg from, struct span text)
{
	body_reader_bytes(&s->opener->in[from], text);
	body_reader_bytes(&s->opener->in[from], SPAN_LIT("\n"));
}

/* What it was part of is not known, so each that it may be is not complete. */
static void not_read(struct ws_turns *s, bool client)
{
	struct exchange *x = s->opener->x;

	*(client ? &x->request_partial : &x->response_partial) = true;
	s->cut |= client;
	for (size_t i = 0; i < s->nopen && !client; i++)
		s->open[i].k->x->response_partial = true;
}

static const struct dialect *guess(const json_t *v)
{
	for (size_t i = 0; dialects[i]; i++)
		if (dialects[i]->is_first && dialects[i]->is_first(v))
			return dialects[i];
	return NULL;
}

/* The one before was never answered to its end, where one name could not tell it from this one. */
static void end_before(struct ws_turns *s, uint64_t ts, struct span key)
{
	for (size_t i = s->nopen; i > 0; i--) {
		struct open_turn *t = &s->open[i - 1];
		bool same = t->key && key.len && span_eq(key, span_str(t->key));

		if (!t->paused && (same || !s->dialect->turn_key))
			end_turn(t, ts, false);
	}
}

static void ask(struct ws_turns *s, uint64_t ts, const json_t *v)
{
	struct span key = key_of(s, v);

	end_before(s, ts, key);
	begin_turn(s, ts, key);
}

/* A part of an answer: it begins the call where nothing else did. What was paused is over then. */
static void on_answer(struct ws_turns *s, enum turn_step step, uint64_t ts, const json_t *v,
		      struct span text, bool cut)
{
	struct open_turn *t;

	while (paused_turn(s))
		end_turn(paused_turn(s), 0, true);
	t = turn_of(s, v);
	if (!t)
		t = begin_turn(s, ts, key_of(s, v));
	answer(t, ts, v, text, cut);
	t->paused = step == TURN_PAUSE;
	if (step == TURN_END)
		end_turn(t, ts, true);
}

static void on_note(struct ws_turns *s, enum turn_step step, uint64_t ts, const json_t *v,
		    struct span text, bool cut)
{
	struct open_turn *t = noted_turn(s);

	if (!t) {
		on_answer(s, step == TURN_CLOSE ? TURN_END : TURN_ANSWER, ts, v, text, cut);
		return;
	}
	answer(t, ts, v, text, cut);
	if (step == TURN_CLOSE)
		end_turn(t, ts, true);
}

static void take(struct ws_turns *s, enum http_msg from, enum turn_step step, uint64_t ts,
		 json_t *v, struct span text, bool cut)
{
	switch (step) {
	case TURN_STATE:
		keep_state(s, v, text.len);
		aside(s, from, text);
		break;
	case TURN_SKIP:
		aside(s, from, text);
		break;
	case TURN_INPUT:
		keep_input(s, ts, v, text, cut);
		break;
	case TURN_ASK:
		keep_input(s, ts, v, text, cut);
		ask(s, ts, v);
		break;
	case TURN_NOTE:
	case TURN_CLOSE:
		on_note(s, step, ts, v, text, cut);
		break;
	case TURN_ANSWER:
	case TURN_END:
	case TURN_PAUSE:
		on_answer(s, step, ts, v, text, cut);
		break;
	}
}

void ws_turns_message(struct ws_turns *s, enum http_msg from, uint64_t ts_ns, struct span text,
		      bool cut)
{
	bool partial = false, client = from == HTTP_REQUEST;
	bool is_json = text.len && text.ptr[0] == '{';
	json_t *v = !is_json ? NULL
		    : client ? json_read(lim_of(s), text, &partial)
			     : json_read_piece(lim_of(s), text, &partial);
	enum turn_step step = TURN_SKIP;

	cut |= partial;
	if (is_json && !v && (partial || s->dialect))
		not_read(s, client);
	builder_set_time(s->opener->x, ts_ns);
	if (v && !s->dialect && s->guesses < GUESSES) {
		s->guesses++;
		s->dialect = guess(v);
	}
	if (v && s->dialect)
		step = s->dialect->turn(client, v);
	take(s, from, step, ts_ns, v, text, cut);
	json_decref(v);
}

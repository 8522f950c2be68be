/* SPDX-License-Identifier: MIT */
#include "assemble/websocket_turns.h"

#include <nettle/base64.h>
#include <stdlib.h>

#include "assemble/deliver.h"
#include "assemble/dialect_reader.h"
#include "assemble/open_turns.h"
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

struct ws_turns {
	struct assembly *opener;
	struct open_turns open;
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
	open_turns_remove(&s->open, turn);
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

static struct span key_of(const struct ws_turns *s, const json_t *v)
{
	return s->dialect->turn_key ? s->dialect->turn_key(v) : span_of(NULL, 0);
}

/* The call that a part of an answer belongs to; NULL: none that is known. */
static struct open_turn *turn_of(struct ws_turns *s, const json_t *v)
{
	struct span alias = s->dialect->turn_alias ? s->dialect->turn_alias(v) : span_of(NULL, 0);

	return open_turn_of(&s->open, key_of(s, v), alias);
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
	while (s->open.count)
		end_turn(&s->open.list[0], 0, false);
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
	if (from->provider_given) {
		x->provider_given = true;
		x->provider = from->provider;
		x->provider_label = from->provider_label;
	}
	x->status = from->status;
	x->protocol = from->protocol;
	x->request_seen = from->request_seen;
	x->response_seen = true;
	x->key = from->key;
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
	struct open_turn *t;
	struct assembly *k;
	json_t *all = json_copy(s->states);

	if (s->open.count == OPEN_MAX)
		end_turn(&s->open.list[0], ts, false);
	k = assembly_of(s->opener->cc, TURN_IDS + ++c->last_turn);
	t = open_turns_add(&s->open, k, key);
	k->turn_of = s;
	k->turn = ++s->turns;
	k->stream = s->opener->stream;
	copy_opener(k->x, s->opener->x);
	if (!s->first_ts)
		s->first_ts = s->last_ts = ts;
	assembly_begin_side(k, HTTP_REQUEST, s->first_ts, NULL);
	deliver_match(k);
	body_reader_bytes(&k->in[HTTP_REQUEST], s->last_ts, buf_span(&s->text));
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
	return t;
}

static void answer(struct open_turn *t, uint64_t ts, const json_t *v, struct span text, bool cut)
{
	struct assembly *k = t->k;

	builder_set_time(k->x, ts);
	if (!k->begun[HTTP_RESPONSE])
		assembly_begin_side(k, HTTP_RESPONSE, ts, NULL);
	body_reader_bytes(&k->in[HTTP_RESPONSE], ts, text);
	body_reader_bytes(&k->in[HTTP_RESPONSE], ts, SPAN_LIT("\n"));
	k->x->response_partial |= cut;
	dialect_reader_event(k, span_of(NULL, 0), v);
}

/* A message that belongs to no call is the opener's. */
static void aside(struct ws_turns *s, enum http_msg from, uint64_t ts, struct span text)
{
	body_reader_bytes(&s->opener->in[from], ts, text);
	body_reader_bytes(&s->opener->in[from], ts, SPAN_LIT("\n"));
}

void ws_turns_unread(struct ws_turns *s, enum http_msg from)
{
	struct exchange *x = s->opener->x;
	bool client = from == HTTP_REQUEST;

	*(client ? &x->request_partial : &x->response_partial) = true;
	s->cut |= client;
	for (size_t i = 0; i < s->open.count && !client; i++)
		s->open.list[i].k->x->response_partial = true;
}

static const struct dialect *guess(const json_t *v)
{
	for (size_t i = 0; dialects[i]; i++)
		if (dialects[i]->is_first && dialects[i]->is_first(v))
			return dialects[i];
	return NULL;
}

/* What the session turns out to be. */
static const struct dialect *session_dialect(const struct dialect *d, const json_t *v)
{
	const struct dialect *other = d->becomes ? d->becomes(v) : NULL;

	return other ? other : d;
}

/* The one before was never answered to its end, where one name could not tell it from this one. */
static void end_before(struct ws_turns *s, uint64_t ts, struct span key)
{
	for (size_t i = s->open.count; i > 0; i--) {
		struct open_turn *t = &s->open.list[i - 1];
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

	while (open_turn_paused(&s->open))
		end_turn(open_turn_paused(&s->open), 0, true);
	t = turn_of(s, v);
	if (!t) {
		begin_turn(s, ts, key_of(s, v));
		t = turn_of(s, v);
	}
	answer(t, ts, v, text, cut);
	t->paused = step == TURN_PAUSE;
	if (step == TURN_END)
		end_turn(t, ts, true);
}

static void on_note(struct ws_turns *s, enum turn_step step, uint64_t ts, const json_t *v,
		    struct span text, bool cut)
{
	struct open_turn *t = open_turn_noted(&s->open);

	if (!t) {
		on_answer(s, step == TURN_CLOSE ? TURN_END : TURN_ANSWER, ts, v, text, cut);
		return;
	}
	answer(t, ts, v, text, cut);
	if (step == TURN_CLOSE)
		end_turn(t, ts, true);
}

static void on_more(struct ws_turns *s, enum http_msg from, uint64_t ts, const json_t *v,
		    struct span text, bool cut)
{
	struct open_turn *t = turn_of(s, v);

	if (!t)
		t = begin_turn(s, ts, key_of(s, v));
	t->k->x->request_partial |= cut;
	aside(s, from, ts, text);
	dialect_reader_more(t->k, v);
}

static void on_fail(struct ws_turns *s, enum http_msg from, uint64_t ts, const json_t *v,
		    struct span text, bool cut)
{
	struct open_turn *t = open_turn_unanswered(&s->open);

	if (!t) {
		aside(s, from, ts, text);
		return;
	}
	answer(t, ts, v, text, cut);
	end_turn(t, ts, true);
}

static void take(struct ws_turns *s, enum http_msg from, enum turn_step step, uint64_t ts,
		 json_t *v, struct span text, bool cut)
{
	switch (step) {
	case TURN_STATE:
		keep_state(s, v, text.len);
		aside(s, from, ts, text);
		break;
	case TURN_SKIP:
		aside(s, from, ts, text);
		break;
	case TURN_INPUT:
		keep_input(s, ts, v, text, cut);
		break;
	case TURN_ASK:
		keep_input(s, ts, v, text, cut);
		ask(s, ts, v);
		break;
	case TURN_MORE:
		on_more(s, from, ts, v, text, cut);
		break;
	case TURN_FAIL:
		on_fail(s, from, ts, v, text, cut);
		break;
	case TURN_REMARK:
		if (!open_turn_noted(&s->open)) {
			aside(s, from, ts, text);
			break;
		}
		on_note(s, TURN_NOTE, ts, v, text, cut);
		break;
	case TURN_NOTE:
	case TURN_CLOSE:
		on_note(s, step, ts, v, text, cut);
		break;
	case TURN_OVER:
		if (turn_of(s, v))
			on_answer(s, TURN_END, ts, v, text, cut);
		else
			aside(s, from, ts, text);
		break;
	case TURN_ANSWER:
	case TURN_END:
	case TURN_PAUSE:
		on_answer(s, step, ts, v, text, cut);
		break;
	}
}

/* What a dialect gets of a message that is no JSON. */
static json_t *wrap_binary(struct span bytes)
{
	size_t len = BASE64_ENCODE_RAW_LENGTH(bytes.len);
	char *text = xmalloc(len + 1);
	json_t *v = json_object();

	base64_encode_raw(text, bytes.len, bytes.ptr);
	json_object_set_new(v, "binary", json_stringn_nocheck(text, len));
	free(text);
	return v;
}

void ws_turns_message(struct ws_turns *s, enum http_msg from, uint64_t ts_ns, struct span text,
		      bool cut)
{
	bool partial = false, client = from == HTTP_REQUEST;
	bool is_json = detect_json_text(text);
	bool binary = !is_json && text.len && s->dialect && s->dialect->binary;
	json_t *v = NULL;
	enum turn_step step = TURN_SKIP;

	if (is_json)
		v = (client ? json_read : json_read_piece)(lim_of(s), text, &partial);
	cut |= partial;
	if (!v && (is_json ? partial || s->dialect : cut && !binary))
		ws_turns_unread(s, from);
	builder_set_time(s->opener->x, ts_ns);
	if (v && !s->dialect && s->guesses < GUESSES) {
		s->guesses++;
		s->dialect = guess(v);
	}
	if (binary)
		v = wrap_binary(text);
	if (v && s->dialect)
		s->dialect = session_dialect(s->dialect, v);
	if (v && s->dialect)
		step = s->dialect->turn(client, v);
	if (cut && v && (step == TURN_SKIP || step == TURN_STATE))
		ws_turns_unread(s, from);
	take(s, from, step, ts_ns, v, text, cut);
	json_decref(v);
}

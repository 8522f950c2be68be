/* SPDX-License-Identifier: MIT */
#include "assemble/dialect_reader.h"

#include "assemble/deliver.h"
#include "assemble/rounds.h"
#include "assemble/sse_results.h"
#include "base/xalloc.h"
#include "conversation/conversation.h"
#include "exchange/memory.h"
#include "json/read.h"
#include "json/text.h"
#include "llm/detect.h"
#include "llm/error.h"
#include "llm/grpc.h"

/* So many elements of a stream without a known dialect are tried before giving up. */
#define GUESSES 8

/* ---- memory ---- */

/* At least so many bytes of an answer come before its record is counted again. */
#define MEASURE_STEP (1 << 20)

/* Counts what the record takes. Rarely enough, as an answer comes, that all of it costs no more
 * than a few looks at what is kept. */
static void count_memory(struct assembly *k)
{
	struct limits *lim = k->cc->assembler->lim;
	size_t now = exchange_memory(k->x), step = now / 8;

	limits_memory_add(lim, now - k->memory);
	k->memory = now;
	k->measure_at = k->x->response_body.decoded + (step > MEASURE_STEP ? step : MEASURE_STEP);
}

/* ---- the request ---- */

static void name_model(struct exchange *x)
{
	struct buf name;

	if (x->model_asked || !x->target)
		return;
	buf_init(&name, 2048); /* the longest id that Bedrock takes, an ARN */
	if (model_of_path(span_str(x->target), &name))
		set_string(&x->model_asked, buf_span(&name));
	buf_done(&name);
}

/* A body that is a picture or sound is a part by itself. */
static bool is_medium(const struct exchange *x, const struct body *b, enum part_kind *ret)
{
	struct span type = span_str(b->media_type);

	*ret = span_starts(type, SPAN_LIT("image/"))   ? PART_IMAGE
	       : span_starts(type, SPAN_LIT("audio/")) ? PART_AUDIO
						       : PART_FILE;
	return x->kind == EXCHANGE_LLM && b->decoded &&
	       (*ret != PART_FILE || span_starts(type, SPAN_LIT("video/")));
}

static void describe(struct part *p, const struct body *b)
{
	set_string(&p->media_type, span_str(b->media_type));
	if (b->state != BODY_COMPLETE || b->ngaps || b->coding_error)
		return;
	p->size = b->decoded;
	memcpy(p->sha256, b->sha256, sizeof(p->sha256));
}

static void read_medium(struct assembly *k)
{
	struct exchange *x = k->x;
	enum part_kind kind;

	if (!is_medium(x, &x->request_body, &kind))
		return;
	k->dialect->request(x, NULL);
	describe(message_part(x, request_message(x, SPAN_LIT("user")), kind), &x->request_body);
	x->request_parsed = true;
}

static void read_request(struct assembly *k, const json_t *body)
{
	if (body) {
		k->dialect->request(k->x, body);
		k->x->request_parsed = true;
	} else {
		read_medium(k);
	}
	name_model(k->x);
	rounds_asked(k->cc->assembler->rounds, k->x);
	count_memory(k);
}

void dialect_reader_set(struct assembly *k, const struct dialect *d)
{
	k->dialect = d;
	k->in[HTTP_RESPONSE].array_streams = d && d->array_stream;
	detect_as(k->x, d);
}

void dialect_reader_request(struct assembly *k, const json_t *body)
{
	read_request(k, body);
	deliver_request(k);
}

static json_t *request_json(struct assembly *k, bool *ret_partial)
{
	struct limits *lim = k->cc->assembler->lim;

	return grpc_is(&k->x->request_body)
		       ? grpc_read_body(k->x, HTTP_REQUEST, lim, ret_partial)
		       : detect_body(&k->x->request_body, lim, NULL, ret_partial);
}

void dialect_reader_settle(struct assembly *k)
{
	struct exchange *x = k->x;
	const struct dialect *d;
	json_t *body;
	bool partial;

	if (k->settled || !x->request_seen)
		return;
	body = request_json(k, &partial);
	d = detect_request(x, body, &k->candidate);
	/* What is no call to a model is not read, and misses nothing. */
	x->request_partial |= d && (partial || (!body && detect_unreadable(d, &x->request_body)));
	if (d) {
		dialect_reader_set(k, d);
		read_request(k, body);
		if (d->kind == EXCHANGE_MCP)
			sse_results_asked(k, body);
	} else if (detect_rpc(x)) {
		detect_rpc_messages(x, HTTP_REQUEST);
	} else {
		detect_provider(x);
	}
	json_decref(body);
	k->settled = true;
	deliver_request(k);
}

/* ---- the answer ---- */

/* The answer may identify the dialect where the request did not, or correct it: some servers have
 * more than one dialect at a path. */
static void try_answer(struct assembly *k, const json_t *v)
{
	const struct dialect *d = k->dialect;
	struct body *request = &k->x->request_body;
	bool partial;
	json_t *body;

	if (k->proved || (d && (d->shares_bodies || !d->proves_response)))
		return;
	k->proved = k->dialect;
	if (d && d->proves_response(v))
		return;
	d = detect_answer(k->x, k->candidate, v);
	if (!d)
		return;
	k->proved = true;
	if (k->dialect) {
		/* What the other dialect read of the request stays. */
		dialect_reader_set(k, d);
		return;
	}
	dialect_reader_set(k, d);
	if (!k->settled)
		return;
	body = request_json(k, &partial);
	k->x->request_partial |= partial || (!body && detect_unreadable(k->dialect, request));
	read_request(k, body);
	json_decref(body);
	if (k->delivered)
		conversations_request(k->cc->assembler->conversations, k->x);
}

static void make_state(struct assembly *k)
{
	if (!k->state && k->dialect->state_size)
		k->state = xcalloc(1, k->dialect->state_size);
}

void dialect_reader_more(struct assembly *k, const json_t *v)
{
	make_state(k);
	k->dialect->event(k->x, k->state, span_of(NULL, 0), v);
}

static void begin_event(struct assembly *k)
{
	make_state(k);
	k->x->stream = true;
	k->x->stream_events++;
}

static void end_event(struct assembly *k)
{
	rounds_answered(k->cc->assembler->rounds, k->x);
	if (k->x->response_body.decoded >= k->measure_at)
		count_memory(k);
}

void dialect_reader_event(struct assembly *k, struct span name, const json_t *v)
{
	begin_event(k);
	k->dialect->event(k->x, k->state, name, v);
	end_event(k);
}

/* False: the element is JSON by itself. */
static bool read_bytes(struct assembly *k, struct span name, struct span data, bool cut)
{
	if (!k->dialect || !k->dialect->bytes || !span_eq(name, span_str(k->dialect->bytes_of)))
		return false;
	k->x->response_partial |= cut;
	begin_event(k);
	k->dialect->bytes(k->x, k->state, name, data);
	end_event(k);
	return true;
}

static void read_element(struct assembly *k, struct span name, const json_t *v, bool partial)
{
	if (!k->dialect)
		k->guesses++;
	try_answer(k, v);
	if (!k->dialect)
		return;
	dialect_reader_event(k, name, v);
	k->stream_ended = !partial && k->dialect->is_last && k->dialect->is_last(v);
}

/* A message of an answer that is a stream of them. */
static void read_grpc(struct assembly *k, struct span name, struct span data, bool cut)
{
	bool partial;
	json_t *v =
		grpc_read(k->x, HTTP_RESPONSE, data, name.len > 0, k->cc->assembler->lim, &partial);

	k->x->response_partial |= cut || partial;
	if (v && k->dialect)
		dialect_reader_event(k, span_of(NULL, 0), v);
	json_decref(v);
}

void dialect_reader_element(void *arg, struct span name, struct span data, bool cut)
{
	struct assembly *k = arg;
	struct span rest = data;
	json_t *v, *item;
	bool partial;
	size_t i;

	if (grpc_is(&k->x->response_body)) {
		read_grpc(k, name, data, cut);
		return;
	}
	k->stream_ended = span_eq(data, SPAN_LIT("[DONE]"));
	if (sse_results_event(k, name, data, NULL) || read_bytes(k, name, data, cut))
		return;
	if (k->stream_ended || !detect_trim(data).len)
		return;
	if (!detect_json_text(data)) {
		if (k->dialect && span_caseeq(name, SPAN_LIT("error")))
			answer_error_text(k->x, data);
		else
			k->x->response_partial |= k->dialect != NULL;
		return;
	}
	if (!k->dialect && k->guesses >= GUESSES)
		return;
	k->x->response_partial |= cut;
	/* Elements may lack the line end between them. */
	while (rest.len) {
		/* The beginning of a cut or broken element is still of use. */
		v = json_read_next_piece(k->cc->assembler->lim, &rest, &partial);
		k->x->response_partial |= partial || !v;
		if (!v)
			break;
		/* Some wrap an error in a list. */
		if (json_is_object(v) && !sse_results_event(k, name, data, v))
			read_element(k, name, v, partial);
		json_array_foreach(v, i, item)
			if (json_is_object(item))
				read_element(k, name, item, partial);
		json_decref(v);
	}
}

/* JSON lines that are called JSON: each is an element of a stream. */
static void read_lines(struct assembly *k, struct span text)
{
	json_t *v;
	bool partial;

	while (text.len) {
		v = json_read_next(k->cc->assembler->lim, &text, &partial);
		k->x->response_partial |= partial || !v;
		if (!v)
			break;
		dialect_reader_event(k, span_of(NULL, 0), v);
		json_decref(v);
	}
}

static bool has_content(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].msg.nparts)
			return true;
	return x->error;
}

static void read_lines_or_first(struct assembly *k, const json_t *first)
{
	bool whole = k->dialect->is_whole && k->dialect->is_whole(first);
	struct exchange *x = k->x;

	if (!whole)
		read_lines(k, buf_span(&x->response_body.text));
	if (!whole && has_content(x))
		return;
	/* No elements of a stream: several answers, of which the first is read. */
	x->stream = false;
	k->dialect->response(x, first);
	x->response_partial |= has_content(x);
}

static void read_whole(struct assembly *k, const json_t *body)
{
	struct exchange *x = k->x;

	k->dialect->response(x, body);
	/* What an object has is on the record, known or not; a list may be of anything. */
	if (json_array_size(body) && x->kind == EXCHANGE_LLM)
		x->response_partial |= !has_content(x) && !x->usage.raw && !x->response_id;
}

/* No JSON: what media and plain text say is the answer. */
static void read_other(struct assembly *k)
{
	struct exchange *x = k->x;
	struct span text = buf_span(&x->response_body.text);
	enum part_kind kind;
	json_t *v;

	if (x->status < 400 && is_medium(x, &x->response_body, &kind))
		describe(answer_part(x, 0, kind, 0), &x->response_body);
	if (x->status >= 400 && !detect_json(&x->response_body)) {
		answer_error_text(x, text);
	} else if (detect_text(&x->response_body) && x->kind == EXCHANGE_LLM &&
		   detect_unreadable(k->dialect, &x->response_body)) {
		v = json_from_bytes(text);
		answer_text(x, 0, PART_TEXT, json_span(v));
		json_decref(v);
	} else {
		x->response_partial |= detect_unreadable(k->dialect, &x->response_body);
	}
}

static void read_body(struct assembly *k)
{
	struct exchange *x = k->x;
	struct limits *lim = k->cc->assembler->lim;
	struct span rest = span_of(NULL, 0);
	bool partial;
	json_t *body = grpc_is(&x->response_body)
			       ? grpc_read_body(x, HTTP_RESPONSE, lim, &partial)
			       : detect_body(&x->response_body, lim, &rest, &partial);

	if (body)
		try_answer(k, body);
	if (body && k->dialect && rest.len)
		read_lines_or_first(k, body);
	else if (body && k->dialect)
		read_whole(k, body);
	else if (k->dialect)
		read_other(k);
	rounds_answered(k->cc->assembler->rounds, x);
	if (k->dialect)
		x->response_partial |= partial;
	json_decref(body);
}

static bool has_ended(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (x->choices[i].finish == FINISH_NONE)
			return false;
	return x->nchoices > 0;
}

/* A stream, though nothing may have come of it. */
static bool is_stream(const struct assembly *k)
{
	const struct exchange *x = k->x;

	return x->stream || (x->status < 400 && span_eq(span_str(x->response_body.media_type),
							SPAN_LIT("text/event-stream")));
}

static void read_grpc_status(struct assembly *k)
{
	json_t *error = grpc_is(&k->x->response_body) ? grpc_error(k->x) : NULL;

	if (error && k->dialect)
		answer_error_of(k->x, error);
	json_decref(error);
}

void dialect_reader_answer(struct assembly *k)
{
	struct exchange *x = k->x;

	if (!k->begun[HTTP_RESPONSE])
		return;
	read_grpc_status(k);
	if (!x->stream) {
		read_body(k);
		count_memory(k);
	} else if (k->dialect && k->dialect->tells_end && !k->stream_ended && !x->error) {
		x->response_partial |= !has_ended(x);
	}
	if (k->dialect && k->dialect->ended && is_stream(k) && !x->error) {
		make_state(k);
		k->dialect->ended(x, k->state);
	}
}

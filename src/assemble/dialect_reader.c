/* SPDX-License-Identifier: MIT */
#include "assemble/dialect_reader.h"

#include "assemble/deliver.h"
#include "assemble/sse_results.h"
#include "base/xalloc.h"
#include "conversation/conversation.h"
#include "exchange/memory.h"
#include "llm/detect.h"
#include "json/read.h"
#include "llm/error.h"

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

static void read_request(struct assembly *k, const json_t *body)
{
	if (body) {
		k->dialect->request(k->x, body);
		k->x->request_parsed = true;
	}
	name_model(k->x);
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

void dialect_reader_settle(struct assembly *k)
{
	struct exchange *x = k->x;
	const struct dialect *d;
	json_t *body;
	bool partial;

	if (k->settled || !x->request_seen)
		return;
	body = detect_body(&x->request_body, k->cc->assembler->lim, NULL, &partial);
	d = detect_request(x, body, &k->candidate);
	/* What is no call to a model is not read, and misses nothing. */
	x->request_partial |= d && (partial || (!body && detect_json(&x->request_body)));
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
	body = detect_body(request, k->cc->assembler->lim, NULL, &partial);
	k->x->request_partial |= partial || (!body && detect_json(request));
	read_request(k, body);
	json_decref(body);
	if (k->delivered)
		conversations_request(k->cc->assembler->conversations, k->x);
}

static void *state_of(struct assembly *k)
{
	if (!k->state && k->dialect->state_size)
		k->state = xcalloc(1, k->dialect->state_size);
	return k->state;
}

void dialect_reader_event(struct assembly *k, struct span name, const json_t *v)
{
	k->x->stream = true;
	k->x->stream_events++;
	k->dialect->event(k->x, state_of(k), name, v);
	if (k->x->response_body.decoded >= k->measure_at)
		count_memory(k);
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

void dialect_reader_element(void *arg, struct span name, struct span data, bool cut)
{
	struct assembly *k = arg;
	json_t *v, *item;
	bool partial;
	size_t i;

	k->stream_ended = span_eq(data, SPAN_LIT("[DONE]"));
	if (sse_results_event(k, name, data, NULL))
		return;
	/* An end mark, or no JSON. Some wrap an error in a list. */
	if (k->stream_ended || !data.len || (data.ptr[0] != '{' && data.ptr[0] != '['))
		return;
	if (!k->dialect && k->guesses >= GUESSES)
		return;
	/* The beginning of a cut or broken element is still of use. */
	v = json_read_piece(k->cc->assembler->lim, data, &partial);
	k->x->response_partial |= cut || partial || !v;
	if (json_is_object(v) && !sse_results_event(k, name, data, v))
		read_element(k, name, v, partial);
	json_array_foreach(v, i, item)
		if (json_is_object(item))
			read_element(k, name, item, partial);
	json_decref(v);
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

static void read_body(struct assembly *k)
{
	struct exchange *x = k->x;
	struct span rest;
	bool partial;
	json_t *body = detect_body(&x->response_body, k->cc->assembler->lim, &rest, &partial);

	if (body)
		try_answer(k, body);
	if (body && k->dialect && rest.len)
		read_lines(k, buf_span(&x->response_body.text));
	else if (body && k->dialect)
		k->dialect->response(x, body);
	if (!body && k->dialect && x->status >= 400 && !detect_json(&x->response_body))
		answer_error_text(x, buf_span(&x->response_body.text));
	if (k->dialect)
		x->response_partial |= partial || (!body && detect_json(&x->response_body));
	json_decref(body);
}

/* A stream, though nothing may have come of it. */
static bool is_stream(const struct assembly *k)
{
	const struct exchange *x = k->x;

	return x->stream || (x->status < 400 && span_eq(span_str(x->response_body.media_type),
							SPAN_LIT("text/event-stream")));
}

void dialect_reader_answer(struct assembly *k)
{
	if (!k->begun[HTTP_RESPONSE])
		return;
	if (!k->x->stream) {
		read_body(k);
		count_memory(k);
	}
	if (k->dialect && k->dialect->ended && is_stream(k) && !k->x->error)
		k->dialect->ended(k->x, state_of(k));
}

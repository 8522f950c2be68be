/* SPDX-License-Identifier: MIT */
/* InvokeEndpoint and InvokeEndpointWithResponseStream of Amazon SageMaker: docs.aws.amazon.com/
 * sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html (read November
 * 2026). Bodies are those of whatever server runs in the endpoint's container. A stream's events
 * are its bytes, cut anywhere; whether these are events or lines, what counts is the JSON in it. */
#include "json/read.h"
#include "llm/dialect.h"
#include "llm/dialects/bedrock.h"
#include "llm/dialects/generic.h"

/* A longer value is left out. */
#define VALUE_MAX (1 << 20)

struct values {
	struct buf text; /* of the value under way */
	bool begun, too_long;
	bool in_string, escaped;
	unsigned depth; /* of lists and objects around */
};

static void state_done(void *state)
{
	struct values *s = state;

	if (s->begun)
		buf_done(&s->text);
}

/* Whether that character ends a value. */
static bool ends_value(struct values *s, uint8_t c)
{
	if (s->in_string) {
		s->in_string = s->escaped || c != '"';
		s->escaped = !s->escaped && c == '\\';
		return false;
	}
	s->in_string = s->depth > 0 && c == '"';
	s->depth += c == '{' || c == '[';
	if (s->depth == 0 || (c != '}' && c != ']'))
		return false;
	s->depth--;
	return s->depth == 0;
}

static void read_value(struct exchange *x, struct values *s)
{
	bool partial = true;
	json_t *v = s->too_long ? NULL : json_read(builder_limits(x), buf_span(&s->text), &partial);

	x->response_partial |= partial;
	if (json_is_object(v))
		generic_piece(x, v);
	json_decref(v);
	buf_reset(&s->text);
	s->too_long = false;
}

static void sagemaker_bytes(struct exchange *x, void *state, struct span name, struct span data)
{
	struct values *s = state;

	if (!s->begun)
		buf_init(&s->text, VALUE_MAX);
	s->begun = true;
	for (size_t i = 0; i < data.len; i++) {
		bool end = ends_value(s, data.ptr[i]);

		if (s->depth > 0 || end)
			s->too_long |= buf_addc(&s->text, (char)data.ptr[i]) != 0;
		if (end)
			read_value(x, s);
	}
}

static void sagemaker_response(struct exchange *x, const json_t *body)
{
	if (!bedrock_error(x, body))
		generic_answer(x, body);
}

/* An exception, or an intermediary that takes the bytes out of the events. */
static void sagemaker_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	if (!bedrock_exception(x, name, data))
		generic_piece(x, data);
}

const struct dialect dialect_sagemaker = {
	.name = "sagemaker.invoke",
	.shares_bodies = true,
	.state_size = sizeof(struct values),
	.state_done = state_done,
	.plausible_request = generic_suits,
	.request = generic_request,
	.response = sagemaker_response,
	.event = sagemaker_event,
	.bytes = sagemaker_bytes,
	.bytes_of = "PayloadPart",
};

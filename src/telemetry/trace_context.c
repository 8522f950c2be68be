/* SPDX-License-Identifier: MIT */
/* Source: W3C Trace Context, sections 3.2.2 and 3.2.3: version, trace, parent and flags, in
 * lower-case hex of 2, 32, 16 and 2 digits with "-" between; zeroes alone are no id. */
#include "telemetry/trace_context.h"

#include "json/read.h"

#define VERSION_END 2
#define TRACE_AT    3
#define TRACE_END   35
#define SPAN_AT	    36
#define SPAN_END    52
#define FLAGS_AT    53
#define WHOLE	    55

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!memchr("0123456789abcdef", s.ptr[i], 16))
			return false;
	return true;
}

static bool is_id(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '0')
			return is_hex(s);
	return false;
}

static struct span between(struct span s, size_t from, size_t to)
{
	return span_first(span_from(s, from), to - from);
}

/* A later version may go on behind what this one has. */
static bool has_form(struct span s)
{
	struct span version = span_first(s, VERSION_END);

	if (s.len < WHOLE || !is_hex(version) || span_eq(version, SPAN_LIT("ff")))
		return false;
	if (span_eq(version, SPAN_LIT("00")) ? s.len != WHOLE
					     : s.len > WHOLE && s.ptr[WHOLE] != '-')
		return false;
	return s.ptr[VERSION_END] == '-' && s.ptr[TRACE_END] == '-' && s.ptr[SPAN_END] == '-' &&
	       is_hex(between(s, FLAGS_AT, WHOLE));
}

static void copy(char *ret, struct span s)
{
	memcpy(ret, s.ptr, s.len);
	ret[s.len] = '\0';
}

bool trace_context_read(struct span text, struct trace_context *ret)
{
	struct span s = span_trim(text);
	struct span trace = between(s, TRACE_AT, TRACE_END), span = between(s, SPAN_AT, SPAN_END);

	*ret = (struct trace_context){ 0 };
	if (!has_form(s) || !is_id(trace) || !is_id(span))
		return false;
	copy(ret->trace, trace);
	copy(ret->span, span);
	return true;
}

static bool read_meta(const json_t *meta, struct trace_context *ret)
{
	return trace_context_read(span_str(json_string_value(json_object_get(meta, "traceparent"))),
				  ret);
}

/* Of a call with arguments the rest is in parameters; of others all is one part. */
static bool read_mcp(const struct exchange *x, struct trace_context *ret)
{
	const struct part *p = x->nmessages && x->messages[0].nparts ? x->messages[0].parts : NULL;
	json_t *params;
	bool found, partial;

	for (size_t i = 0; i < x->nparams; i++)
		if (strcmp(x->params[i].name, "params._meta") == 0)
			return read_meta(x->params[i].value, ret);
	if (!p || p->kind != PART_OTHER)
		return false;
	params = json_read(NULL, buf_span(&p->text), &partial);
	found = read_meta(json_object_get(params, "_meta"), ret);
	json_decref(params);
	return found;
}

bool trace_context_of(const struct exchange *x, struct trace_context *ret)
{
	*ret = (struct trace_context){ 0 };
	for (size_t i = 0; i < x->request_headers.count; i++) {
		const struct header *h = &x->request_headers.items[i];

		if (span_caseeq(span_str(h->name), SPAN_LIT("traceparent")))
			return trace_context_read(span_str(h->value), ret);
	}
	return x->kind == EXCHANGE_MCP && read_mcp(x, ret);
}

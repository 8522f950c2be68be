/* SPDX-License-Identifier: MIT */
#include "http/rpc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/framing.h"
#include "http/length_fields.h"
#include "json/read.h"

extern const struct framing_ops framing_lines; /* ndjson.c */

/* ---- the first message ---- */

static struct span string_of(const json_t *v, const char *name)
{
	const json_t *s = json_object_get(v, name);

	return span_of(json_string_value(s), json_string_length(s));
}

/* Both begin with "initialize", but only one of them says which version of its protocol it speaks.
 */
static bool is_of_editor(const json_t *v)
{
	static const struct span starts[] = { SPAN_LIT("textDocument/"), SPAN_LIT("workspace/"),
					      SPAN_LIT("window/"), SPAN_LIT("$/") };
	struct span method = string_of(v, "method");

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(method, starts[i]))
			return true;
	return span_eq(method, SPAN_LIT("initialize")) &&
	       !json_object_get(json_object_get(v, "params"), "protocolVersion");
}

static enum rpc_look look_at_json(struct span text, bool *ret_asks)
{
	bool partial;
	json_t *all = json_read(NULL, text, &partial);
	const json_t *v = json_is_array(all) ? json_array_get(all, 0) : all;
	bool is = json_is_string(json_object_get(v, "jsonrpc")) && !is_of_editor(v);

	if (ret_asks)
		*ret_asks = json_object_get(v, "method") && json_object_get(v, "id");
	json_decref(all);
	return is ? RPC_LOOK_YES : RPC_LOOK_NO;
}

/* Blanks and line ends may precede a message. */
static struct span without_blanks(struct span s)
{
	while (s.len && strchr(" \t\r\n", s.ptr[0]) && s.ptr[0])
		s = span_from(s, 1);
	return s;
}

/* Where what header fields announce begins; 0: they are not whole, or none. */
static size_t fields_end(struct span s, uint64_t *ret_length)
{
	size_t at = 0, end;
	bool known = false;

	while ((end = span_find(span_from(s, at), '\n')) < s.len - at) {
		struct span line = length_field_line(span_first(span_from(s, at), end));

		at += end + 1;
		if (!line.len)
			return known ? at : 0;
		known |= length_field_read(line, ret_length);
	}
	return 0;
}

static bool is_field(struct span s)
{
	struct span name = span_first(s, 8);

	return span_caseeq(name, span_first(SPAN_LIT("content-"), name.len));
}

static enum rpc_look look_at_fields(struct span s, bool *ret_asks)
{
	uint64_t length = 0;
	size_t at = fields_end(s, &length);
	struct span text = span_from(s, at);

	if (s.len < RPC_LOOK_MAX && (!at || text.len < length))
		return RPC_LOOK_MORE;
	return at ? look_at_json(span_first(text, (size_t)length), ret_asks) : RPC_LOOK_NO;
}

enum rpc_look rpc_look(struct span first, bool *ret_asks)
{
	struct span s = without_blanks(first);
	size_t end = span_find(s, '\n');

	if (!s.len)
		return first.len < RPC_LOOK_MAX ? RPC_LOOK_MORE : RPC_LOOK_NO;
	if (is_field(s))
		return look_at_fields(s, ret_asks);
	if (s.ptr[0] != '{' && s.ptr[0] != '[')
		return RPC_LOOK_NO;
	if (end == s.len && s.len < RPC_LOOK_MAX)
		return RPC_LOOK_MORE;
	return look_at_json(span_first(s, end), ret_asks);
}

/* ---- messages ---- */

struct half {
	struct rpc *rpc;
	enum dir dir;
	struct framing *framing; /* NULL: nothing was read that tells which */
};

struct rpc {
	struct limits *lim;
	rpc_fn fn;
	void *arg;
	uint64_t ts_ns; /* of what is read just now */
	struct half half[2];
};

struct rpc *rpc_new(struct limits *lim, rpc_fn fn, void *arg)
{
	struct rpc *r = xcalloc(1, sizeof(*r));

	*r = (struct rpc){ .lim = lim, .fn = fn, .arg = arg };
	for (int d = 0; d < 2; d++)
		r->half[d] = (struct half){ .rpc = r, .dir = (enum dir)d };
	return r;
}

void rpc_free(struct rpc *r)
{
	if (!r)
		return;
	framing_free(r->half[0].framing);
	framing_free(r->half[1].framing);
	free(r);
}

static void on_message(void *arg, struct span name, struct span data, bool cut)
{
	struct half *h = arg;

	h->rpc->fn(h->rpc->arg, h->dir, h->rpc->ts_ns, data, cut);
}

static void begin(struct half *h, struct span s)
{
	s = without_blanks(s);
	if (s.len)
		h->framing = framing_new(is_field(s) ? &framing_length_fields : &framing_lines,
					 h->rpc->lim, on_message, h);
}

void rpc_feed(struct rpc *r, enum dir d, uint64_t ts_ns, struct span s)
{
	struct half *h = &r->half[d];

	r->ts_ns = ts_ns;
	if (!h->framing)
		begin(h, s);
	if (h->framing)
		framing_feed(h->framing, s);
}

void rpc_gap(struct rpc *r, enum dir d, uint64_t ts_ns)
{
	r->ts_ns = ts_ns;
	if (r->half[d].framing)
		framing_gap(r->half[d].framing);
}

void rpc_close(struct rpc *r, uint64_t ts_ns)
{
	r->ts_ns = ts_ns;
	for (int d = 0; d < 2; d++)
		if (r->half[d].framing)
			framing_finish(r->half[d].framing);
}

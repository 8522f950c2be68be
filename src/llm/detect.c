/* SPDX-License-Identifier: MIT */
#include "llm/detect.h"

#include "exchange/headers.h"
#include "json/read.h"
#include "llm/dialects/generic.h"
#include "llm/grpc.h"
#include "llm/json.h"
#include "llm/multipart.h"

/* ---- provider ---- */

/* Who is named where the host is not known: the first part of the dialect's name. */
static const struct {
	const char *family;
	struct provider provider;
} families[] = {
	{ "openai.", { "openai-compatible", "OpenAI-compatible" } },
	{ "anthropic.", { "anthropic-compatible", "Anthropic-compatible" } },
	{ "gemini.", { "gemini-compatible", "Gemini-compatible" } },
	{ "cohere.", { "cohere-compatible", "Cohere-compatible" } },
	{ "bedrock.", { "bedrock-compatible", "Bedrock-compatible" } },
	{ "ollama.", { "ollama", "Ollama" } },
};

static const struct provider *named_provider(const struct exchange *x)
{
	const struct provider *p = provider_of_host(span_str(x->host));

	return p ? p : provider_of_path(span_str(x->target));
}

void detect_provider(struct exchange *x)
{
	const struct provider *p = named_provider(x);

	if (x->provider_given)
		return;
	for (size_t i = 0; !p && x->api && i < sizeof(families) / sizeof(*families); i++)
		if (strncmp(x->api, families[i].family, strlen(families[i].family)) == 0)
			p = &families[i].provider;
	if (!p)
		return;
	x->provider = p->id;
	x->provider_label = p->label;
}

void detect_as(struct exchange *x, const struct dialect *d)
{
	x->kind = d->kind;
	x->api = d->name;
	detect_provider(x);
}

/* ---- dialect ---- */

static const struct dialect *by_shape(const json_t *body)
{
	for (size_t i = 0; dialects[i]; i++)
		if (dialects[i]->proves_request && dialects[i]->proves_request(body))
			return dialects[i];
	return NULL;
}

static bool plausible_request(const struct dialect *d, const json_t *body)
{
	return (d->plausible_request && d->plausible_request(body)) ||
	       (d->proves_request && d->proves_request(body));
}

/* Header fields that a protocol has made its own. */
static const struct dialect *by_header(const struct exchange *x)
{
	return headers_find(&x->request_headers, "a2a-version").ptr ? &dialect_a2a : NULL;
}

const struct dialect *detect_request(const struct exchange *x, const json_t *body,
				     const struct dialect **ret_candidate)
{
	const struct dialect *d;
	bool path_is_proof = false;

	*ret_candidate = NULL;
	if (!x->method || strcmp(x->method, "POST") != 0)
		return by_header(x);
	d = dialect_of_path(span_str(x->target), &path_is_proof);
	*ret_candidate = d;
	if (d && (path_is_proof || (body && plausible_request(d, body))))
		return d;
	d = body ? by_shape(body) : NULL;
	if (!d && body && (x->provider_given || named_provider(x)) && generic_carries_prompt(body))
		d = &dialect_generic;
	return d ? d : by_header(x);
}

const struct dialect *detect_answer(const struct exchange *x, const struct dialect *candidate,
				    const json_t *body)
{
	/* An answer that was made before is fetched with GET: it counts, since it may be the first
	 * that is seen of it. */
	if (x->request_seen && x->method && strcmp(x->method, "POST") != 0 &&
	    strcmp(x->method, "GET") != 0)
		return NULL;
	if (candidate && candidate->proves_response && candidate->proves_response(body))
		return candidate;
	for (size_t i = 0; dialects[i]; i++)
		if (dialects[i]->proves_response && dialects[i]->proves_response(body))
			return dialects[i];
	return NULL;
}

/* ---- opaque RPC ---- */

bool detect_rpc(struct exchange *x)
{
	struct span type = span_str(x->request_body.media_type), path = span_str(x->target);

	if (!span_starts(type, SPAN_LIT("application/grpc")) &&
	    !span_starts(type, SPAN_LIT("application/connect+")) &&
	    !(span_eq(type, SPAN_LIT("application/proto")) &&
	      headers_find(&x->request_headers, "connect-protocol-version").ptr))
		return false;
	x->kind = EXCHANGE_RPC;
	path = span_first(path, span_find(path, '?'));
	set_string(&x->rpc_method, span_from(path, path.len && path.ptr[0] == '/'));
	detect_provider(x);
	return true;
}

static uint64_t count_messages(const struct body *b)
{
	struct span rest = buf_span(&b->text), message;
	uint64_t n = 0;
	bool coded;

	if (span_eq(span_str(b->media_type), SPAN_LIT("application/proto")))
		return b->text.len > 0;
	while (rest.len)
		n += grpc_next(&rest, &message, &coded);
	return n;
}

void detect_rpc_messages(struct exchange *x, enum http_msg m)
{
	x->rpc_messages[m] =
		count_messages(m == HTTP_REQUEST ? &x->request_body : &x->response_body);
}

/* ---- bodies ---- */

struct span detect_trim(struct span s)
{
	if (span_starts(s, SPAN_LIT("\xef\xbb\xbf")))
		s = span_from(s, 3);
	while (s.len && s.ptr[0] && strchr(" \t\r\n", s.ptr[0]))
		s = span_from(s, 1);
	return s;
}

bool detect_json_text(struct span s)
{
	s = detect_trim(s);
	return s.len && (s.ptr[0] == '{' || s.ptr[0] == '[');
}

bool detect_json(const struct body *b)
{
	return detect_json_text(buf_span(&b->text));
}

static bool is_of(const struct body *b, const char *const *types)
{
	struct span type = span_str(b->media_type);

	while (*types && !span_starts(type, span_str(*types)))
		types++;
	return *types;
}

bool detect_text(const struct body *b)
{
	static const char *const types[] = { "text/plain", "text/vtt", "application/x-subrip",
					     NULL };

	return is_of(b, types);
}

bool detect_unreadable(const struct dialect *d, const struct body *b)
{
	static const char *const media[] = { "audio/", "image/", "video/",
					     "application/octet-stream", NULL };

	return detect_trim(buf_span(&b->text)).len && !(d->media && is_of(b, media));
}

json_t *detect_body(const struct body *b, struct limits *lim, struct span *ret_rest,
		    bool *ret_partial)
{
	bool cut = b->state != BODY_COMPLETE || b->ngaps || b->text.full || b->coding_error;
	struct span s = buf_span(&b->text);
	json_t *v;

	*ret_partial = false;
	if (ret_rest)
		*ret_rest = span_of(NULL, 0);
	if (span_eq(span_str(b->media_type), SPAN_LIT("multipart/form-data")))
		return multipart_read(lim, s, cut, ret_partial);
	if (!detect_json(b))
		return NULL;
	v = json_read_next(lim, &s, ret_partial);
	if (v && s.len && ret_rest && (s.ptr[0] == '{' || s.ptr[0] == '['))
		*ret_rest = s;
	else if (v && s.len)
		*ret_partial = true;
	return v;
}

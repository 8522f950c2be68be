/* SPDX-License-Identifier: MIT */
#include "conversation/fingerprint.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/headers.h"
#include "exchange/builder.h"
#include "json/write.h"

/* ---- digests; lengths stand before texts, so that no two lists of texts are alike ---- */

static void add_number(struct sha256_ctx *h, uint64_t n)
{
	uint8_t bytes[8];

	put_le(bytes, n, sizeof(bytes));
	sha256_update(h, sizeof(bytes), bytes);
}

static void add_span(struct sha256_ctx *h, struct span s)
{
	add_number(h, s.len);
	if (s.len)
		sha256_update(h, s.len, s.ptr);
}

static void add_str(struct sha256_ctx *h, const char *s)
{
	add_span(h, span_str(s));
}

static void add_key(struct sha256_ctx *h, struct key k)
{
	sha256_update(h, sizeof(k.bytes), k.bytes);
}

/* `what` keeps digests of different kinds apart. */
static struct sha256_ctx begin(const char *what)
{
	struct sha256_ctx h;

	sha256_init(&h);
	add_str(&h, what);
	return h;
}

static struct key end(struct sha256_ctx *h)
{
	struct key k;

	sha256_digest(h, sizeof(k.bytes), k.bytes);
	return k;
}

static struct key named(const char *what, struct key scope, struct span name)
{
	struct sha256_ctx h = begin(what);

	add_key(&h, scope);
	add_span(&h, name);
	return end(&h);
}

static void add_json(struct sha256_ctx *h, const json_t *v)
{
	AUTO_FREE char *text = json_write_text(v);

	sha256_update(h, text ? strlen(text) : 0, (const uint8_t *)text);
	add_number(h, v != NULL); /* JSON delimits itself, so no length is needed */
}

static void add_part(struct sha256_ctx *h, const struct part *p)
{
	const char *const texts[] = { p->id, p->name, p->type_raw, p->media_type, p->sha256 };

	add_number(h, p->kind);
	add_number(h, p->size);
	add_number(h, p->is_error);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		add_str(h, texts[i]);
	add_span(h, buf_span(&p->text));
}

/* The first block of Claude Code's system prompt differs in each request. Anthropic's servers
 * remove it before caching, others do not (anthropics/claude-code issue 68900, read November
 * 2026). */
static bool is_lifted(const struct exchange *x, const struct part *p)
{
	return x->provider && strcmp(x->provider, "anthropic") == 0 &&
	       span_starts(buf_span(&p->text), SPAN_LIT("x-anthropic-billing-header:"));
}

static struct key digest_message(const struct message *m)
{
	struct sha256_ctx h = begin("message");

	add_str(&h, m->role);
	add_str(&h, m->name);
	for (size_t i = 0; i < m->nparts; i++)
		add_part(&h, &m->parts[i]);
	return end(&h);
}

static struct key digest_system(const struct exchange *x, size_t lead)
{
	struct sha256_ctx h = begin("system");

	add_number(&h, lead);
	for (size_t i = 0; i < lead; i++)
		add_key(&h, digest_message(&x->messages[i]));
	for (size_t i = 0; i < x->system.nparts; i++)
		if (!is_lifted(x, &x->system.parts[i]))
			add_part(&h, &x->system.parts[i]);
	return end(&h);
}

static struct key digest_tools(const struct exchange *x)
{
	struct sha256_ctx h = begin("tools");

	for (size_t i = 0; i < x->ntools; i++) {
		add_str(&h, x->tools[i].name);
		add_str(&h, x->tools[i].type);
		add_str(&h, x->tools[i].description);
		add_json(&h, x->tools[i].schema);
	}
	return end(&h);
}

static struct key digest_rest(const struct exchange *x)
{
	struct sha256_ctx h = begin("rest");

	add_str(&h, x->target); /* some APIs have model and stream in the path */
	add_str(&h, x->model_asked);
	add_number(&h, x->stream_requested);
	for (size_t i = 0; i < x->nparams; i++) {
		add_str(&h, x->params[i].name);
		add_json(&h, x->params[i].value);
	}
	return end(&h);
}

/* One user at one host, in one wire format. If both ends of the call are traced, each has its own
 * scope. */
static struct key digest_scope(const struct exchange *x)
{
	struct sha256_ctx h = begin("scope");

	add_str(&h, x->host ? x->host : x->provider);
	add_str(&h, x->api);
	add_number(&h, x->uid);
	add_number(&h, x->is_server);
	return end(&h);
}

/* ---- what a request says of itself ---- */

static bool says_retry(const struct exchange *x)
{
	struct span s = headers_of_role(&x->request_headers, ROLE_RETRY);

	return s.len && s.ptr[0] >= '1' && s.ptr[0] <= '9';
}

static bool role_is(const struct message *m, const char *role)
{
	return m->role && strcmp(m->role, role) == 0;
}

/* Messages of the model that follow each other are one answer. Examples that a client made up look
 * like answers: so they count only where something shows that there were earlier calls. */
static unsigned count_answers(const struct exchange *x)
{
	bool proved = x->from_middle, in_answer = false;
	unsigned n = 0;

	for (size_t i = 0; i < x->nmessages; i++) {
		const struct message *m = &x->messages[i];
		bool answer = role_is(m, "assistant") || role_is(m, "model");

		n += answer && !in_answer;
		in_answer = answer;
		for (size_t k = 0; answer && k < m->nparts; k++)
			proved |= m->parts[k].kind == PART_TOOL_CALL && m->parts[k].id;
	}
	return proved ? n : 0;
}

static void read_join(struct fingerprint *a, const struct exchange *x, struct key scope)
{
	const json_t *v = exchange_param(x, "conversation");
	struct span id = json_span(json_is_object(v) ? json_object_get(v, "id") : v);

	if (id.len) {
		a->join = JOIN_CONVERSATION;
		a->joins = named("conversation", scope, id);
		return;
	}
	id = json_span(exchange_param(x, "previous_response_id"));
	if (id.len) {
		a->join = JOIN_RESPONSE;
		a->joins = named("response", scope, id);
	}
}

/* ---- the whole ---- */

struct key key_of_session(const struct exchange *x)
{
	if (!x->agent.session)
		return (struct key){ { 0 } };
	return named("session", digest_scope(x), span_str(x->agent.session));
}

struct key key_of_agent(const struct exchange *x, const char *session, const char *id)
{
	struct sha256_ctx h = begin("agent");

	if (!session)
		return (struct key){ { 0 } };
	add_key(&h, digest_scope(x));
	add_str(&h, session);
	add_str(&h, id ? id : "");
	return end(&h);
}

struct key key_of_text(struct span text)
{
	return named("text", (struct key){ { 0 } }, text);
}

static void read_scopes(struct fingerprint *a)
{
	struct sha256_ctx h = begin("strict");

	add_number(&h, a->tgid);
	add_key(&h, a->system);
	add_key(&h, a->tools);
	add_key(&h, a->session);
	a->strict = end(&h);
	h = begin("process");
	add_number(&h, a->tgid);
	a->process = end(&h);
	h = begin("user");
	a->user_wide = end(&h);
}

static void read_chain(struct fingerprint *a, const struct exchange *x, struct key seed)
{
	a->chain = xcalloc(a->count + 1, sizeof(*a->chain));
	a->own = xcalloc(a->count, sizeof(*a->own));
	a->chain[0] = seed;
	for (size_t i = 0; i < a->count; i++) {
		const struct message *m = &x->messages[a->lead + i];
		struct sha256_ctx h = begin("chain");

		a->own[i] = digest_message(m);
		add_key(&h, a->chain[i]);
		add_key(&h, a->own[i]);
		a->chain[i + 1] = end(&h);
		if (!a->user && (role_is(m, "user") || role_is(m, "human")))
			a->user = i + 1;
	}
}

void fingerprint_init(struct fingerprint *a, const struct exchange *x)
{
	struct key scope = digest_scope(x);
	struct span cache_key = json_span(exchange_param(x, "prompt_cache_key"));

	*a = (struct fingerprint){ .tgid = x->tgid,
				   .partial = x->request_partial,
				   .answers = count_answers(x),
				   .retry = says_retry(x) };
	while (a->lead < x->nmessages && (role_is(&x->messages[a->lead], "system") ||
					  role_is(&x->messages[a->lead], "developer")))
		a->lead++;
	a->count = x->nmessages - a->lead;
	a->count -= a->partial && a->count;
	a->system = digest_system(x, a->lead);
	a->tools = digest_tools(x);
	a->rest = digest_rest(x);
	a->session = key_of_agent(x, x->agent.session, x->agent.id);
	if (cache_key.len)
		a->cache_key = named("cache key", scope, cache_key);
	read_join(a, x, scope);
	read_scopes(a);
	/* A message after an answer of that id is different from the same message at the
	 * beginning. */
	read_chain(a, x, a->join == JOIN_NONE ? scope : a->joins);
}

void fingerprint_done(struct fingerprint *a)
{
	free(a->chain);
	free(a->own);
}

struct key key_of_response(const struct exchange *x, struct span id)
{
	return named("response", digest_scope(x), id);
}

struct key key_of_conversation(const char *id)
{
	return named("talk", (struct key){ { 0 } }, span_str(id));
}

void conversation_make_id(const struct exchange *x, char ret[17])
{
	struct sha256_ctx h = begin("id");
	struct key k;

	add_number(&h, x->serial);
	add_number(&h, x->tgid);
	add_number(&h, x->t.request_first);
	add_number(&h, (uint64_t)x->wall_offset);
	k = end(&h);
	base16_encode_update(ret, 8, k.bytes);
	ret[16] = '\0';
}

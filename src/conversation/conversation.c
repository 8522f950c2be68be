/* SPDX-License-Identifier: MIT */
/* A request is looked up by its prefixes, the longest and the narrowest scope first. A hit is then
 * classified: the same request again, the next turn, or a branch off an earlier turn. */
#include "conversation/conversation.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "conversation/agent.h"
#include "conversation/store.h"
#include "conversation/titles.h"
#include "conversation/tool_calls.h"
#include "exchange/builder.h"

struct conversations {
	struct limits *lim;
	struct store *store;
	struct titles *titles;
	struct tool_calls *calls;
};

/* In order of preference, the best last. */
enum what {
	ANEW,	/* begins a conversation */
	BRANCH, /* begins one with the first turns of `of` */
	NEXT,	/* is the next turn of `of` */
	RETRY,	/* repeats the latest turn of `of` */
};

struct verdict {
	enum what what;
	struct turn_chain *of;
	size_t shared; /* messages past the lead that `of` has too */
	unsigned turn; /* BRANCH: the last turn that both share; else 0 */
};

struct conversations *conversations_new(struct limits *lim)
{
	struct conversations *t = xcalloc(1, sizeof(*t));

	t->lim = lim;
	t->store = store_new(lim);
	t->titles = titles_new();
	t->calls = tool_calls_new();
	return t;
}

void conversations_free(struct conversations *t)
{
	if (!t)
		return;
	store_free(t->store);
	titles_free(t->titles);
	tool_calls_free(t->calls);
	free(t);
}

/* ---- judging ---- */

/* Both are known and equal. */
static bool same(struct key a, struct key b)
{
	return key_any(a) && key_eq(a, b);
}

static bool other_session(const struct fingerprint *a, const struct turn_chain *th)
{
	return key_any(a->session) && key_any(th->session) && !key_eq(a->session, th->session);
}

/* Another process, of which nothing tells that it works on the same. */
static bool is_stranger(const struct fingerprint *a, const struct turn_chain *th)
{
	return a->tgid != th->tgid && !same(a->session, th->session);
}

/* Whether this is the latest request of `th` again. The same words from another process are
 * unrelated. With another prompt, model or other params they are a retry only if the first attempt
 * failed. */
static bool is_retry(const struct fingerprint *a, const struct turn_chain *th)
{
	if (a->partial || other_session(a, th) || !key_eq(a->chain[a->count], th->end))
		return false;
	if (is_stranger(a, th))
		return false;
	return a->retry || th->failed ||
	       (key_eq(a->system, th->system) && key_eq(a->tools, th->tools) &&
		key_eq(a->rest, th->rest));
}

/* Whether the messages after the shared ones show that the earlier request was edited, not left:
 * its last message is among them, or the client names the same conversation. */
static bool edited(const struct fingerprint *a, const struct turn_chain *th, size_t shared)
{
	if (same(a->session, th->session) || same(a->cache_key, th->cache_key))
		return true;
	for (size_t i = shared; i < a->count; i++)
		if (same(a->own[i], th->last))
			return true;
	return false;
}

/* Whether the first `shared` messages make this the next turn of `th`. They must be all of its
 * latest request, or all but two at the end (clients rewrite what they added to the last prompt),
 * or the rest must be known again. The request must also be longer: the same length with another
 * end is another question about the same text, unless the first one failed. A request of another
 * process must contain all of it and more, or belong to the same session; and what failed, it does
 * not know. */
static bool goes_on(const struct fingerprint *a, const struct turn_chain *th, size_t shared)
{
	bool longer = a->count > th->count || (th->failed && a->count == th->count);
	bool moved = a->tgid != th->tgid && !key_eq(a->chain[shared], th->end);

	if (other_session(a, th) || (th->failed && is_stranger(a, th)))
		return false;
	if (th->joined || moved)
		return same(a->session, th->session) && longer;
	if (a->partial && shared == a->count)
		return true;
	if (!longer)
		return false;
	return (shared + 2 >= th->count && 2 * shared >= th->count) || edited(a, th, shared);
}

/* The longest remembered prefix of at most `count` messages. A prefix without a user's message
 * proves nothing. `ends`: only a prefix that is a whole request. */
static const struct entry *longest(const struct conversations *t, const struct fingerprint *a,
				   struct key scope, size_t count, bool ends)
{
	for (size_t n = count; a->user && n >= a->user; n--) {
		const struct entry *e = store_find(t->store, key_in(a->chain[n], scope));

		if (e && (e->turn || !ends))
			return e;
	}
	return NULL;
}

static struct verdict judge(const struct conversations *t, const struct fingerprint *a,
			    struct key scope)
{
	const struct entry *e = longest(t, a, scope, a->count, false);
	struct verdict v = { .what = ANEW };
	size_t less = a->count ? a->count - 1 : 0;

	if (!e)
		return v;
	v = (struct verdict){ .of = e->of, .shared = e->count };
	if (v.shared == a->count && is_retry(a, v.of)) {
		v.what = RETRY;
		return v;
	}
	if (goes_on(a, v.of, v.shared)) {
		v.what = NEXT;
		return v;
	}
	e = longest(t, a, scope, v.shared < less ? v.shared : less, true);
	if (!e)
		return (struct verdict){ .what = ANEW };
	/* What is asked is no repetition, even if it was asked there too. */
	return (struct verdict){ .what = BRANCH,
				 .of = e->of,
				 .shared = v.shared < a->count ? v.shared : e->count,
				 .turn = e->turn };
}

/* A request that names what it continues. */
static struct verdict judge_joined(const struct conversations *t, const struct fingerprint *a)
{
	const struct entry *e = store_find(t->store, a->joins);
	struct verdict v = { .what = NEXT };
	bool again;

	if (!e)
		return (struct verdict){ .what = ANEW };
	v.of = e->of;
	again = !a->partial && key_eq(a->chain[a->count], e->of->end);
	/* In a conversation that the provider keeps, repeating a request is no retry. */
	if (again && (a->join == JOIN_RESPONSE || e->of->failed || a->retry)) {
		v.what = RETRY;
		v.shared = a->count;
	} else if (a->join == JOIN_RESPONSE && e->turn != e->of->turn) {
		v.what = BRANCH;
		v.turn = e->turn;
	}
	return v;
}

static struct verdict decide(const struct conversations *t, const struct fingerprint *a)
{
	const struct key scopes[] = { a->strict, a->process, a->user_wide };
	struct verdict best = { .what = ANEW }, v;
	const struct entry *e;

	if (a->join != JOIN_NONE)
		return judge_joined(t, a);
	for (size_t i = 0; i < 3 && best.what < NEXT; i++) {
		v = judge(t, a, scopes[i]);
		best = v.what > best.what ? v : best;
	}
	/* The latest conversation of its session is a candidate in any scope. */
	e = key_any(a->session) && best.what < NEXT ? store_find(t->store, a->session) : NULL;
	if (e) {
		v = judge(t, a, e->of->strict);
		best = v.what > best.what ? v : best;
	}
	return best;
}

/* ---- remembering ---- */

/* Finds or begins the conversation. A branch within the turns that `of` shares with its parent is a
 * branch of the parent. */
static struct turn_chain *enter(struct conversations *t, const struct verdict *v,
				const struct fingerprint *a, const struct exchange *x)
{
	unsigned before = a->join == JOIN_NONE ? a->answers : a->join == JOIN_RESPONSE;
	char parent[17] = "";
	struct turn_chain *th;

	if (v->what >= NEXT) {
		store_used(t->store, v->of);
		v->of->turn += v->what == NEXT;
		return v->of;
	}
	if (v->what == BRANCH) {
		const struct turn_chain *of = v->of;

		before = of->before;
		memcpy(parent, v->turn <= of->parent_turn ? of->parent : of->id, sizeof(parent));
	}
	th = store_add(t->store); /* v->of may have been freed from here on */
	conversation_make_id(x, th->id);
	memcpy(th->parent, parent, sizeof(th->parent));
	th->parent_turn = v->turn;
	th->turn = v->turn + 1;
	th->before = before;
	th->cacheable = COUNT_UNKNOWN;
	store_name(t->store, th, key_of_conversation(th->id));
	return th;
}

/* Makes the shared prefixes, known in scope `from`, lead to `th` in its own scope, with the turns
 * that ended there. */
static void carry(struct conversations *t, struct turn_chain *th, const struct fingerprint *a,
		  struct key from, size_t first, size_t shared)
{
	for (size_t n = first; n <= shared; n++) {
		struct entry *e = store_find(t->store, key_in(a->chain[n], from));
		unsigned turn = e ? e->turn : 0;

		if (e && e->of == th)
			store_drop(t->store, e);
		store_put(t->store, th, key_in(a->chain[n], th->strict), n, turn);
	}
}

static void remember_messages(struct conversations *t, struct turn_chain *th,
			      const struct fingerprint *a, struct key from, const struct verdict *v)
{
	bool there = v->what >= NEXT && key_eq(from, th->strict);
	size_t first = a->user, max = t->lim->max[LIMIT_messages];

	if (a->count >= max && first <= a->count - max) {
		limit_hit(t->lim, LIMIT_messages);
		first = a->count - max + 1;
	}
	if (!there)
		carry(t, th, a, from, first, v->shared);
	for (size_t n = first > v->shared ? first : v->shared + 1; n <= a->count; n++)
		store_put(t->store, th, key_in(a->chain[n], th->strict), n, 0);
	store_put(t->store, th, key_in(a->chain[a->count], th->strict), a->count, th->turn);
	store_put(t->store, th, key_in(a->chain[a->count], a->process), a->count, th->turn);
	store_put(t->store, th, key_in(a->chain[a->count], a->user_wide), a->count, th->turn);
}

static void remember(struct conversations *t, struct turn_chain *th, const struct fingerprint *a,
		     struct key from, const struct verdict *v)
{
	if (!a->partial || !key_any(th->strict)) {
		th->strict = a->strict;
		th->system = a->system;
		th->tools = a->tools;
		th->rest = a->rest;
	}
	th->tgid = a->tgid;
	th->failed = false;
	th->joined = a->join != JOIN_NONE;
	th->cache_key = key_any(a->cache_key) ? a->cache_key : th->cache_key;
	if (key_any(a->session)) {
		th->session = a->session;
		store_name(t->store, th, a->session);
	}
	if (a->join == JOIN_CONVERSATION)
		store_name(t->store, th, a->joins);
	/* Only the beginning of a longer request could be read; the store already knows more. */
	if (a->partial && v->what == NEXT && v->shared == a->count)
		return;
	if (v->what == NEXT && v->shared < th->count && !th->joined)
		store_drop_past(t->store, th, v->shared);
	th->count = a->count;
	th->end = a->chain[a->count];
	th->last = a->count ? a->own[a->count - 1] : (struct key){ { 0 } };
	if (a->user && !th->joined)
		remember_messages(t, th, a, from, v);
}

/* ---- telling ---- */

/* A ceiling matters where it has dropped what is asked for. */
static void count_missed(struct conversations *t)
{
	enum limit missed = store_missed(t->store);

	if (missed != LIMIT_COUNT)
		limit_hit(t->lim, missed);
}

static void tell_break(struct conversation *k, enum conversation_break by, size_t at)
{
	k->broke = true;
	k->broke_by = by;
	k->broke_at = at;
}

/* Compares the request with the previous one of its conversation. */
static void compare(struct conversation *k, const struct fingerprint *a, const struct verdict *v)
{
	const struct turn_chain *th = v->of;

	if (v->what == ANEW)
		return;
	k->same_system = !a->partial && key_eq(a->system, th->system);
	k->same_tools = !a->partial && key_eq(a->tools, th->tools);
	k->repeated_from = k->same_system ? 0 : a->lead;
	k->repeated = v->shared + a->lead - k->repeated_from;
	k->retry |= v->what == RETRY;
	if (v->what == BRANCH || a->partial)
		return;
	/* Providers cache tools, system prompt and messages in that order. */
	if (!k->same_tools)
		tell_break(k, BREAK_TOOLS, 0);
	else if (!k->same_system)
		tell_break(k, BREAK_SYSTEM, 0);
	else if (v->shared < th->count && a->join == JOIN_NONE && !th->joined)
		tell_break(k, BREAK_MESSAGES, a->lead + v->shared);
}

static void tell_title(const struct conversations *t, struct turn_chain *th, struct key session,
		       struct exchange *x)
{
	const char *own;

	if (!th->title)
		th->title = title_of_words(x);
	own = titles_find(t->titles, session, th->id, th->title);
	set_string(&x->conversation.title, span_str(own ? own : th->title));
}

/* The conversation of the agent that began this one, as the client tells: the latest of that agent.
 * Claude Code does not name the first agent of a session. */
static const struct entry *told_parent(const struct conversations *t, const struct exchange *x)
{
	const struct agent *a = &x->agent;
	const struct entry *e;

	if (!a->session || !a->id || (!a->parent && string_eq(a->id, a->session)) ||
	    (!a->parent && string_eq(a->id, a->thread)))
		return NULL;
	e = store_find(t->store, key_of_agent(x, a->session, a->parent));
	return e || !a->parent ? e : store_find(t->store, key_of_agent(x, a->parent, a->parent));
}

static void tell_parent(const struct conversations *t, struct exchange *x)
{
	const struct entry *e = told_parent(t, x);

	if (e && strcmp(e->of->id, x->conversation.id) != 0)
		memcpy(x->agent.parent_conversation, e->of->id, sizeof(e->of->id));
	else if (x->conversation.turn == 1 && !x->conversation.turns_before)
		tool_calls_begin(t->calls, x);
}

void conversations_request(struct conversations *t, struct exchange *x)
{
	struct conversation *k = &x->conversation;
	struct key from = { { 0 } };
	struct turn_chain *th;
	struct verdict v;
	struct fingerprint a;

	if (x->kind == EXCHANGE_MCP && !x->agent.parent_call)
		tool_calls_serve(t->calls, x);
	if (x->kind != EXCHANGE_LLM || exchange_counts(x) || k->id[0])
		return;
	agent_read(x);
	set_string(&k->session, span_str(x->agent.session));
	if (!x->request_parsed)
		return;
	fingerprint_init(&a, x);
	if (a.count || a.join != JOIN_NONE) {
		k->retry = a.retry;
		store_missed(t->store);
		v = decide(t, &a);
		if (v.what < NEXT)
			count_missed(t);
		compare(k, &a, &v);
		from = v.of ? v.of->strict : from;
		th = enter(t, &v, &a, x);
		remember(t, th, &a, from, &v);
		memcpy(k->id, th->id, sizeof(k->id));
		memcpy(k->parent, th->parent, sizeof(k->parent));
		k->turn = th->turn;
		k->turns_before = th->before;
		k->parent_turn = th->parent_turn;
		tell_title(t, th, key_of_session(x), x);
		tell_parent(t, x);
		tool_calls_request(t->calls, x);
	}
	fingerprint_done(&a);
}

/* ---- the answer ---- */

static int64_t or_zero(int64_t n)
{
	return n == COUNT_UNKNOWN ? 0 : n;
}

static int64_t sum(int64_t a, int64_t b)
{
	int64_t n;

	return __builtin_add_overflow(a, b, &n) ? INT64_MAX : n;
}

/* Tokens that the next request may find in the cache: those read from it and written to it or, if
 * writes are not reported, all input. */
static int64_t cacheable(const struct usage *u)
{
	if (u->cache_write_5m == COUNT_UNKNOWN && u->cache_write_1h == COUNT_UNKNOWN)
		return u->input;
	return sum(or_zero(u->cached_read),
		   sum(or_zero(u->cache_write_5m), or_zero(u->cache_write_1h)));
}

static bool has_failed(const struct exchange *x)
{
	return !x->response_seen || x->status >= 400 || x->error ||
	       x->response_body.state == BODY_CUT;
}

void conversations_answer(struct conversations *t, struct exchange *x)
{
	const struct entry *e;
	int64_t read = x->usage.cached_read;
	struct conversation *k = &x->conversation;
	struct turn_chain *th;

	titles_answer(t->titles, x);
	tool_calls_answer(t->calls, x);
	store_missed(t->store);
	e = store_find(t->store, key_of_conversation(k->id)); /* "" is no id */
	if (!e) {
		count_missed(t);
		return;
	}
	th = e->of;
	store_used(t->store, th);
	if (k->turn == th->turn)
		th->failed = has_failed(x);
	if (k->broke && th->cacheable != COUNT_UNKNOWN && read != COUNT_UNKNOWN &&
	    th->cacheable_turn < k->turn)
		k->lost_cache = th->cacheable > read ? th->cacheable - read : 0;
	if (cacheable(&x->usage) != COUNT_UNKNOWN && th->cacheable_turn <= k->turn) {
		th->cacheable = cacheable(&x->usage);
		th->cacheable_turn = k->turn;
	}
	if (x->response_id)
		store_put(t->store, th, key_of_response(x, span_str(x->response_id)), 0, k->turn);
}

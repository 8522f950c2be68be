/* SPDX-License-Identifier: MIT */
#include "view/sessions.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/account.h"
#include "exchange/did.h"
#include "view/sessions_int.h"

/* Past so many rows, others share the last one: a client can name as many sessions as it likes. */
#define ROWS_MAX 20000

/* ---- names ---- */

const char *session_state_name(enum session_state s)
{
	static const char *const names[] = {
		[SESSION_DONE] = "done",
		[SESSION_TOOLS] = "tools",
		[SESSION_CUT] = "cut",
		[SESSION_FAILED] = "failed",
	};

	return names[s];
}

/* ---- rows ---- */

struct talk {
	char id[17];
	struct session *row; /* that had it first */
};

static int by_key(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int by_conversation(const void *a, const void *b)
{
	const struct talk *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Lengths, since names may hold any character. */
static char *key_of_agent(const char *session, const char *agent)
{
	return xasprintf("a%zu:%s%s", strlen(session), session, agent ? agent : "");
}

char *session_key(const struct exchange *x)
{
	struct spender of;

	if (x->agent.session)
		return key_of_agent(x->agent.session, agent_name(&x->agent));
	exchange_spender(x, &of);
	return xasprintf("p%u:%s:%s", of.pid, x->conversation.id, of.program);
}

static struct session *find(const struct sessions *s, const char *key)
{
	struct session **found = tfind(&(struct session){ .key = (char *)key }, &s->by_key, by_key);

	return found ? *found : NULL;
}

static struct session *new_row(struct sessions *s, char *key)
{
	struct session *r = xcalloc(1, sizeof(*r));

	r->key = key;
	r->first_token_ns = r->took_ns = r->context = COUNT_UNKNOWN;
	tsearch(r, &s->by_key, by_key);
	s->rows = xgrow(s->rows, s->count, sizeof(struct session *));
	s->rows[s->count++] = r;
	return r;
}

static struct session *row_of(struct sessions *s, const struct exchange *x)
{
	static const char others[] = "others";
	char *key = session_key(x);
	struct session *r = find(s, key);

	if (!r && s->count < ROWS_MAX)
		return new_row(s, key);
	free(key);
	if (!r)
		r = find(s, others);
	if (!r) {
		r = new_row(s, xstrdup(others));
		r->others = true;
	}
	return r;
}

struct session *sessions_find(const struct sessions *s, const char *key)
{
	return find(s, key);
}

bool session_has(const struct session *r, const struct exchange *x)
{
	AUTO_FREE char *key = session_key(x);

	return r->others || strcmp(key, r->key) == 0;
}

static void row_free(struct session *r)
{
	free(r->session);
	free(r->agent);
	free(r->kind);
	free(r->program);
	free(r->user);
	free(r->model);
	free(r->title);
	free(r->container);
	free(r->provider);
	free(r->host);
	free(r->last);
	free(r->calls);
	free(r->key);
	free(r->parent_agent);
	free(r);
}

/* ---- what a call did ---- */

enum session_state session_state(const struct exchange *x)
{
	if (exchange_failed(x))
		return SESSION_FAILED;
	if (!x->response_seen || x->response_partial || x->response_body.state == BODY_CUT)
		return SESSION_CUT;
	return x->nchoices && x->choices[0].finish == FINISH_TOOL_CALL ? SESSION_TOOLS
								       : SESSION_DONE;
}

/* ---- adding ---- */

static void replace(char **to, const char *text)
{
	if (!text || (*to && strcmp(*to, text) == 0))
		return;
	free(*to);
	*to = xstrdup(text);
}

static void name_agent(struct session *r, const struct exchange *x)
{
	const struct agent *a = &x->agent;

	replace(&r->session, a->session);
	replace(&r->agent, agent_name(&x->agent));
	replace(&r->kind, a->kind);
	replace(&r->parent_agent, a->parent);
	if (x->conversation.parent[0] && !r->branched_from[0])
		memcpy(r->branched_from, x->conversation.parent, sizeof(r->branched_from));
	if (!a->parent_conversation[0] || r->parent_conversation[0])
		return;
	memcpy(r->parent_conversation, a->parent_conversation, sizeof(r->parent_conversation));
	r->guessed = a->inferred;
}

static void name_process(struct session *r, const struct exchange *x)
{
	struct spender of;

	exchange_spender(x, &of);
	r->pid = of.pid;
	/* Who is behind a gateway has other ones; and whose parent has ended has few. */
	if (of.pid == x->tgid && x->ancestors.count > r->ancestors.count)
		r->ancestors = x->ancestors;
	replace(&r->program, of.program);
	replace(&r->user, spender_user(&of));
	replace(&r->model, of.model);
	replace(&r->container, exchange_container(x));
	replace(&r->provider, x->provider);
	replace(&r->host, x->host);
}

static void take_last(struct session *r, const struct exchange *x)
{
	struct account a;

	name_agent(r, x);
	name_process(r, x);
	if (x->conversation.id[0]) {
		memcpy(r->conversation, x->conversation.id, sizeof(r->conversation));
		r->turn = x->conversation.turn;
	}
	replace(&r->title, x->conversation.title);
	r->state = session_state(x);
	free(r->last);
	r->last = exchange_did(x);
	exchange_account(x, &a);
	r->took_ns = a.duration_ns;
	if (a.first_token_ns != COUNT_UNKNOWN)
		r->first_token_ns = a.first_token_ns;
	if (a.input > 0)
		r->context = a.input;
	if (exchange_speed(x) > 0)
		r->speed = exchange_speed(x);
}

/* Of a row that goes: its first conversation. */
static void forget_talks(struct sessions *s, const struct session *row)
{
	struct talk key, **found, *t;

	snprintf(key.id, sizeof(key.id), "%s", row->conversation);
	found = tfind(&key, &s->by_conversation, by_conversation);
	t = found ? *found : NULL;
	if (!t || t->row != row)
		return;
	tdelete(t, &s->by_conversation, by_conversation);
	free(t);
}

static void add_talk(struct sessions *s, const char *id, struct session *row)
{
	struct talk *t = xcalloc(1, sizeof(*t)), **found;

	snprintf(t->id, sizeof(t->id), "%s", id);
	t->row = row;
	found = tsearch(t, &s->by_conversation, by_conversation);
	if (*found != t)
		free(t);
}

struct session *sessions_row(struct sessions *s, const struct exchange *x)
{
	struct session *r = row_of(s, x);

	if (r->ncalls || r->others)
		return r;
	name_agent(r, x);
	name_process(r, x);
	if (!r->conversation[0] && x->conversation.id[0]) {
		memcpy(r->conversation, x->conversation.id, sizeof(r->conversation));
		add_talk(s, x->conversation.id, r);
	}
	r->turn = x->conversation.turn;
	replace(&r->title, x->conversation.title);
	return r;
}

void sessions_drop_empty(struct sessions *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct session *r = s->rows[i];

		if (r->ncalls || r->now) {
			s->rows[n++] = r;
			continue;
		}
		tdelete(r, &s->by_key, by_key);
		forget_talks(s, r);
		row_free(r);
	}
	s->count = n;
}

static void add_bar(struct session *r, const struct exchange *x, int64_t began)
{
	int64_t number = began / SESSION_BAR_NS;
	struct session_bar *b = &r->bars[number % SESSION_BARS];
	bool priced = x->cost.source != COST_UNKNOWN;

	if (began <= 0 || number < b->number)
		return;
	if (number > b->number)
		*b = (struct session_bar){ .number = number };
	b->calls++;
	b->usd += priced ? x->cost.usd : 0;
	b->unknown += priced ? x->cost.partial : !exchange_failed(x);
}

struct session_bar session_hour(const struct session *r, int64_t now_ns)
{
	struct session_bar sum = { .number = now_ns / SESSION_BAR_NS };

	for (size_t i = 0; i < SESSION_BARS; i++) {
		const struct session_bar *b = &r->bars[i];

		if (b->number > sum.number || b->number <= sum.number - SESSION_BARS)
			continue;
		sum.calls += b->calls;
		sum.usd += b->usd;
		sum.unknown += b->unknown;
	}
	return sum;
}

struct session *sessions_add(struct sessions *s, const struct exchange *x)
{
	struct session *r = row_of(s, x);
	int64_t began = exchange_began_ns(x);

	if (began >= r->began_ns) {
		r->began_ns = began;
		take_last(r, x);
	}
	if (x->conversation.id[0] && !r->others)
		add_talk(s, x->conversation.id, r);
	r->calls = xgrow(r->calls, r->ncalls, sizeof(*r->calls));
	r->calls[r->ncalls++] = x->id;
	add_bar(r, x, began);
	spend_sum_add(&r->sum, x);
	spend_sum_add(&s->all, x);
	if (began && began >= s->today_ns)
		spend_sum_add(&s->today, x);
	return r;
}

struct adding {
	struct sessions *sessions;
	const struct select *also;
};

static int on_exchange(void *arg, const struct exchange *x, struct error *reterr)
{
	const struct adding *a = arg;

	a->sessions->newest = x->id > a->sessions->newest ? x->id : a->sessions->newest;
	if (a->also && !select_words_have(a->also, x))
		return 0;
	if (!a->sessions->takes || a->sessions->takes(a->sessions->arg, x))
		sessions_add(a->sessions, x);
	return 0;
}

int sessions_read(struct sessions *s, struct view *v, const struct view_query *q,
		  const struct select *also, struct error *reterr)
{
	struct adding r = { s, also };
	struct view_query calls = *q;

	calls.calls = true;
	calls.whole = !view_is_archive(v); /* of which columns tell all that is asked */
	return view_each(v, &calls, on_exchange, &r, reterr);
}

struct sessions *sessions_new(int64_t today_ns)
{
	struct sessions *s = xcalloc(1, sizeof(*s));

	s->today_ns = today_ns;
	return s;
}

static void leave(void *row)
{
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	tdestroy(s->by_key, leave);
	tdestroy(s->by_conversation, free);
	for (size_t i = 0; i < s->count; i++)
		row_free(s->rows[i]);
	free(s->rows);
	free(s);
}

struct session *sessions_of_agent(const struct sessions *s, const char *session, const char *agent)
{
	AUTO_FREE char *key = key_of_agent(session, agent);

	return find(s, key);
}

struct session *sessions_of_conversation(const struct sessions *s, const char *id)
{
	struct talk key, **found;

	snprintf(key.id, sizeof(key.id), "%s", id);
	found = tfind(&key, &s->by_conversation, by_conversation);
	return found ? (*found)->row : NULL;
}

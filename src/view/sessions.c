/* SPDX-License-Identifier: MIT */
#include "view/sessions.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "view/sessions_int.h"

/* Past so many rows, others share the last one: a client can name as many sessions as it likes. */
#define ROWS_MAX 20000
/* Of what a call did last. */
#define LAST_SIZE 240
/* Agents below agents. */
#define DEPTH_MAX 64

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

/* Codex names a thread where others name an agent: its sub-agents share a session. */
static const char *agent_of(const struct exchange *x)
{
	return x->agent.id ? x->agent.id : x->agent.thread;
}

static char *key_of(const struct exchange *x)
{
	struct spender of;

	if (x->agent.session)
		return key_of_agent(x->agent.session, agent_of(x));
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
	r->first_token_ns = COUNT_UNKNOWN;
	tsearch(r, &s->by_key, by_key);
	s->rows = xgrow(s->rows, s->count, sizeof(struct session *));
	s->rows[s->count++] = r;
	return r;
}

static struct session *row_of(struct sessions *s, const struct exchange *x)
{
	static const char others[] = "others";
	char *key = key_of(x);
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

bool session_has(const struct session *r, const struct exchange *x)
{
	AUTO_FREE char *key = key_of(x);

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
	free(r->last);
	free(r->calls);
	free(r->key);
	free(r->parent_agent);
	free(r);
}

/* ---- what a call did ---- */

/* On one line: blanks of any kind are one. */
static char *one_line(const char *before, struct span text)
{
	char part[LAST_SIZE];
	struct buf b;

	buf_init(&b, 2 * LAST_SIZE);
	buf_adds(&b, before);
	utf8_cut(text, part, sizeof(part));
	for (const char *c = part; *c; c++)
		if (!strchr(" \t\r\n", *c))
			buf_addc(&b, *c);
		else if (b.len && b.ptr[b.len - 1] != ' ')
			buf_addc(&b, ' ');
	return buf_take(&b);
}

static char *of_failure(const struct exchange *x)
{
	const struct api_error *e = x->error;
	const char *why = e ? e->type ? e->type : e->code ? e->code : e->message : NULL;
	char status[16] = "";

	if (x->status)
		snprintf(status, sizeof(status), "%u ", x->status);
	return one_line(status, span_str(why ? why : x->status ? "" : "failed"));
}

static char *of_answer(const struct message *m)
{
	const struct part *said = NULL;

	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == PART_TOOL_CALL ||
		    ((m->parts[i].kind == PART_TEXT || m->parts[i].kind == PART_REFUSAL) &&
		     m->parts[i].text.len))
			said = &m->parts[i];
	if (!said)
		return NULL;
	if (said->kind != PART_TOOL_CALL)
		return one_line("", buf_span(&said->text));

	AUTO_FREE char *name = one_line("tool: ", span_str(said->name ? said->name : "?"));
	AUTO_FREE char *named = xasprintf("%s ", name);

	return one_line(named, buf_span(&said->text));
}

static enum session_state state_of(const struct exchange *x)
{
	if (exchange_failed(x))
		return SESSION_FAILED;
	if (!x->response_seen || x->response_partial || x->response_body.state == BODY_CUT)
		return SESSION_CUT;
	return x->nchoices && x->choices[0].finish == FINISH_TOOL_CALL ? SESSION_TOOLS
								       : SESSION_DONE;
}

static char *last_of(const struct exchange *x)
{
	if (exchange_failed(x))
		return of_failure(x);
	if (!x->response_seen)
		return xstrdup("no response");
	return x->nchoices ? of_answer(&x->choices[0].msg) : NULL;
}

/* ---- adding ---- */

static void replace(char **to, const char *text)
{
	if (!text)
		return;
	free(*to);
	*to = xstrdup(text);
}

static void name_agent(struct session *r, const struct exchange *x)
{
	const struct agent *a = &x->agent;

	replace(&r->session, a->session);
	replace(&r->agent, agent_of(x));
	replace(&r->kind, a->kind);
	replace(&r->parent_agent, a->parent);
	if (!a->parent_conversation[0] || r->parent_conversation[0])
		return;
	memcpy(r->parent_conversation, a->parent_conversation, sizeof(r->parent_conversation));
	r->inferred = a->inferred;
}

static void name_process(struct session *r, const struct exchange *x)
{
	struct spender of;
	char number[16];

	exchange_spender(x, &of);
	snprintf(number, sizeof(number), "%u", of.uid);
	r->pid = of.pid;
	replace(&r->program, of.program);
	replace(&r->user, of.user ? of.user : number);
	replace(&r->model, of.model);
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
	r->state = state_of(x);
	free(r->last);
	r->last = last_of(x);
	exchange_account(x, &a);
	if (a.first_token_ns != COUNT_UNKNOWN)
		r->first_token_ns = a.first_token_ns;
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

void sessions_add(struct sessions *s, const struct exchange *x)
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
	spend_sum_add(&r->sum, x);
	spend_sum_add(&s->all, x);
	if (began && began >= s->today_ns)
		spend_sum_add(&s->today, x);
}

struct adding {
	struct sessions *sessions;
	const struct select *also;
};

static int on_exchange(void *arg, const struct exchange *x, struct error *reterr)
{
	const struct adding *a = arg;

	a->sessions->newest = x->id > a->sessions->newest ? x->id : a->sessions->newest;
	if (!a->also || select_words_have(a->also, x))
		sessions_add(a->sessions, x);
	return 0;
}

int sessions_read(struct sessions *s, struct view *v, const struct view_query *q,
		  const struct select *also, struct error *reterr)
{
	struct adding r = { s, also };
	struct view_query calls = *q;

	calls.calls = calls.whole = true;
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

/* ---- who began whom ---- */

static struct session *of_agent(const struct sessions *s, const char *session, const char *agent)
{
	AUTO_FREE char *key = key_of_agent(session, agent);

	return find(s, key);
}

static struct session *of_conversation(const struct sessions *s, const char *id)
{
	struct talk key, **found;

	snprintf(key.id, sizeof(key.id), "%s", id);
	found = tfind(&key, &s->by_conversation, by_conversation);
	return found ? (*found)->row : NULL;
}

/* The agent that the client names, else the conversation that began it, else the session's first
 * agent, which Claude Code does not name. opencode names the session that began this one. */
static struct session *parent_of(const struct sessions *s, const struct session *r)
{
	struct session *p = NULL;

	if (r->others)
		return NULL;
	if (r->session && r->parent_agent) {
		p = of_agent(s, r->session, r->parent_agent);
		p = p ? p : of_agent(s, r->parent_agent, NULL);
	}
	if ((!p || p == r) && r->parent_conversation[0])
		p = of_conversation(s, r->parent_conversation);
	if ((!p || p == r) && r->session && r->agent)
		p = of_agent(s, r->session, NULL);
	return p == r ? NULL : p;
}

/* What strangers name as their parents may go in a circle, or down without end. */
static bool is_above(const struct session *r, const struct session *of)
{
	for (unsigned i = 0; of && of != r && i < DEPTH_MAX; i++)
		of = of->parent;
	return of != NULL;
}

void sessions_find_parents(struct sessions *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->rows[i]->parent = NULL;
	for (size_t i = 0; i < s->count; i++) {
		struct session *p = parent_of(s, s->rows[i]);

		if (p && !is_above(s->rows[i], p))
			s->rows[i]->parent = p;
	}
}

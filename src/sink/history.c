/* SPDX-License-Identifier: MIT */
#include "sink/history_int.h"

#include <ctype.h>
#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"

#define CONVERSATIONS_MAX 512
#define SEEN_MAX	  1024
#define CALLS_MAX	  4096
#define PRICES_MAX	  64
/* Of one system prompt, and of the answer of one turn. */
#define SYSTEM_MAX (512u << 10)
#define SAID_MAX   (256u << 10)
/* So much of a part is compared with what was said. */
#define ECHO_MAX (64u << 10)
/* Messages whose texts are kept of a conversation. */
#define MESSAGES_MAX 256

struct conversation_memory {
	char id[17];
	uint64_t used; /* when, in calls */
	uint64_t last_id, turn_id;
	unsigned turn, tries;
	uint64_t ended_ns;
	struct buf system, said;
	struct tool_text *tools;
	size_t ntools;
	uint8_t tools_digest[32], params_digest[32];
	char **messages;
	size_t nmessages;
	size_t bytes;
};

/* A system prompt, list of tools or set of parameters, by digest. */
struct seen_text {
	uint8_t digest[32];
	uint64_t id; /* 0: free */
};

struct call_memory {
	uint8_t id[32]; /* its digest */
	char *name;	/* NULL: free */
	uint64_t at_ns;
};

/* What a token read from cache costs, by row of the price table. */
struct price_memory {
	char row[160];
	double cached;
};

struct history {
	size_t max, bytes; /* of all conversations */
	uint64_t clock;	   /* counts calls */
	struct conversation_memory *conversations[CONVERSATIONS_MAX];
	struct seen_text seen[SEEN_MAX];
	size_t next_seen;
	struct call_memory calls[CALLS_MAX];
	size_t next_call;
	struct price_memory prices[PRICES_MAX];
	size_t next_price;
};

/* ---- texts of other calls ---- */

static uint64_t seen_in(const struct history *h, const uint8_t digest[32])
{
	for (size_t i = 0; i < SEEN_MAX; i++)
		if (h->seen[i].id && memcmp(h->seen[i].digest, digest, 32) == 0)
			return h->seen[i].id;
	return 0;
}

static void note_seen(struct history *h, const uint8_t digest[32], uint64_t id)
{
	struct seen_text *s = &h->seen[h->next_seen];

	if (seen_in(h, digest))
		return;
	memcpy(s->digest, digest, 32);
	s->id = id;
	h->next_seen = (h->next_seen + 1) % SEEN_MAX;
}

/* ---- calls of tools ---- */

static void digest_of_id(const char *id, uint8_t ret[32])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(id), (const uint8_t *)id);
	sha256_digest(&ctx, 32, ret);
}

/* The last one of that id: clients may use the same again. */
bool history_called(const struct history *h, const char *id, struct called *ret)
{
	uint8_t digest[32];

	if (!id)
		return false;
	digest_of_id(id, digest);
	for (size_t n = 1; n <= CALLS_MAX; n++) {
		const struct call_memory *c = &h->calls[(h->next_call + CALLS_MAX - n) % CALLS_MAX];

		if (!c->name)
			return false;
		if (memcmp(c->id, digest, 32) == 0) {
			*ret = (struct called){ c->name, c->at_ns };
			return true;
		}
	}
	return false;
}

static void note_call(struct history *h, const struct part *p, uint64_t at_ns)
{
	struct call_memory *c = &h->calls[h->next_call];

	if (p->kind != PART_TOOL_CALL || !p->id || !p->name)
		return;
	free(c->name);
	c->name = xstrndup(p->name, strnlen(p->name, HISTORY_NAME_MAX));
	c->at_ns = at_ns;
	digest_of_id(p->id, c->id);
	h->next_call = (h->next_call + 1) % CALLS_MAX;
}

/* ---- conversations ---- */

static struct conversation_memory *memory_of(const struct history *h, const char *id)
{
	for (size_t i = 0; i < CONVERSATIONS_MAX && id[0]; i++)
		if (h->conversations[i] && strcmp(h->conversations[i]->id, id) == 0)
			return h->conversations[i];
	return NULL;
}

static void forget_messages(struct conversation_memory *m)
{
	for (size_t i = 0; i < m->nmessages; i++)
		free(m->messages[i]);
	free(m->messages);
	m->messages = NULL;
	m->nmessages = 0;
}

static void note_messages(struct conversation_memory *m, const struct exchange *x)
{
	forget_messages(m);
	for (size_t i = 0; i < x->nmessages && i < MESSAGES_MAX; i++) {
		m->messages = xgrow(m->messages, m->nmessages, sizeof(char *));
		m->messages[m->nmessages++] = history_message(&x->messages[i]);
	}
}

static void memory_free(struct conversation_memory *m)
{
	if (!m)
		return;
	forget_messages(m);
	buf_done(&m->system);
	buf_done(&m->said);
	history_tools_free(m->tools, m->ntools);
	free(m);
}

static size_t oldest(const struct history *h, const struct conversation_memory *but)
{
	size_t found = CONVERSATIONS_MAX;

	for (size_t i = 0; i < CONVERSATIONS_MAX; i++) {
		const struct conversation_memory *m = h->conversations[i];

		if (m && m != but &&
		    (found == CONVERSATIONS_MAX || m->used < h->conversations[found]->used))
			found = i;
	}
	return found;
}

static void forget(struct history *h, size_t i)
{
	h->bytes -= h->conversations[i]->bytes;
	memory_free(h->conversations[i]);
	h->conversations[i] = NULL;
}

static struct conversation_memory *memory_new(struct history *h, const char *id)
{
	struct conversation_memory *m = xcalloc(1, sizeof(*m));
	size_t i = 0;

	while (i < CONVERSATIONS_MAX && h->conversations[i])
		i++;
	if (i == CONVERSATIONS_MAX) {
		i = oldest(h, NULL);
		forget(h, i);
	}
	snprintf(m->id, sizeof(m->id), "%s", id);
	buf_init(&m->system, SYSTEM_MAX);
	buf_init(&m->said, SAID_MAX);
	h->conversations[i] = m;
	return m;
}

/* ---- what was said ---- */

/* Without blanks: clients send answers back with others. */
static void squeeze(struct buf *out, struct span s)
{
	size_t begin = 0;

	for (size_t i = 0; i < s.len && !out->full; i++) {
		if (!isspace(s.ptr[i]))
			continue;
		buf_add(out, span_first(span_from(s, begin), i - begin));
		begin = i + 1;
	}
	buf_add(out, span_from(s, begin));
}

static void note_answer(struct history *h, struct conversation_memory *m, const struct exchange *x)
{
	buf_reset(&m->said);
	m->said.full = false;
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t n = 0; n < x->choices[i].msg.nparts; n++) {
			const struct part *p = &x->choices[i].msg.parts[n];

			squeeze(&m->said, span_str(p->kind == PART_TOOL_CALL ? p->name : NULL));
			squeeze(&m->said, buf_span(&p->text));
			note_call(h, p, x->t.response_last);
		}
}

bool history_is_echo(const struct history *h, const struct news *n, const struct part *p)
{
	struct called call;
	struct buf squeezed;
	bool is;

	if (p->kind == PART_TOOL_CALL && history_called(h, p->id, &call))
		return true;
	buf_init(&squeezed, ECHO_MAX);
	squeeze(&squeezed, span_str(p->kind == PART_TOOL_CALL ? p->name : NULL));
	squeeze(&squeezed, buf_span(&p->text));
	is = !squeezed.len || memmem(n->said, n->said_len, squeezed.ptr, squeezed.len);
	buf_done(&squeezed);
	return is;
}

/* ---- prices ---- */

static double cached_price(const struct history *h, const struct exchange *x)
{
	if (x->usage.cached_read > 0 && x->cost.cached_usd > 0)
		return x->cost.cached_usd / (double)x->usage.cached_read;
	for (size_t i = 0; i < PRICES_MAX && x->cost.row[0]; i++)
		if (strcmp(h->prices[i].row, x->cost.row) == 0)
			return h->prices[i].cached;
	return 0;
}

static void note_price(struct history *h, const struct exchange *x)
{
	double price = cached_price(h, x);
	struct price_memory *p = &h->prices[h->next_price];

	if (!x->cost.row[0] || price <= 0)
		return;
	for (size_t i = 0; i < PRICES_MAX; i++)
		if (strcmp(h->prices[i].row, x->cost.row) == 0)
			return;
	memcpy(p->row, x->cost.row, sizeof(p->row));
	p->cached = price;
	h->next_price = (h->next_price + 1) % PRICES_MAX;
}

/* ---- looking ---- */

static void look_at_turn(const struct conversation_memory *m, const struct exchange *x,
			 struct news *n)
{
	n->known = true;
	n->previous_id = m->last_id;
	n->said = m->said.ptr ? m->said.ptr : "";
	n->said_len = m->said.len;
	if (m->ended_ns && x->t.request_first >= m->ended_ns) {
		n->has_gap = true;
		n->gap_ns = x->t.request_first - m->ended_ns;
	}
	if (x->conversation.retry && m->turn == x->conversation.turn) {
		n->retry_of = m->turn_id;
		n->retries = m->tries;
	}
	if (x->conversation.repeated)
		n->first = x->conversation.repeated_from + x->conversation.repeated;
}

static void look_at_texts(const struct history *h, const struct conversation_memory *m,
			  const struct digests *d, const struct buf *system, struct news *n)
{
	n->system_id = seen_in(h, d->system);
	n->tools_id = seen_in(h, d->tools);
	n->same_params = seen_in(h, d->params) != 0;
	n->system = n->system_id ? SEEN_ELSEWHERE : SEEN_NEVER;
	n->tools = n->tools_id ? SEEN_ELSEWHERE : SEEN_NEVER;
	if (!m)
		return;
	n->system_before = buf_span(&m->system);
	if (span_eq(n->system_before, buf_span(system)))
		n->system = SEEN_BEFORE;
	else if (m->system.len)
		n->system = SEEN_CHANGED;
	n->messages_before = (const char *const *)m->messages;
	n->nmessages_before = m->nmessages;
	n->tools_before = m->tools;
	n->ntools_before = m->ntools;
	if (memcmp(m->tools_digest, d->tools, 32) == 0)
		n->tools = SEEN_BEFORE;
	else if (m->ntools)
		n->tools = SEEN_CHANGED;
	n->same_params = memcmp(m->params_digest, d->params, 32) == 0;
}

void history_look(const struct history *h, const struct exchange *x, struct news *ret)
{
	const struct conversation_memory *m = memory_of(h, x->conversation.id);
	struct digests d;
	struct buf system;

	*ret = (struct news){ .said = "", .cached_price = cached_price(h, x) };
	buf_init(&system, SYSTEM_MAX);
	history_system(x, &system);
	d = history_digests(x, &system);
	if (m)
		look_at_turn(m, x, ret);
	look_at_texts(h, m, &d, &system, ret);
	if (ret->first < history_system_messages(x))
		ret->first = history_system_messages(x);
	if (ret->first > x->nmessages)
		ret->first = x->nmessages;
	buf_done(&system);
}

/* ---- adding ---- */

static void note_turn(struct conversation_memory *m, const struct exchange *x)
{
	if (m->turn != x->conversation.turn || !x->conversation.retry) {
		m->turn_id = x->id;
		m->tries = 0;
	}
	m->tries++;
	m->turn = x->conversation.turn;
	m->last_id = x->id;
	m->ended_ns = x->t.response_last;
}

static size_t bytes_of(const struct conversation_memory *m)
{
	size_t n = sizeof(*m) + m->system.cap + m->said.cap;

	for (size_t i = 0; i < m->ntools; i++)
		n += sizeof(m->tools[i]) + strlen(m->tools[i].name) + strlen(m->tools[i].text) + 2;
	for (size_t i = 0; i < m->nmessages; i++)
		n += sizeof(char *) + strlen(m->messages[i]) + 1;
	return n;
}

static void note_conversation(struct history *h, const struct exchange *x, const struct digests *d,
			      struct buf *system)
{
	struct conversation_memory *m = memory_of(h, x->conversation.id);

	if (!m)
		m = memory_new(h, x->conversation.id);
	h->bytes -= m->bytes;
	m->used = ++h->clock;
	note_turn(m, x);
	buf_done(&m->system);
	m->system = *system;
	buf_init(system, 1);
	if (memcmp(m->tools_digest, d->tools, 32) != 0) {
		history_tools_free(m->tools, m->ntools);
		m->tools = history_tools(x, &m->ntools);
	}
	memcpy(m->tools_digest, d->tools, 32);
	memcpy(m->params_digest, d->params, 32);
	note_messages(m, x);
	/* What failed says nothing that could come back. */
	if (x->nchoices)
		note_answer(h, m, x);
	m->bytes = bytes_of(m);
	h->bytes += m->bytes;
	while (h->bytes > h->max && oldest(h, m) < CONVERSATIONS_MAX)
		forget(h, oldest(h, m));
}

void history_add(struct history *h, const struct exchange *x)
{
	struct digests d;
	struct buf system;

	if (x->kind != EXCHANGE_LLM)
		return;
	buf_init(&system, SYSTEM_MAX);
	history_system(x, &system);
	d = history_digests(x, &system);
	if (system.len)
		note_seen(h, d.system, x->id);
	if (x->ntools)
		note_seen(h, d.tools, x->id);
	if (x->nparams)
		note_seen(h, d.params, x->id);
	note_price(h, x);
	if (x->conversation.id[0])
		note_conversation(h, x, &d, &system);
	buf_done(&system);
}

struct history *history_new(size_t bytes)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->max = bytes;
	return h;
}

void history_free(struct history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < CONVERSATIONS_MAX; i++)
		memory_free(h->conversations[i]);
	for (size_t i = 0; i < CALLS_MAX; i++)
		free(h->calls[i].name);
	free(h);
}

double history_price_again(const struct news *n, const struct exchange *x)
{
	const struct usage *u = &x->usage;
	int64_t written = (u->cache_write_5m > 0 ? u->cache_write_5m : 0) +
			  (u->cache_write_1h > 0 ? u->cache_write_1h : 0);
	int64_t anew = u->input - written - (u->cached_read > 0 ? u->cached_read : 0);
	double price = 0;

	if (written >= x->conversation.lost_cache && x->cost.write_usd > 0)
		price = x->cost.write_usd / (double)written;
	else if (anew > 0 && x->cost.input_usd > 0)
		price = x->cost.input_usd / (double)anew;
	return n->cached_price > 0 && price > n->cached_price ? price - n->cached_price : 0;
}

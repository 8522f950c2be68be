/* SPDX-License-Identifier: MIT */
#include "view/book.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "view/words.h"

#define ENTRIES_MAX 1000000
/* So many of the oldest go at once. */
#define ENTRIES_GO 100000
/* Beside them an answer has at most its reasoning and its text. */
#define TOOLS_MAX (BOOK_PARTS - 2)
/* So many that came last are known in that order. */
#define RECENT 4096
/* Of what an answer said last. */
#define SAID_SIZE 240

/* ---- what is a text of an exchange ---- */

#define AT(member) offsetof(struct exchange, member)

static const size_t texts[] = {
	AT(process),
	AT(script),
	AT(user),
	AT(container.runtime),
	AT(container.id),
	AT(container.name),
	AT(container.pod),
	AT(container.unit),
	AT(method),
	AT(target),
	AT(host),
	AT(provider),
	AT(provider_label),
	AT(api),
	AT(protocol),
	AT(model_asked),
	AT(model_answered),
	AT(conversation.title),
	AT(conversation.session),
	AT(agent.session),
	AT(agent.id),
	AT(agent.parent),
	AT(agent.kind),
	AT(agent.thread),
	AT(agent.turn),
	AT(rpc_method),
	AT(rpc_name),
	AT(rpc_state),
	AT(via.program),
	AT(via.user),
	AT(made_for.program),
	AT(made_for.user),
};
#define TEXTS (sizeof(texts) / sizeof(*texts))

/* Arrays of 17 characters. */
static const size_t ids[] = { AT(conversation.id), AT(conversation.parent),
			      AT(agent.parent_conversation) };
#define IDS (sizeof(ids) / sizeof(*ids))

enum {
	HAS_STREAM = 1,
	HAS_REQUEST = 2,
	HAS_RESPONSE = 4,
	HAS_PART_OF_IT = 8, /* the answer was not read whole */
	HAS_CUT_BODY = 16,
	HAS_RPC_FAILED = 32,
	HAS_INFERRED = 64,
	HAS_RETRY = 128,
	HAS_SERVER = 256,
	HAS_IMAGE = 512,
	HAS_REASONING = 1024,
	HAS_SOURCES = 2048,
	HAS_GAP = 4096,
	HAS_TOKENS_UNKNOWN = 8192,
	HAS_SPENDS = 16384,
	HAS_PARTIAL_COST = 32768,
	HAS_ERROR = 65536,
	HAS_SAID_TOOL = 131072, /* what was said last is a call of the last tool */
};

struct entry {
	uint64_t id, came, twin_of, missing;
	struct times t;
	int64_t wall_offset;
	uint32_t texts[TEXTS], ids[IDS];
	uint32_t error[3]; /* type, code, message */
	uint32_t flags;
	uint32_t tgid, uid, via_pid, made_for_pid;
	unsigned status, turn, turns_before;
	uint64_t cgroup;
	struct usage usage;
	double usd;
	uint8_t kind, finish, cost_source, ntools;
	uint32_t finish_raw;
	uint32_t *tools; /* names */
	char *said;	 /* NULL: nothing */
};

struct book {
	struct words *words;
	struct entry *entries;
	size_t count;
	uint64_t newest, came, dropped;
	uint64_t recent[RECENT]; /* ids of those that came last: a ring */
};

struct book *book_new(void)
{
	struct book *b = xcalloc(1, sizeof(*b));

	b->words = words_new();
	return b;
}

static void entry_done(struct entry *e)
{
	free(e->tools);
	free(e->said);
}

void book_free(struct book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		entry_done(&b->entries[i]);
	free(b->entries);
	words_free(b->words);
	free(b);
}

size_t book_count(const struct book *b)
{
	return b->count;
}

uint64_t book_dropped(const struct book *b)
{
	return b->dropped;
}

uint64_t book_came(const struct book *b)
{
	return b->came;
}

uint64_t book_came_as(const struct book *b, uint64_t came)
{
	return came && came <= b->came && b->came - came < RECENT ? b->recent[came % RECENT] : 0;
}

uint64_t book_newest(const struct book *b)
{
	return b->newest;
}

bool book_find(const struct book *b, uint64_t id, size_t *ret_at)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->entries[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = low;
	return low < b->count && b->entries[low].id == id;
}

/* ---- an exchange as an entry ---- */

static void keep_texts(struct book *b, struct entry *e, const struct exchange *x)
{
	const struct api_error *why = x->error;

	for (size_t i = 0; i < TEXTS; i++)
		e->texts[i] = words_add(b->words, *(char *const *)((const char *)x + texts[i]));
	for (size_t i = 0; i < IDS; i++)
		e->ids[i] = words_add(b->words, (const char *)x + ids[i]);
	if (!why)
		return;
	e->error[0] = words_add(b->words, why->type);
	e->error[1] = words_add(b->words, why->code);
	e->error[2] = words_add(b->words, why->message);
}

static bool has_part(const struct message *m, enum part_kind kind)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == kind)
			return true;
	return false;
}

static bool has_image(const struct exchange *x)
{
	for (size_t i = 0; i < x->nmessages; i++)
		if (has_part(&x->messages[i], PART_IMAGE))
			return true;
	for (size_t i = 0; i < x->nchoices; i++)
		if (has_part(&x->choices[i].msg, PART_IMAGE))
			return true;
	return false;
}

static bool has_reasoning(const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		if (has_part(&x->choices[i].msg, PART_REASONING))
			return true;
	return x->usage.reasoning > 0;
}

static bool has_gap(const struct exchange *x)
{
	return exchange_missing(x) || x->request_body.ngaps || x->response_body.ngaps;
}

static uint32_t flags_of(const struct exchange *x)
{
	const struct {
		uint32_t flag;
		bool has;
	} rows[] = {
		{ HAS_STREAM, x->stream },
		{ HAS_REQUEST, x->request_seen },
		{ HAS_RESPONSE, x->response_seen },
		{ HAS_PART_OF_IT, x->response_partial },
		{ HAS_CUT_BODY, x->response_body.state == BODY_CUT },
		{ HAS_RPC_FAILED, x->rpc_failed },
		{ HAS_INFERRED, x->agent.inferred },
		{ HAS_RETRY, x->conversation.retry },
		{ HAS_SERVER, x->is_server },
		{ HAS_IMAGE, has_image(x) },
		{ HAS_REASONING, has_reasoning(x) },
		{ HAS_SOURCES, x->ncitations || x->nsearches },
		{ HAS_GAP, has_gap(x) },
		{ HAS_TOKENS_UNKNOWN, exchange_tokens_unknown(x) },
		{ HAS_PARTIAL_COST, x->cost.partial },
		{ HAS_ERROR, x->error != NULL },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		flags |= rows[i].has ? rows[i].flag : 0;
	return flags;
}

static void keep_said(struct entry *e, const struct part *p)
{
	char text[SAID_SIZE];

	free(e->said);
	utf8_cut(buf_span(&p->text), text, sizeof(text));
	e->said = *text ? xstrdup(text) : NULL;
	e->flags &= ~(uint32_t)HAS_SAID_TOOL;
	e->flags |= p->kind == PART_TOOL_CALL ? HAS_SAID_TOOL : 0;
}

static void keep_tool(struct book *b, struct entry *e, const struct part *p)
{
	if (e->ntools < TOOLS_MAX)
		e->tools[e->ntools++] = words_add(b->words, p->name ? p->name : "?");
	else
		e->tools[e->ntools - 1] = words_add(b->words, p->name ? p->name : "?");
}

static void keep_answer(struct book *b, struct entry *e, const struct exchange *x)
{
	const struct choice *c = x->choices;

	if (!x->nchoices)
		return;
	e->finish = (uint8_t)c->finish;
	e->finish_raw = words_add(b->words, c->finish_raw);
	e->tools = xcalloc(TOOLS_MAX, sizeof(*e->tools));
	for (size_t i = 0; i < c->msg.nparts; i++) {
		const struct part *p = &c->msg.parts[i];
		bool said = (p->kind == PART_TEXT || p->kind == PART_REFUSAL) && p->text.len;

		if (p->kind == PART_TOOL_CALL)
			keep_tool(b, e, p);
		if (said || p->kind == PART_TOOL_CALL)
			keep_said(e, p);
	}
	if (!e->ntools)
		free(e->tools);
	e->tools = e->ntools ? xrealloc(e->tools, e->ntools * sizeof(*e->tools)) : NULL;
}

static void make_room(struct book *b)
{
	if (b->count < ENTRIES_MAX)
		return;
	for (size_t i = 0; i < ENTRIES_GO; i++)
		entry_done(&b->entries[i]);
	b->count -= ENTRIES_GO;
	b->dropped += ENTRIES_GO;
	memmove(b->entries, b->entries + ENTRIES_GO, b->count * sizeof(*b->entries));
}

/* Numbers are given when a request is known, and records come when their answer has ended. */
static struct entry *insert(struct book *b, uint64_t id)
{
	size_t at = b->count;

	b->entries = xgrow(b->entries, b->count, sizeof(*b->entries));
	if (id < b->newest)
		book_find(b, id, &at);
	memmove(&b->entries[at + 1], &b->entries[at], (b->count - at) * sizeof(*b->entries));
	b->count++;
	return &b->entries[at];
}

static uint64_t own_id(const struct book *b, uint64_t id)
{
	size_t at;

	return id && (id > b->newest || !book_find(b, id, &at)) ? id : b->newest + 1;
}

uint64_t book_add(struct book *b, const struct exchange *x, bool spends)
{
	uint64_t id = own_id(b, x->id);
	struct entry *e;

	make_room(b);
	e = insert(b, id);
	b->newest = id > b->newest ? id : b->newest;
	b->recent[++b->came % RECENT] = id;
	*e = (struct entry){ .id = id,
			     .came = b->came,
			     .twin_of = x->twin_of,
			     .missing = exchange_missing(x),
			     .t = x->t,
			     .wall_offset = x->wall_offset,
			     .flags = flags_of(x) | (spends ? HAS_SPENDS : 0),
			     .tgid = x->tgid,
			     .uid = x->uid,
			     .via_pid = x->via.tgid,
			     .made_for_pid = x->made_for.tgid,
			     .status = x->status,
			     .turn = x->conversation.turn,
			     .turns_before = x->conversation.turns_before,
			     .cgroup = x->cgroup,
			     .usage = x->usage,
			     .usd = x->cost.usd,
			     .kind = (uint8_t)x->kind,
			     .cost_source = (uint8_t)x->cost.source };
	e->usage.raw = NULL;
	keep_texts(b, e, x);
	keep_answer(b, e, x);
	return id;
}

/* ---- an entry as an exchange ---- */

static void give_texts(const struct book *b, const struct entry *e, struct exchange *x)
{
	for (size_t i = 0; i < TEXTS; i++)
		*(const char **)((char *)x + texts[i]) = words_text(b->words, e->texts[i]);
	for (size_t i = 0; i < IDS; i++) {
		const char *id = words_text(b->words, e->ids[i]);

		memcpy((char *)x + ids[i], id, strlen(id) + 1);
	}
}

static void give_error(const struct book *b, const struct entry *e, struct book_entry *ret)
{
	if (!(e->flags & HAS_ERROR))
		return;
	ret->error = (struct api_error){ .type = (char *)words_text(b->words, e->error[0]),
					 .code = (char *)words_text(b->words, e->error[1]),
					 .message = (char *)words_text(b->words, e->error[2]) };
	ret->x.error = &ret->error;
}

static void give_flags(const struct entry *e, struct exchange *x)
{
	bool cut = e->flags & HAS_CUT_BODY;

	x->stream = e->flags & HAS_STREAM;
	x->request_seen = e->flags & HAS_REQUEST;
	x->response_seen = e->flags & HAS_RESPONSE;
	x->response_partial = e->flags & HAS_PART_OF_IT;
	x->rpc_failed = e->flags & HAS_RPC_FAILED;
	x->agent.inferred = e->flags & HAS_INFERRED;
	x->conversation.retry = e->flags & HAS_RETRY;
	x->is_server = e->flags & HAS_SERVER;
	x->tokens = e->flags & HAS_TOKENS_UNKNOWN ? TOKENS_UNKNOWN : TOKENS_KNOWN;
	x->cost.partial = e->flags & HAS_PARTIAL_COST;
	x->request_body.state = BODY_COMPLETE;
	x->response_body.state = cut ? BODY_CUT : BODY_COMPLETE;
	x->response_body.missing = e->missing;
	x->response_body.ngaps = e->flags & HAS_GAP ? 1 : 0;
}

static void set_text(struct buf *text, char *s)
{
	*text = (struct buf){ .ptr = s, .len = s ? strlen(s) : 0, .max = SAID_SIZE };
}

static void give_answer(const struct book *b, const struct entry *e, struct book_entry *ret)
{
	struct message *m = &ret->choice.msg;

	ret->choice.finish = (enum finish)e->finish;
	ret->choice.finish_raw = (char *)words_text(b->words, e->finish_raw);
	m->parts = ret->parts;
	if (e->flags & HAS_REASONING)
		ret->parts[m->nparts++] = (struct part){ .kind = PART_REASONING };
	for (size_t i = 0; i < e->ntools; i++)
		ret->parts[m->nparts++] =
			(struct part){ .kind = PART_TOOL_CALL,
				       .name = (char *)words_text(b->words, e->tools[i]) };
	if (e->said && !(e->flags & HAS_SAID_TOOL))
		ret->parts[m->nparts++] = (struct part){ .kind = PART_TEXT };
	if (e->said && (e->ntools || !(e->flags & HAS_SAID_TOOL)))
		set_text(&ret->parts[m->nparts - 1].text, e->said);
	ret->x.choices = &ret->choice;
	ret->x.nchoices = 1;
}

static void give_signs(const struct entry *e, struct book_entry *ret)
{
	if (e->flags & HAS_IMAGE) {
		ret->image.kind = PART_IMAGE;
		ret->asked = (struct message){ .parts = &ret->image, .nparts = 1 };
		ret->x.messages = &ret->asked;
		ret->x.nmessages = 1;
	}
	if (e->flags & HAS_SOURCES) {
		ret->x.citations = &ret->citation;
		ret->x.ncitations = 1;
	}
}

const struct exchange *book_get(const struct book *b, size_t at, struct book_entry *ret)
{
	const struct entry *e = &b->entries[at];
	struct exchange *x = &ret->x;

	memset(ret, 0, offsetof(struct book_entry, parts));
	ret->spends = e->flags & HAS_SPENDS;
	ret->came = e->came;
	x->id = e->id;
	x->twin_of = e->twin_of;
	x->kind = (enum exchange_kind)e->kind;
	x->t = e->t;
	x->wall_offset = e->wall_offset;
	x->tgid = e->tgid;
	x->uid = e->uid;
	x->cgroup = e->cgroup;
	x->via.tgid = e->via_pid;
	x->made_for.tgid = e->made_for_pid;
	x->status = e->status;
	x->conversation.turn = e->turn;
	x->conversation.turns_before = e->turns_before;
	x->usage = e->usage;
	x->cost.usd = e->usd;
	x->cost.source = (enum cost_source)e->cost_source;
	x->ended = true;
	give_texts(b, e, x);
	give_flags(e, x);
	give_error(b, e, ret);
	give_answer(b, e, ret);
	give_signs(e, ret);
	return x;
}

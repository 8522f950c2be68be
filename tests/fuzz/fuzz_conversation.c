/* SPDX-License-Identifier: MIT */
/* Bytes as steps of a client that builds requests of a few words, from a few processes, and edits,
 * repeats and answers them: whatever it does, what is told of a request must fit it. */
#include <stdlib.h>

#include "conversation/conversation.h"
#include "exchange/builder.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 64

struct client {
	struct conversations *talks;
	uint64_t last_id;
	uint8_t words[WORDS_MAX];
	size_t nwords;
	uint8_t prompt, process, session, join;
	bool partial;
	unsigned status;
};

static void check(const struct exchange *x)
{
	const struct conversation *k = &x->conversation;

	if (k->repeated_from + k->repeated > x->nmessages || k->repeated_from > x->nmessages)
		abort();
	if (k->broke && k->broke_at >= x->nmessages && k->broke_at)
		abort();
	if (k->id[0] && (strlen(k->id) != 16 || k->turn <= k->parent_turn))
		abort();
	if (k->parent[0] && strcmp(k->parent, k->id) == 0)
		abort();
}

static void set_names(struct exchange *x, const struct client *c)
{
	static const char *const joins[] = { NULL, "previous_response_id", "conversation" };
	static const char *const ids[] = { "a", "b", "c" };
	json_t *id = json_string(ids[c->join / 3 % 3]);

	if (joins[c->join % 3])
		request_param(x, joins[c->join % 3], id);
	if (c->session % 4)
		request_param(x, "prompt_cache_key", id);
	json_decref(id);
	set_string(&x->response_id, span_str(ids[c->last_id % 3]));
	if (c->session % 3) {
		x->request_headers.items = calloc(1, sizeof(struct header));
		x->request_headers.count = 1;
		set_string(&x->request_headers.items[0].name, SPAN_LIT("session_id"));
		set_string(&x->request_headers.items[0].value, span_str(ids[c->session % 3]));
	}
}

static void send_request(struct client *c)
{
	static const char *const roles[] = { "system", "user", "assistant", "tool" };
	struct exchange *x = builder_new(++c->last_id, 1000, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->request_parsed = true;
	x->request_partial = c->partial;
	x->tgid = c->process;
	for (size_t i = 0; i < c->nwords; i++)
		message_text(x, request_message(x, span_str(roles[c->words[i] / 2 % 4])), PART_TEXT,
			     span_of(&c->words[i], 1));
	message_text(x, &x->system, PART_TEXT, span_of(&c->prompt, 1));
	set_string(&request_tool(x)->name, span_str(c->prompt & 4 ? "t" : "u"));
	set_names(x, c);
	conversations_request(c->talks, x);
	check(x);
	x->response_seen = true;
	x->status = c->status;
	x->usage.input = (int64_t)c->nwords;
	x->usage.cached_read = c->prompt;
	conversations_answer(c->talks, x);
	check(x);
	exchange_unref(x);
}

static void step(struct client *c, uint8_t op, uint8_t value)
{
	switch (op % 9) {
	case 0:
	case 1:
		if (c->nwords < WORDS_MAX)
			c->words[c->nwords++] = value % 8;
		break;
	case 2:
		c->nwords -= value % 4 <= c->nwords ? value % 4 : 0;
		break;
	case 3:
		if (c->nwords)
			c->words[value % c->nwords] ^= 1;
		break;
	case 4:
		c->prompt = value % 8;
		break;
	case 5:
		c->process = value % 3;
		break;
	case 6:
		c->session = value;
		break;
	case 7:
		c->join = value;
		break;
	case 8:
		c->partial = value % 4 == 1;
		c->status = value % 3 ? 200 : 500;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client c = { .status = 200 };
	struct limits lim;

	if (size < 3)
		return 0;
	limits_init(&lim);
	lim.max[LIMIT_conversations] = 1 + data[0] % 8;
	lim.max[LIMIT_messages] = 1 + data[1] % 32;
	lim.max[LIMIT_fingerprints] = 1 + data[2] % 128;
	c.talks = conversations_new(&lim);
	for (size_t i = 3; i + 1 < size; i += 2) {
		step(&c, data[i], data[i + 1]);
		if (data[i] & 0x80)
			send_request(&c);
	}
	conversations_free(c.talks);
	return 0;
}

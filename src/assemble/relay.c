/* SPDX-License-Identifier: MIT */
#include "assemble/relay.h"

#include <nettle/sha2.h>
#include <string.h>

#include "exchange/builder.h"

/* Calls that are being answered, at most, which are compared with each call that is made. */
#define ANSWERING_MAX 1024

/* ---- the question ---- */

static void add_texts(struct sha256_ctx *h, const struct message *m, size_t *len)
{
	for (size_t i = 0; i < m->nparts; i++) {
		struct span s = buf_span(&m->parts[i].text);

		if (m->parts[i].kind != PART_TEXT && m->parts[i].kind != PART_TOOL_RESULT)
			continue;
		sha256_update(h, s.len, s.ptr);
		*len += s.len;
	}
}

/* A gateway translates between APIs and may change the system prompt: what the last message says
 * stays. False: it says nothing. */
static bool question_of(const struct exchange *x, uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx h;
	size_t len = 0;

	sha256_init(&h);
	if (x->nmessages)
		add_texts(&h, &x->messages[x->nmessages - 1], &len);
	sha256_digest(&h, SHA256_DIGEST_SIZE, ret);
	return len > 0;
}

/* ---- the legs ---- */

static void set_leg(struct leg *l, uint32_t tgid, const char *program, const char *user)
{
	l->tgid = tgid;
	set_string(&l->program, span_str(program));
	set_string(&l->user, span_str(user));
}

static bool tell_client(const struct exchange *in, struct exchange *out)
{
	const struct other_end *client = in->other;

	if (client)
		set_leg(&out->made_for, client->tgid,
			client->script ? client->script : client->process, client->user);
	return client;
}

/* One of both has ended; until then it may become known who the client is. */
static void part(struct assembly *out)
{
	tell_client(out->asker->x, out->x);
	out->asker = NULL;
	list_remove(&out->made_for);
}

static void tell_legs(struct assembly *in, struct assembly *out)
{
	set_leg(&in->x->via, out->x->tgid, exchange_program(out->x), out->x->user);
	if (!tell_client(in->x, out->x)) {
		out->asker = in;
		list_add_first(&in->made, &out->made_for);
	}
	if (in->peer_view)
		relay_matched(in, in->peer_view);
}

void relay_matched(const struct assembly *server, struct assembly *client)
{
	const struct leg *via = &server->x->via;

	if (via->tgid && !client->told)
		set_leg(&client->x->via, via->tgid, via->program, via->user);
}

/* ---- calls that are being answered ---- */

static void begin_answering(struct assembly *k)
{
	struct assembler *c = k->cc->assembler;

	if (c->nanswering == ANSWERING_MAX || !question_of(k->x, k->question))
		return;
	c->nanswering++;
	k->answering = true;
	list_init(&k->made);
	list_add_first(&c->answering, &k->answers);
}

void relay_over(struct assembly *k)
{
	if (k->asker)
		part(k);
	if (!k->answering)
		return;
	for (struct list *l; (l = list_first(&k->made));)
		part(container_of(l, struct assembly, made_for));
	k->answering = false;
	k->cc->assembler->nanswering--;
	list_remove(&k->answers);
}

/* The oldest one that was not passed on yet; else one that was, for a gateway tries again. */
static struct assembly *passed_on_by(const struct assembler *c, const struct assembly *k)
{
	const struct exchange *out = k->x;
	uint8_t question[SHA256_DIGEST_SIZE];
	struct assembly *found = NULL;
	bool known = false;

	list_each(at, &c->answering)
	{
		struct assembly *in = container_of(at, struct assembly, answers);

		if (in->x->tgid != out->tgid || in->peer_view == k ||
		    in->x->t.request_first > out->t.request_first)
			continue;
		if (!known && !question_of(out, question))
			return NULL;
		known = true;
		if (memcmp(in->question, question, sizeof(question)) == 0 &&
		    (!found || !in->x->via.tgid))
			found = in;
	}
	return found;
}

void relay_request(struct assembly *k)
{
	struct assembly *in;

	/* A request that waited for its other view comes here again. */
	if (k->relayed || k->over || k->x->kind != EXCHANGE_LLM || exchange_counts(k->x))
		return;
	k->relayed = true;
	if (k->x->is_server) {
		begin_answering(k);
		return;
	}
	in = passed_on_by(k->cc->assembler, k);
	if (in)
		tell_legs(in, k);
}

/* SPDX-License-Identifier: MIT */
/* Numbers of what is shown: none is missing, and a server's view names its client's. */
#include "exchange/builder.h"
#include "exchange/numbering.h"
#include "exchange/show_mode.h"
#include "tests/unit/tap.h"

static const struct observer *const on = &numbering_observer;

static bool is_llm(const void *arg, const struct exchange *x)
{
	return show_mode_has(SHOW_AGENTS, x);
}

static struct exchange *make(enum exchange_kind kind)
{
	static uint64_t serial;
	struct exchange *x = builder_new(++serial, 100, NULL, NULL);

	x->kind = kind;
	return x;
}

static void end(struct numbering *n, struct exchange *x)
{
	x->ended = true;
	(x->hidden ? on->superseded : on->ended)(n, x);
}

/* The server's view of what `client` shows. */
static struct exchange *make_server(struct exchange *client)
{
	struct exchange *x = make(client->kind);

	x->is_server = true;
	x->twin = exchange_ref(client);
	return x;
}

static void test_holes(void)
{
	struct numbering n = { .shown = is_llm };
	struct exchange *a = make(EXCHANGE_LLM), *other = make(EXCHANGE_HTTP);
	struct exchange *late = make(EXCHANGE_HTTP), *b = make(EXCHANGE_LLM);
	struct exchange *seen;

	on->request(&n, a);
	on->request(&n, other);
	on->request(&n, late);
	on->request(&n, b);
	is_int(a->id, 1, "the first");
	is_int(b->id, 2, "the second, whatever is not shown between");
	seen = exchange_snapshot(late, 0);
	late->kind = EXCHANGE_LLM; /* its answer tells */
	on->response(&n, late);
	is_int(late->id, 3, "one that is known to be shown later comes then");
	is_int(seen->id, 0, "and not before");
	exchange_unref(seen);
	seen = exchange_snapshot(late, 0);
	is_int(seen->id, 3, "copies have the number");
	exchange_unref(seen);
	end(&n, late);
	end(&n, other);
	is_int(late->id, 3, "it keeps it");
	is_int(other->id, 0, "what is not shown has none");
	end(&n, b);
	end(&n, a);
	is_int(n.last, 3, "there are no others");
	exchange_unref(a);
	exchange_unref(b);
	exchange_unref(late);
	exchange_unref(other);
}

static void test_twins(void)
{
	struct numbering n = { .shown = is_llm };
	struct exchange *client = make(EXCHANGE_LLM), *server = make_server(client);

	server->hidden = true;
	on->request(&n, client);
	end(&n, client);
	end(&n, server);
	is_int(server->id, 0, "a server's view that is not shown has no number");
	is_int(server->twin_of, 1, "but names the one that is");
	ok(!server->twin, "and needs that no more");
	exchange_unref(client);
	exchange_unref(server);

	client = make(EXCHANGE_HTTP);
	server = make_server(client);
	client->kind = server->kind = EXCHANGE_LLM; /* known at their ends only */
	end(&n, server);
	end(&n, client);
	ok(client->id == 2 && server->id == 3 && server->twin_of == 2,
	   "both are shown: the client's is the first, though it ends last");
	exchange_unref(client);
	exchange_unref(server);

	client = make(EXCHANGE_HTTP);
	server = make_server(client);
	end(&n, client);
	server->kind = EXCHANGE_LLM;
	end(&n, server);
	ok(!client->id && server->id == 4 && !server->twin_of,
	   "the server's view alone is shown, and is no twin then");
	exchange_unref(client);
	exchange_unref(server);
}

int main(void)
{
	test_holes();
	test_twins();
	return tap_done();
}

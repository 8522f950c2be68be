/* SPDX-License-Identifier: MIT */
#include "alert/loops.h"

#include <stdlib.h>

#include "alert/hash.h"
#include "base/xalloc.h"

/* Of all conversations; of two with one place, the later one is counted anew. */
#define PLACES 16384

struct loops {
	struct {
		uint64_t call; /* with its conversation; 0: free */
		unsigned count;
	} places[PLACES];
};

struct loops *loops_new(void)
{
	return xcalloc(1, sizeof(struct loops));
}

void loops_free(struct loops *l)
{
	free(l);
}

static uint64_t call_of(uint64_t seed, const struct part *p)
{
	return alert_hash(alert_hash(seed, span_str(p->name)), buf_span(&p->text));
}

/* ---- in a request ---- */

struct call {
	uint64_t hash;
	size_t at; /* its place among all */
	size_t message;
};

static int by_hash(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static size_t gather(const struct exchange *x, struct call **ret)
{
	size_t count = 0;

	*ret = NULL;
	for (size_t i = 0; i < x->nmessages; i++)
		for (size_t k = 0; k < x->messages[i].nparts; k++) {
			const struct part *p = &x->messages[i].parts[k];

			if (p->kind != PART_TOOL_CALL)
				continue;
			*ret = xgrow(*ret, count, sizeof(**ret));
			(*ret)[count] = (struct call){ call_of(0, p), count, i + 1 };
			count++;
		}
	return count;
}

size_t loops_in_request(const struct exchange *x, unsigned least)
{
	struct call *calls;
	size_t count = gather(x, &calls), found = 0;

	if (count)
		qsort(calls, count, sizeof(*calls), by_hash);
	/* In order: the `least`-th of a run of equal ones. */
	for (size_t i = least - 1; i < count; i++) {
		if (calls[i].hash != calls[i + 1 - least].hash)
			continue;
		if (!found || calls[i].message < found)
			found = calls[i].message;
	}
	free(calls);
	return found;
}

/* ---- in answers ---- */

static unsigned count_one(struct loops *l, uint64_t call)
{
	size_t at = call % PLACES;

	if (l->places[at].call != call) {
		l->places[at].call = call;
		l->places[at].count = 0;
	}
	return ++l->places[at].count;
}

bool loops_in_answer(struct loops *l, const struct exchange *x, unsigned least)
{
	uint64_t conversation = alert_conversation(x);
	bool any = false;

	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t k = 0; k < x->choices[i].msg.nparts; k++) {
			const struct part *p = &x->choices[i].msg.parts[k];

			if (p->kind == PART_TOOL_CALL)
				any |= count_one(l, call_of(conversation, p)) >= least;
		}
	return any;
}

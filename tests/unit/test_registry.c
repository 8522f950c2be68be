/* SPDX-License-Identifier: MIT */
/* The registry: what is in flight, what ended last, its ceilings, and that readers on another
 * thread see nothing half done. */
#include <pthread.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "report/registry.h"
#include "tests/unit/tap.h"

static const struct observer *const on = &registry_observer;

static struct exchange *begin(struct registry *r, uint64_t id)
{
	struct exchange *x = builder_new(id, 1 << 20, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->t.request_first = 10;
	on->opened(r, x);
	return x;
}

static void say(struct registry *r, struct exchange *x, const char *text)
{
	struct exchange_delta d = { .ts_ns = 77, .text = span_str(text) };

	on->delta(r, x, &d);
}

static void finish(struct registry *r, struct exchange *x)
{
	exchange_changed(x);
	on->ended(r, x);
	exchange_unref(x);
}

static void test_life(void)
{
	struct registry *r = registry_new(4, 1 << 20);
	struct exchange *x = begin(r, 7), *y;
	uint64_t changes = registry_changes(r);
	struct registry_row *rows;
	size_t n;

	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, SPAN_LIT("hello"));
	exchange_changed(x);
	on->request(r, x);
	ok(registry_changes(r) > changes, "a change is noticed");
	x->usage.input = 12;
	say(r, x, "good ");
	say(r, x, "morning");
	rows = registry_snapshot(r, &n);
	ok(n == 1 && rows[0].in_flight && rows[0].x->serial == 7, "it is in flight");
	ok(rows[0].x->nmessages == 1, "with its request");
	is_str(rows[0].tail, "good morning", "and what came so far");
	ok(rows[0].deltas == 2 && rows[0].text_bytes == 12 && rows[0].usage.input == 12 &&
		   rows[0].usage.output == COUNT_UNKNOWN && rows[0].changed_ns == 77,
	   "in numbers too");
	x->nmessages = 0; /* the record goes on; the snapshot does not */
	ok(rows[0].x->nmessages == 1, "a snapshot stays as it was");
	x->nmessages = 1;
	registry_rows_free(rows, n);

	y = begin(r, 5);
	finish(r, x);
	rows = registry_snapshot(r, &n);
	ok(n == 2 && rows[0].x->serial == 5 && rows[1].x->serial == 7,
	   "rows are in order of their ids");
	ok(rows[0].in_flight && !rows[1].in_flight, "what ended is not in flight");
	registry_rows_free(rows, n);
	on->superseded(r, y);
	exchange_unref(y);
	rows = registry_snapshot(r, &n);
	ok(n == 1 && rows[0].x->serial == 7, "what is superseded goes");
	registry_free(r);
	is_int(rows[0].x->serial, 7, "rows outlive the registry");
	registry_rows_free(rows, n);
}

static void test_tail(void)
{
	struct registry *r = registry_new(1, 1 << 20);
	struct exchange *x = begin(r, 1);
	struct registry_row *rows;
	size_t n;

	say(r, x, "Begin.");
	for (int i = 0; i < 5459; i++)
		say(r, x, "\xe4\xbd\xa0");
	rows = registry_snapshot(r, &n);
	ok(strlen(rows[0].tail) == REGISTRY_TAIL_MAX - 1 && rows[0].tail[0] == 'B',
	   "the tail begins at the same place while it grows: %zu", strlen(rows[0].tail));
	ok(strlen(registry_row_end(&rows[0], 256)) == 255 &&
		   (unsigned char)registry_row_end(&rows[0], 256)[0] == 0xe4,
	   "its last characters");
	registry_rows_free(rows, n);
	say(r, x, "x");
	rows = registry_snapshot(r, &n);
	ok(strlen(rows[0].tail) == 8191 && (unsigned char)rows[0].tail[0] == 0xe4 &&
		   rows[0].tail[8190] == 'x',
	   "at the ceiling it is cut between characters: %zu", strlen(rows[0].tail));
	registry_rows_free(rows, n);
	{
		AUTO_FREE char *large = xcalloc(1, 20001);

		for (size_t i = 0; i < 20000; i++)
			large[i] = "\xe4\xbd\xa0"[i % 3];
		say(r, x, large);
	}
	rows = registry_snapshot(r, &n);
	ok(strlen(rows[0].tail) <= REGISTRY_TAIL && strlen(rows[0].tail) > REGISTRY_TAIL - 3 &&
		   (unsigned char)rows[0].tail[0] == 0xe4,
	   "so is one large piece: %zu", strlen(rows[0].tail));
	registry_rows_free(rows, n);
	finish(r, x);
	registry_free(r);
}

static void test_ceilings(void)
{
	struct registry *r = registry_new(3, 1 << 20);
	struct registry_row *rows;
	struct exchange *large;
	size_t n;

	for (uint64_t id = 1; id <= 10; id++)
		finish(r, begin(r, id));
	rows = registry_snapshot(r, &n);
	ok(n == 3 && rows[0].x->serial == 8 && rows[2].x->serial == 10, "the last ones are kept");
	registry_rows_free(rows, n);
	for (uint64_t id = 11; id <= 13; id++) {
		large = begin(r, id);
		for (int i = 0; i < 1500; i++)
			message_text(large, request_message(large, SPAN_LIT("user")), PART_TEXT,
				     SPAN_LIT("0123456789"));
		finish(r, large);
	}
	rows = registry_snapshot(r, &n);
	ok(n == 1 && rows[0].x->serial == 13, "large ones push out others: %zu", n);
	registry_rows_free(rows, n);
	registry_free(r);
}

/* ---- two threads ---- */

struct reader {
	struct registry *registry;
	bool over; /* atomic */
	size_t wrong, looks;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;

	while (!__atomic_load_n(&r->over, __ATOMIC_RELAXED)) {
		size_t n;
		struct registry_row *rows = registry_snapshot(r->registry, &n);

		for (size_t i = 0; i < n; i++) {
			const struct exchange *x = rows[i].x;

			r->wrong += x->nmessages > 1 || (i && x->serial <= rows[i - 1].x->serial);
			if (x->nmessages)
				r->wrong += strcmp(x->messages[0].parts[0].text.ptr, "hello") != 0;
		}
		__atomic_add_fetch(&r->looks, 1, __ATOMIC_RELAXED);
		registry_rows_free(rows, n);
	}
	return NULL;
}

static void test_threads(void)
{
	struct reader reader = { .registry = registry_new(16, 1 << 20) };
	struct registry *r = reader.registry;
	pthread_t thread;

	pthread_create(&thread, NULL, read_on, &reader);
	for (uint64_t id = 1; id <= 5000 || __atomic_load_n(&reader.looks, __ATOMIC_RELAXED) < 10;
	     id++) {
		struct exchange *x = begin(r, id);

		message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, SPAN_LIT("hello"));
		exchange_changed(x);
		on->request(r, x);
		say(r, x, "text");
		finish(r, x);
	}
	__atomic_store_n(&reader.over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	is_int(reader.wrong, 0, "a reader on another thread sees whole rows");
	registry_free(r);
}

int main(void)
{
	test_life();
	test_tail();
	test_ceilings();
	test_threads();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
#include "llm/dialects/responses_order.h"

#include "llm/json.h"

/* FNV-1a. */
static uint64_t print_more(uint64_t print, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		print = (print ^ s.ptr[i]) * 1099511628211u;
	return print * 31;
}

/* Two events of one number that differ in none of these are one. */
static uint64_t print_of(const json_t *event)
{
	static const char *const names[] = {
		"type", "item_id", "delta", "text", "arguments", NULL
	};
	uint64_t print = 14695981039346656037u;

	for (size_t i = 0; names[i]; i++)
		print = print_more(print, json_text(event, names[i]));
	return print;
}

static void remember(struct response_order *o, int number, const json_t *event)
{
	o->seen[number % ORDER_SEEN].number = number;
	o->seen[number % ORDER_SEEN].print = print_of(event);
}

/* One that is not past those before: it came twice, or late; or the server counts wrongly. */
static enum response_turn behind(struct response_order *o, int number, const json_t *event)
{
	bool seen = o->seen[number % ORDER_SEEN].number == number;

	if (!seen) {
		remember(o, number, event);
		return RESPONSE_ASTRAY;
	}
	if (o->seen[number % ORDER_SEEN].print == print_of(event))
		return RESPONSE_AGAIN;
	o->useless = true;
	return RESPONSE_DUE;
}

enum response_turn response_turn_of(struct response_order *o, const json_t *event)
{
	int number = json_index(event, "sequence_number", -1);
	bool due = !o->begun || number == o->next;

	if (number < 0 || number == INT32_MAX || o->useless)
		return RESPONSE_DUE;
	if (o->begun && number < o->next)
		return behind(o, number, event);
	for (size_t i = 0; !o->begun && i < ORDER_SEEN; i++)
		o->seen[i].number = -1;
	o->begun = true;
	o->next = number + 1;
	remember(o, number, event);
	return due ? RESPONSE_DUE : RESPONSE_ASTRAY;
}

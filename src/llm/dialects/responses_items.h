/* SPDX-License-Identifier: MIT */
/* Which item of an answer of the Responses API a piece of a stream belongs to. Most servers give
 * each item an id and a number. Some give one id to all pieces and another to the whole, some
 * number all items 0, some give only one of both. So an item is known by its id or its call's, else
 * by its number, else by its place. */
#ifndef SPY_LLM_DIALECTS_RESPONSES_ITEMS_H
#define SPY_LLM_DIALECTS_RESPONSES_ITEMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "llm/dialects/responses_order.h"

struct exchange;
struct sha256_ctx;
struct span;

/* Zeroed: no items. */
struct response_items {
	struct response_item *items;
	size_t count;
	struct response_order order; /* of the events */
};

void response_items_done(struct response_items *s);

/* Numbers of items, in the order in which they appeared: of an event about one, where `begins` says
 * that it announces it and `item` is the item itself where the event has it (else NULL). */
int response_item_of(struct response_items *s, const json_t *event, const json_t *item,
		     bool begins);
/* Of the item at a place of the whole answer. */
int response_item_at(struct response_items *s, size_t place, const json_t *item);
/* Nothing follows of it. */
void response_item_end(struct response_items *s, int number);

/* Whether one of which something was said is none of the whole answer's. */
bool response_items_left(const struct response_items *s);
/* The sum of its sound so far. */
struct sha256_ctx *response_item_sum(struct response_items *s, int number);

/* Whether the event is a piece of what its item, as a whole, tells again in another form. */
bool responses_told_again(struct span type);
/* What is not known of a response, beside its output, and of an event. */
void responses_envelope_rest(struct exchange *x, const json_t *response);
void responses_event_rest(struct exchange *x, const json_t *event);

#endif

/* SPDX-License-Identifier: MIT */
/* Items of an answer of the Responses API. The parts of each have slots of their own, so that its
 * pieces, and the whole that comes later, find them. */
#ifndef SPY_LLM_DIALECTS_RESPONSES_ANSWER_H
#define SPY_LLM_DIALECTS_RESPONSES_ANSWER_H

#include "exchange/builder.h"

/* Of the parts of one item: its contents are from 0 on, hidden reasoning from REASONING_PARTS. */
#define REASONING_PARTS 384

int responses_slot(int item, int part);
/* An item as a whole. What its pieces said differently is noted: the answer is partial. */
void responses_answer_item(struct exchange *x, int item, const json_t *v);
/* An item that is announced: of a call it has the name. */
void responses_announce(struct exchange *x, int item, const json_t *v);
/* The whole text of one of its parts, after its pieces. */
void responses_answer_whole(struct exchange *x, struct part *p, struct span text);
/* A part of a message; `number` is its place in it. */
void responses_answer_part(struct exchange *x, int item, const json_t *v, enum part_kind kind,
			   int number);

#endif

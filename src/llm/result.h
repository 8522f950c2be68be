/* SPDX-License-Identifier: MIT */
/* What a tool gave back: a text, any JSON, or a list in which pictures and documents stand among
 * texts. These become parts of their own behind the result's, so that no base64 stands in a text.
 */
#ifndef SPY_LLM_RESULT_H
#define SPY_LLM_RESULT_H

#include <jansson.h>

#include "exchange/builder.h"

/* Adds the part of one element of a list, where that is binary content; else false. */
typedef bool (*binary_fn)(struct exchange *x, struct message *m, const json_t *element);

/* Sets the text of the message's last part, a result, to `content`, and adds what is binary in it.
 * The parts that are added have the result's id. */
void result_content(struct exchange *x, struct message *m, const json_t *content, binary_fn binary);

/* Elements of a list that are no binary content: texts in lines, others as JSON. */
void result_lines(struct part *p, const json_t *rest);

#endif

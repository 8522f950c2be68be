/* SPDX-License-Identifier: MIT */
/* Errors in any of the shapes in which vendors and what stands before them tell of one. */
#ifndef SPY_LLM_ERROR_H
#define SPY_LLM_ERROR_H

#include <jansson.h>

#include "exchange/builder.h"

/* {"error": {type, code, message}}, {"error": text}, {"errors": [...]}, {"detail": ...},
 * {"message", "code"}, {"success": false, "msg"}, {"base_resp": {status_code, status_msg}}, or a
 * list that begins with one of these. True when `body` holds one. */
bool answer_error_of(struct exchange *x, const json_t *body);

/* A page of a proxy or a line of text with a status of failure: its title, else its first words. */
void answer_error_text(struct exchange *x, struct span text);

/* The same of an element of a stream, whose event may be called "error". */
bool answer_error_event(struct exchange *x, struct span name, const json_t *data);

#endif

/* SPDX-License-Identifier: MIT */
/* What a dialect does not know: no member of a message, an answer or a tool is lost for that. It
 * becomes a part of kind other, named after the member. Empty members say nothing. */
#ifndef SPY_LLM_REST_H
#define SPY_LLM_REST_H

#include <jansson.h>

#include "exchange/builder.h"

/* NULL, null, false, 0, "", [], {}, and lists and objects of nothing else. */
bool json_is_empty(const json_t *v);

/* The members of `v` that are not named in `known` (NULL-terminated), as parts of the message. */
void message_rest(struct exchange *x, struct message *m, const json_t *v, const char *const *known);
/* The same of an answer. One that comes again, in another piece of a stream, belongs to the part
 * that it made: text goes on there, any other value takes its place. */
void answer_rest(struct exchange *x, unsigned index, const json_t *v, const char *const *known);
/* The same of what has that slot, and that id if any: apart from those of other slots. */
void answer_rest_of(struct exchange *x, unsigned index, int slot, struct span id, const json_t *v,
		    const char *const *known);
/* Those of an item of an answer that has slots of its own (builder.h): from `slot` on. A value that
 * comes again takes the place of the one before. */
void answer_rest_at(struct exchange *x, unsigned index, int slot, const json_t *v,
		    const char *const *known);
/* The same of a tool offered: `f`, which may be `v` itself, has its name. */
void tool_rest(struct exchange *x, const json_t *v, const json_t *f);
/* The same of what is no part of any message: as params, named `of`.member. */
void request_rest(struct exchange *x, const char *of, const json_t *v, const char *const *known);

#endif

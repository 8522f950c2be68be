/* SPDX-License-Identifier: MIT */
/* Small readers of JSON that dialects share. All accept NULL and values of any type. */
#ifndef SPY_LLM_JSON_H
#define SPY_LLM_JSON_H

#include <jansson.h>

#include "exchange/builder.h"
#include "json/number.h"

/* Member of a member: json_at(v, "a", "b") is v.a.b; NULL when a step is missing. */
json_t *json_at2(const json_t *v, const char *a, const char *b);
struct span json_text(const json_t *v, const char *key); /* string member, else empty */
bool json_has(const json_t *v, const char *key);	 /* member present and not null */
/* Integer member in [0, INT_MAX], which may be a text of digits, else `otherwise`. */
int json_index(const json_t *v, const char *key, int otherwise);
/* Whether a member's name is in the list, which ends with NULL. */
bool json_name_in(const char *name, const char *const *list);
/* Member that counts something, or says where it is; COUNT_UNKNOWN: it does not say. */
int64_t json_count(const json_t *v, const char *key);
bool json_is(const json_t *v, const char *key, const char *value); /* string member equals */

/* The member under either of its names, camelCase and snake_case. */
json_t *json_either(const json_t *v, const char *camel, const char *snake);

/* The elements of a list but those that are null; of an object where a list is usual, that object.
 */
size_t json_next(const json_t *list, size_t from, const json_t **ret); /* *ret NULL: no more */
#define json_each(list, i, v)                                                                      \
	for ((i) = json_next((list), 0, &(v)); (v); (i) = json_next((list), (i) + 1, &(v)))

const json_t *json_first(const json_t *list);

/* Whether there is an element for it. */
bool json_holds(const json_t *list);

/* An object with a text, and nothing beside it that is to be shown. */
bool json_is_bare_text(const json_t *v);

/* A list of one text, or that text's part without a list, is that text; any other content is what
 * it is. */
const json_t *json_lone_text(const json_t *content);

/* A tool offered: `v` has its type, `f` (which may be the same) its name, description and, under
 * the key `schema`, that of its arguments; each may be NULL. A tool without a name is called by its
 * type. Valid until the next one. */
struct tool *request_function(struct exchange *x, const json_t *v, const json_t *f,
			      const char *schema);
/* The system prompt, for message_text and the like. */
struct message *request_system(struct exchange *x);

/* The content of a message: a text, a part or a list of parts, of which `part` reads one. */
void request_content(struct exchange *x, struct message *m, const json_t *content,
		     void (*part)(struct exchange *x, struct message *m, const json_t *v));

/* Every member that is not named in `known` (NULL-terminated) becomes a param. */
void request_params(struct exchange *x, const json_t *body, const char *const *known);

/* The provider's word to its normal form; what the list lacks is FINISH_OTHER. */
struct finish_row {
	const char *raw;
	enum finish finish;
};
enum finish finish_of(struct span raw, const struct finish_row *rows, size_t count);

#endif

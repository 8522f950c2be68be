/* SPDX-License-Identifier: MIT */
#include "llm/count.h"

#include "llm/error.h"
#include "llm/json.h"

/* Vertex AI's computeTokens lists the tokens, of each content. */
static void count_listed(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	x->counted = 0;
	json_array_foreach(list, i, v)
		x->counted += (int64_t)json_array_size(json_object_get(v, "tokenIds"));
}

void answer_count(struct exchange *x, const json_t *body, const char *member)
{
	const json_t *listed = json_object_get(body, "tokensInfo");

	if (json_is_array(listed)) {
		count_listed(x, listed);
		return;
	}
	if (!json_has(body, member)) {
		answer_error_of(x, body);
		return;
	}
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, member));
}

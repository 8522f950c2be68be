/* SPDX-License-Identifier: MIT */
#include "llm/count.h"

#include "llm/error.h"
#include "llm/json.h"

void answer_count(struct exchange *x, const json_t *body, const char *member)
{
	if (!json_has(body, member)) {
		answer_error_of(x, body);
		return;
	}
	usage_raw(x, body);
	usage_count(&x->counted, json_object_get(body, member));
}

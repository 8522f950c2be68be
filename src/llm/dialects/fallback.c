/* SPDX-License-Identifier: MIT */
/* A call to a known provider in a format that has no dialect. Reads what nearly all formats name
 * alike (model, prompt, returned text, token counts) and shows the rest as it is. */
#include "llm/dialect.h"
#include "llm/dialects/generic.h"

static void generic_event(struct exchange *x, void *state, struct span name, const json_t *data)
{
	generic_piece(x, data);
}

const struct dialect dialect_generic = {
	.name = "unknown",
	.plausible_request = generic_suits,
	.media = true,
	.request = generic_request,
	.response = generic_answer,
	.event = generic_event,
};

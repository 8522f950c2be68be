/* SPDX-License-Identifier: MIT */
#include "llm/pieces.h"

#include <limits.h>

#include "json/read.h"

void pieces_expect(struct exchange *x, bool fits)
{
	x->response_partial |= !fits;
}

void pieces_expect_finish(struct exchange *x)
{
	pieces_expect(x, answer_choice(x, 0)->finish != FINISH_NONE);
}

static bool is_whole_call(struct exchange *x, const struct part *p)
{
	bool partial = false;
	json_t *v = json_read(builder_limits(x), buf_span(&p->text), &partial);
	bool whole = (v && !partial) || p->text.full || !p->text.len;

	json_decref(v);
	return whole;
}

void pieces_expect_calls(struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++) {
		const struct choice *c = &x->choices[i];

		for (size_t n = 0; n < c->msg.nparts && c->finish != FINISH_LENGTH; n++)
			if (c->msg.parts[n].kind == PART_TOOL_CALL)
				pieces_expect(x, is_whole_call(x, &c->msg.parts[n]));
	}
}

void pieces_next(struct exchange *x, int *next, int number)
{
	pieces_expect(x, number == *next || number == *next - 1);
	if (number >= *next)
		*next = number == INT_MAX ? number : number + 1;
}

bool pieces_in(const struct pieces_set *s, int number)
{
	unsigned n = (unsigned)number % PIECES_SET;

	return s->bits[n / 8] >> (n % 8) & 1;
}

void pieces_put(struct pieces_set *s, int number, bool in)
{
	unsigned n = (unsigned)number % PIECES_SET;
	uint8_t bit = (uint8_t)(1 << n % 8);

	s->bits[n / 8] = in ? s->bits[n / 8] | bit : s->bits[n / 8] & (uint8_t)~bit;
}

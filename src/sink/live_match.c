/* SPDX-License-Identifier: MIT */
#include "sink/live_match.h"

#include "select/search.h"

bool live_match(const struct exchange *x, const struct needle *n)
{
	const char *names[] = { exchange_program(x), x->process, x->model_asked, x->model_answered,
				x->host };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && needle_is_in(n, span_str(names[i])))
			return true;
	return search_exchange(n, x);
}

/* SPDX-License-Identifier: MIT */
#include "exchange/headers.h"

struct span headers_find(const struct headers *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcasecmp(h->items[i].name, name) == 0)
			return span_str(h->items[i].value);
	return span_of(NULL, 0);
}

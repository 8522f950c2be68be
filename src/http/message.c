/* SPDX-License-Identifier: MIT */
#include "http/message.h"

struct span http_field_find(const struct http_head *h, const char *name)
{
	struct span want = span_str(name);

	for (size_t i = 0; i < h->nfields; i++)
		if (span_caseeq(h->fields[i].name, want))
			return h->fields[i].value;
	return span_of(NULL, 0);
}

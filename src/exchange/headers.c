/* SPDX-License-Identifier: MIT */
#include "exchange/headers.h"

#include "exchange/builder.h"

static const struct {
	const char *name;
	unsigned roles;
} known[] = {
#define HEADER(name, roles) { name, roles },
#include "http/known_headers.def"
#undef HEADER
};

struct span headers_find(const struct headers *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (span_caseeq(span_str(h->items[i].name), span_str(name)))
			return span_str(h->items[i].value);
	return span_of(NULL, 0);
}

struct span headers_of_role(const struct headers *h, enum header_role role)
{
	struct span s = span_of(NULL, 0);

	for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !s.len; i++)
		if (known[i].roles & role)
			s = headers_find(h, known[i].name);
	return s;
}

struct span members_of_role(const json_t *o, enum header_role role)
{
	struct span s = span_of(NULL, 0);

	for (size_t i = 0; o && i < sizeof(known) / sizeof(*known) && !s.len; i++)
		if (known[i].roles & role)
			s = json_span(json_object_get(o, known[i].name));
	return s;
}

/* SPDX-License-Identifier: MIT */
#include "telemetry/scrape.h"

#include <stdlib.h>

static bool is_made_of(struct span s, const char *set)
{
	size_t n = strlen(set);

	for (size_t i = 0; i < s.len; i++)
		if (!memchr(set, s.ptr[i], n))
			return false;
	return s.len > 0;
}

/* No name that can be registered is digits and dots alone. */
static bool is_address(struct span s)
{
	if (s.len > 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
		return is_made_of(span_of(s.ptr + 1, s.len - 2), "0123456789abcdefABCDEF:.");
	return is_made_of(s, "0123456789.");
}

static struct span without_port(struct span s)
{
	size_t at = s.len;

	while (at && s.ptr[at - 1] >= '0' && s.ptr[at - 1] <= '9')
		at--;
	return at && s.ptr[at - 1] == ':' ? span_first(s, at - 1) : s;
}

bool scrape_host_is_ours(struct span host, const char *own)
{
	struct span name = without_port(span_trim(host));

	return is_address(name) || span_caseeq(name, SPAN_LIT("localhost")) ||
	       (own && span_caseeq(name, span_str(own)));
}

/* The text up to the separator; *at moves behind it. */
static struct span next(struct span *at, uint8_t separator)
{
	size_t end = span_find(*at, separator);
	struct span part = span_trim(span_first(*at, end));

	*at = span_from(*at, end + 1);
	return part;
}

/* Of the parameters behind a media type, in thousandths. */
static int quality(struct span parameters)
{
	while (parameters.len) {
		struct span p = next(&parameters, ';');
		char text[8] = "";

		if (!span_starts(p, SPAN_LIT("q=")) && !span_starts(p, SPAN_LIT("Q=")))
			continue;
		p = span_first(span_from(p, 2), sizeof(text) - 1);
		memcpy(text, p.ptr ? (const char *)p.ptr : "", p.len);
		return (int)(strtod(text, NULL) * 1000);
	}
	return 1000;
}

enum exposition_format scrape_format(struct span accept)
{
	int open = 0, plain = 0;

	while (accept.len) {
		struct span rest = next(&accept, ',');
		struct span type = next(&rest, ';');
		int q = quality(rest);

		if (span_caseeq(type, SPAN_LIT("application/openmetrics-text")))
			open = q > open ? q : open;
		else if (span_caseeq(type, SPAN_LIT("text/plain")))
			plain = q > plain ? q : plain;
	}
	return open && open >= plain ? EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS;
}

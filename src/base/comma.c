/* SPDX-License-Identifier: MIT */
#include "base/comma.h"

#include <string.h>

static bool is_one_of(uint8_t c, const char *separators)
{
	return c && strchr(separators, c);
}

bool comma_next(struct span *rest, const char *separators, struct span *ret)
{
	while (rest->len) {
		size_t len = 0;

		while (len < rest->len && !is_one_of(rest->ptr[len], separators))
			len++;
		*ret = span_trim(span_first(*rest, len));
		*rest = span_from(*rest, len + 1);
		if (ret->len)
			return true;
	}
	return false;
}

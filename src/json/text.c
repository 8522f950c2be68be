/* SPDX-License-Identifier: MIT */
#include "json/text.h"

#include "base/utf8.h"

json_t *json_from_bytes(struct span s)
{
	struct buf fixed;
	json_t *v;

	if (utf8_valid(s))
		return json_stringn_nocheck(s.len ? (const char *)s.ptr : "", s.len);
	buf_init(&fixed, 3 * s.len);
	utf8_fix_halves(s, &fixed);
	v = json_stringn_nocheck(fixed.ptr, fixed.len);
	buf_done(&fixed);
	return v;
}

json_t *json_from_text(const char *s)
{
	return s ? json_from_bytes(span_str(s)) : json_null();
}

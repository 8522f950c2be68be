/* SPDX-License-Identifier: MIT */
#include "sink/plain.h"

void plain_next(struct span s, uint32_t before, struct safe_char *ret)
{
	bool is_pair = span_starts(s, SPAN_LIT("\r\n"));

	if (s.ptr[0] != '\n' && s.ptr[0] != '\t' && !is_pair) {
		safe_text_next(s, true, before, ret);
		return;
	}
	*ret = (struct safe_char){ .len = 1, .taken = is_pair ? 2 : 1 };
	ret->text[0] = s.ptr[0] == '\t' ? '\t' : '\n';
	ret->code = (uint8_t)ret->text[0];
}

struct span plain_lines(struct span s, unsigned lines, size_t *ret_more)
{
	struct span rest = s, shown;

	*ret_more = 0;
	for (unsigned n = 0; lines && n < lines && rest.len; n++)
		rest = span_from(rest, span_find(rest, '\n') + 1);
	if (!lines || !rest.len)
		return s;
	shown = span_first(s, s.len - rest.len);
	for (; rest.len; ++*ret_more)
		rest = span_from(rest, span_find(rest, '\n') + 1);
	return shown;
}

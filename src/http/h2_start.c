/* SPDX-License-Identifier: MIT */
#include "http/h2_start.h"

#include "http/h2frame.h"

/* So many bytes are held at most until a frame is whole. */
#define HOLD_MAX (64u << 10)

const struct span h2_preface = SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

bool h2_preface_take(size_t *got, struct span *s)
{
	struct span part = span_first(*s, h2_preface.len - *got);

	if (!span_eq(part, span_first(span_from(h2_preface, *got), part.len)))
		return false;
	*s = span_from(*s, part.len);
	*got += part.len;
	return true;
}

static enum h2_start start_of(struct span s, size_t max, bool may_be_client)
{
	static const enum h2_start of_alignment[] = {
		[H2FRAME_ALIGNED_NO] = H2_START_NO,
		[H2FRAME_ALIGNED_MORE] = H2_START_MORE,
		[H2FRAME_ALIGNED_YES] = H2_START_FRAMES,
	};

	if (span_starts(s, h2_preface))
		return may_be_client ? H2_START_PREFACE : H2_START_NO;
	if (span_starts(h2_preface, s))
		return H2_START_MORE;
	return of_alignment[h2frame_aligned(s, max)];
}

enum h2_start h2_start(struct span s)
{
	return start_of(s, H2FRAME_MAX, true);
}

static enum h2_start pass_over(struct buf *hold, struct span s, uint64_t *unread)
{
	*unread += hold->len + s.len;
	buf_reset(hold);
	return H2_START_NO;
}

enum h2_start h2_resync(struct buf *hold, struct span s, size_t max, bool may_be_client,
			uint64_t *unread)
{
	static const struct span none;
	size_t before = hold->len;
	enum h2_start start;

	if ((!before && start_of(s, max, may_be_client) == H2_START_NO) ||
	    s.len > hold->max - before)
		return pass_over(hold, s, unread);
	buf_add(hold, s);
	start = start_of(buf_span(hold), max, may_be_client);
	if (start == H2_START_NO) {
		/* What was held was no beginning; this span may yet be one. */
		*unread += before;
		buf_drop(hold, before);
		start = start_of(buf_span(hold), max, may_be_client);
	}
	if (start == H2_START_NO || (start == H2_START_MORE && hold->len > HOLD_MAX))
		return pass_over(hold, none, unread);
	return start;
}

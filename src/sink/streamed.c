/* SPDX-License-Identifier: MIT */
#include "sink/streamed.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"

/* As most tokenizers have it for English. */
#define BYTES_PER_TOKEN 4

static struct streamed_part *part_of(struct streamed *s, const struct exchange_delta *d)
{
	struct streamed_part *p;

	for (size_t i = s->nparts; i > 0; i--)
		if (s->parts[i - 1].choice == d->choice && s->parts[i - 1].part == d->part)
			return &s->parts[i - 1];
	if (s->nparts == STREAMED_PARTS_MAX)
		return NULL;
	s->parts = xgrow(s->parts, s->nparts, sizeof(*s->parts));
	p = &s->parts[s->nparts++];
	*p = (struct streamed_part){ .choice = d->choice, .part = d->part, .kind = d->kind };
	buf_init(&p->text, STREAMED_TEXT_MAX);
	return p;
}

static void add_text(struct streamed_part *p, struct span text)
{
	size_t over;

	if (text.len > STREAMED_TEXT_MAX / 2) {
		text = span_from(text, text.len - STREAMED_TEXT_MAX / 2);
		p->dropped = true;
	}
	if (p->text.len + text.len > STREAMED_TEXT_MAX) {
		over = p->text.len + text.len - STREAMED_TEXT_MAX / 2;
		buf_drop(&p->text, over < p->text.len ? over : p->text.len);
		p->dropped = true;
	}
	buf_add(&p->text, text);
}

void streamed_add(struct streamed *s, const struct exchange_delta *d)
{
	struct streamed_part *p;

	s->gap |= d->seq != s->next_seq;
	s->next_seq = d->seq + 1;
	s->bytes += d->text.len;
	p = part_of(s, d);
	if (!p)
		return;
	s->last = (size_t)(p - s->parts);
	set_string(&p->name, d->name);
	add_text(p, d->text);
}

void streamed_done(struct streamed *s)
{
	for (size_t i = 0; i < s->nparts; i++) {
		free(s->parts[i].name);
		buf_done(&s->parts[i].text);
	}
	free(s->parts);
	*s = (struct streamed){ .nparts = 0 };
}

uint64_t streamed_tokens(const struct streamed *s)
{
	return (s->bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

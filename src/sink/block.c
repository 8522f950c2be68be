/* SPDX-License-Identifier: MIT */
#include "sink/block.h"

#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "sink/block_int.h"

size_t block_rows(const struct layouter *l, enum text_kind kind)
{
	/* What the model says is what people came for; the rest was written by programs. */
	static const size_t rows[] = {
		[TEXT_SYSTEM] = 1, [TEXT_USER] = 8,   [TEXT_THINK] = 3, [TEXT_SAY] = 24,
		[TEXT_TOOL] = 8,   [TEXT_RESULT] = 1, [TEXT_ERROR] = 4,
	};

	if (l->style->full)
		return 0;
	return l->style->lines ? l->style->lines : rows[kind];
}

void layouter_begin(struct layouter *l, struct page *p, const struct block_style *style,
		    const struct block *b)
{
	*l = (struct layouter){ .p = p, .style = style, .block = b, .x = b->x };
	history_look(b->history, b->x, &l->news);
	if (style->full)
		l->news.first = history_system_messages(b->x);
}

static void body(struct layouter *l)
{
	if (l->x->kind != EXCHANGE_LLM) {
		block_other(l);
		return;
	}
	block_request(l);
	if (l->block->streamed)
		block_streamed(l, l->block->streamed);
	else
		block_answer(l);
}

size_t block_write(FILE *out, const struct block_style *s, const struct block *b)
{
	struct layouter l;
	struct page p;
	size_t rows;

	page_init(&p, out, s->width, s->color, s->utf8);
	layouter_begin(&l, &p, s, b);
	block_head(&l);
	body(&l);
	if (!b->now_ns)
		block_tail(&l);
	page_end(&p);
	rows = p.rows;
	page_done(&p);
	return rows;
}

/* ---- within so many rows ---- */

static size_t count_rows(struct span s)
{
	size_t n = 0;

	for (; s.len; n++)
		s = span_from(s, span_find(s, '\n') + 1);
	return n;
}

static struct span without_rows(struct span s, size_t n)
{
	while (n-- && s.len)
		s = span_from(s, span_find(s, '\n') + 1);
	return s;
}

size_t block_write_last(FILE *out, const struct block_style *s, const struct block *b, size_t rows)
{
	char *text = NULL;
	size_t len = 0, all;
	FILE *f = open_memstream(&text, &len);
	struct span whole, head;

	if (!f)
		return 0;
	block_write(f, s, b);
	fclose(f);
	whole = span_of(text, len);
	all = count_rows(whole);
	head = span_first(whole, span_find(whole, '\n') + 1);
	if (all <= rows) {
		fwrite(text, 1, len, out);
	} else {
		struct span last = without_rows(whole, all - (rows - 1));

		fwrite(head.ptr, 1, head.len, out);
		fwrite(last.ptr, 1, last.len, out);
	}
	free(text);
	return all < rows ? all : rows;
}

/* ---- days ---- */

size_t block_write_day(FILE *out, const struct block_style *s, const struct exchange *x,
		       int64_t *day)
{
	int64_t wall =
		exchange_wall_ns(x, x->t.request_first ? x->t.request_first : x->t.response_first);
	time_t seconds = (time_t)(wall / 1000000000);
	int64_t this_day;
	struct page p;
	char date[40];
	struct tm tm;

	if (!wall || !localtime_r(&seconds, &tm))
		return 0;
	this_day = (int64_t)tm.tm_year * 400 + tm.tm_yday;
	if (this_day == *day)
		return 0;
	*day = this_day;
	strftime(date, sizeof(date), "%a %d %b %Y", &tm);
	page_init(&p, out, s->width, s->color, s->utf8);
	page_row(&p, INK_PLAIN, NULL);
	page_putf(&p, INK_META, "%s %s %s", page_sign(&p, "──", "--"), date,
		  page_sign(&p, "──", "--"));
	page_done(&p);
	return 1;
}

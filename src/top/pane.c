/* SPDX-License-Identifier: MIT */
/* The call that is chosen, as it is written: what was asked, and how the answer ends so far. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "report/registry.h"
#include "sink/block.h"
#include "top/view_int.h"
#include "top/wrap.h"

/* Such a part of a screen's rows, or what the table leaves empty. */
#define SHARE	   3
#define ROWS_LEAST 4
/* An escape makes more of a byte. */
#define TEXT_MAX (16 * TOP_WRAP_MAX)
#define MARGIN	 8

static const struct registry_row *row_of(const struct top_view *v)
{
	const struct session *r = top_view_chosen(v);

	return r ? r->now : NULL;
}

unsigned top_pane_rows(const struct top_view *v)
{
	unsigned screen = top_screen_rows(), rows = screen / SHARE;
	size_t table = ROWS_ABOVE + v->m.sessions->count + 1;

	if (!row_of(v))
		return 0;
	if (table < screen && screen - table > rows)
		rows = screen - (unsigned)table;
	return rows < ROWS_LEAST ? 0 : rows;
}

/* The user's last words. */
static struct span asked(const struct exchange *x)
{
	for (size_t i = x->nmessages; i > 0; i--) {
		const struct message *m = &x->messages[i - 1];

		for (size_t k = m->nparts; m->role && strcmp(m->role, "user") == 0 && k > 0; k--)
			if (m->parts[k - 1].kind == PART_TEXT)
				return buf_span(&m->parts[k - 1].text);
	}
	return (struct span){ 0 };
}

static void write_title(struct buf *line, const struct top_view *v, const struct registry_row *row)
{
	const struct exchange *x = row->x;
	struct span model = block_model(x);
	AUTO_FREE char *name = xstrndup((const char *)model.ptr, model.len);
	AUTO_FREE char *text = NULL;
	char number[32] = "", tokens[48] = "";

	if (x->id)
		snprintf(number, sizeof(number), "#%" PRIu64 " ", x->id);
	if (row->text_bytes && row->in_flight)
		snprintf(tokens, sizeof(tokens), "  ~%s tok",
			 text_tokens(top_streamed_tokens(row)).text);
	text = xasprintf("%s %s%s  %s  turn %u  %s%s", v->layout.utf8 ? "──" : "--", number,
			 exchange_program(x), name, x->conversation.turn,
			 row->in_flight ? "under way" : "ended", tokens);
	top_write_text(line, &v->layout, text);
}

static struct span first_line(struct span s)
{
	return span_first(s, span_find(s, '\n'));
}

/* The last rows of a text that is wrapped. */
static const char *last_rows(const struct buf *text, size_t rows, size_t keep)
{
	const char *at = text->ptr;

	for (; rows > keep; rows--)
		at = strchr(at, '\n') + 1;
	return at;
}

static void draw_rows(const struct top_view *v, unsigned y, const char *at, unsigned rows)
{
	for (unsigned i = 0; i < rows && *at; i++) {
		size_t len = strcspn(at, "\n");
		AUTO_FREE char *line = xstrndup(at, len);

		top_screen_put(v->screen, y + i, MARGIN, LOOK_SAY, line);
		at += len + (at[len] == '\n');
	}
}

/* What came so far, of an answer that has ended its last text. */
static struct span answer_of(const struct registry_row *row)
{
	const struct exchange *x = row->x;

	if (row->in_flight || !x->nchoices)
		return span_str(row->tail);
	for (size_t i = x->choices[0].msg.nparts; i > 0; i--)
		if (x->choices[0].msg.parts[i - 1].text.len)
			return buf_span(&x->choices[0].msg.parts[i - 1].text);
	return (struct span){ 0 };
}

void top_pane_draw(const struct top_view *v, unsigned y, unsigned rows)
{
	const struct registry_row *row = row_of(v);
	unsigned width = top_screen_columns();
	unsigned wide = width > MARGIN ? width - MARGIN : 1;
	struct buf line, text;
	size_t n;

	if (!row || rows < 2)
		return;
	buf_init(&line, TOP_LINE_MAX);
	buf_init(&text, TEXT_MAX);
	write_title(&line, v, row);
	buf_addc(&line, '\0');
	top_screen_row(v->screen, y, LOOK_META, line.ptr);
	top_screen_put(v->screen, y + 1, 2, LOOK_USER, "user");
	top_wrap(&text, span_first(first_line(asked(row->x)), wide * 4), "", wide, v->layout.utf8);
	buf_addc(&text, '\0');
	draw_rows(v, y + 1, text.ptr, 1);
	buf_reset(&text);
	n = top_wrap(&text, top_wrap_end(answer_of(row), rows - 2, wide), "", wide, v->layout.utf8);
	buf_addc(&text, '\0');
	if (n)
		top_screen_put(v->screen, y + 2, 2, LOOK_SAY, "say");
	draw_rows(v, y + 2, last_rows(&text, n, rows - 2), rows - 2);
	buf_done(&text);
	buf_done(&line);
}

/* SPDX-License-Identifier: MIT */
#include "sink/screen.h"

#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "base/xalloc.h"

/* A terminal that knows of synchronized updates shows all between at once; others ignore it. */
#define FRAME_BEGIN "\x1b[?2026h"
#define FRAME_END   "\x1b[?2026l"
/* Terminals disagree on the width of some characters: a line that is too long is not to wrap. */
#define WRAP_OFF "\x1b[?7l"
#define WRAP_ON	 "\x1b[?7h"

#define ABOVE_MAX  ((size_t)64 << 20)
#define REGION_MAX ((size_t)256 << 10)
#define KEPT_MAX   ((size_t)1 << 20)
#define FRAME_MAX  (ABOVE_MAX + 2 * REGION_MAX)

struct screen {
	FILE *out;
	unsigned columns, rows;
	struct buf above;
	struct buf region; /* as it is to be */
	struct buf drawn;  /* as it stands there */
	struct buf frame;
	bool forgotten; /* what stands there is not known */
};

struct screen *screen_new(FILE *out)
{
	struct screen *s = xcalloc(1, sizeof(*s));

	s->out = out;
	s->columns = 80;
	s->rows = 24;
	buf_init(&s->above, ABOVE_MAX);
	buf_init(&s->region, REGION_MAX);
	buf_init(&s->drawn, REGION_MAX);
	buf_init(&s->frame, FRAME_MAX);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	buf_done(&s->above);
	buf_done(&s->region);
	buf_done(&s->drawn);
	buf_done(&s->frame);
	free(s);
}

void screen_resize(struct screen *s, unsigned columns, unsigned rows)
{
	if (columns == s->columns && rows == s->rows)
		return;
	s->columns = columns;
	s->rows = rows;
	s->forgotten = true;
}

unsigned screen_columns(const struct screen *s)
{
	return s->columns;
}

unsigned screen_rows(const struct screen *s)
{
	return s->rows;
}

void screen_print(struct screen *s, struct span lines)
{
	buf_add(&s->above, lines);
}

bool screen_has_text(const struct screen *s)
{
	return s->above.len > 0;
}

struct buf *screen_region(struct screen *s)
{
	buf_reset(&s->region);
	return &s->region;
}

void screen_forget(struct screen *s)
{
	s->forgotten = true;
}

bool screen_is_drawn(const struct screen *s)
{
	return s->drawn.len > 0;
}

/* ---- lines ---- */

static size_t count_lines(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '\n';
	return n;
}

/* The next line, without its end. */
static struct span next_line(struct span *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	struct span line = span_first(*rest, end ? (size_t)(end - rest->ptr) : rest->len);

	*rest = span_from(*rest, line.len + (end != NULL));
	return line;
}

/* Length of the escape sequence at the front: ESC [ ... letter. */
static size_t sequence_length(struct span s)
{
	size_t n = 2;

	while (n < s.len && s.ptr[n] < 0x40)
		n++;
	return n < s.len ? n + 1 : s.len;
}

/* As much of a line as fits, and colours off where it is cut. Returns its columns. */
static unsigned add_line(struct buf *out, struct span line, unsigned columns)
{
	unsigned used = 0;

	while (line.len) {
		uint32_t code = 0;
		bool is_sequence = line.len > 1 && line.ptr[0] == 0x1b;
		size_t n = is_sequence ? sequence_length(line) : utf8_next(line, &code);
		unsigned width = is_sequence ? 0 : n ? safe_text_columns(code) : 1;

		if (used + width > columns) {
			buf_adds(out, "\x1b[0m");
			break;
		}
		n += n == 0;
		buf_add(out, span_first(line, n));
		line = span_from(line, n);
		used += width;
	}
	return used;
}

static void draw_lines(struct screen *s, bool anew)
{
	struct span now = buf_span(&s->region), before = buf_span(&s->drawn);
	size_t n = count_lines(now);

	for (size_t i = 0; i < n; i++) {
		struct span line = next_line(&now), old = next_line(&before);

		if (anew || !span_eq(line, old)) {
			if (add_line(&s->frame, line, s->columns) < s->columns)
				buf_adds(&s->frame, "\x1b[K");
		}
		buf_adds(&s->frame, i + 1 < n ? "\r\n" : "\r");
	}
	if (n > 1)
		buf_addf(&s->frame, "\x1b[%zuA", n - 1);
}

/* A region that is higher than the screen would scroll away: its last lines are what counts. */
static void limit_rows(struct screen *s)
{
	struct span rest = buf_span(&s->region);
	size_t n = count_lines(rest), most = s->rows > 1 ? s->rows - 1 : 1;

	for (; n > most; n--)
		next_line(&rest);
	buf_drop(&s->region, s->region.len - rest.len);
}

/* Empties it; a text that was very long gives its memory back. */
static void empty(struct buf *b)
{
	if (b->cap > KEPT_MAX)
		buf_done(b);
	buf_reset(b);
}

bool screen_draw(struct screen *s)
{
	bool shrinks, anew;

	limit_rows(s);
	shrinks = count_lines(buf_span(&s->region)) < count_lines(buf_span(&s->drawn));
	anew = s->above.len || s->forgotten || shrinks;
	if (!anew && span_eq(buf_span(&s->region), buf_span(&s->drawn)))
		return false;
	buf_adds(&s->frame, FRAME_BEGIN "\r");
	if (anew)
		buf_adds(&s->frame, "\x1b[J");
	buf_add(&s->frame, buf_span(&s->above));
	buf_adds(&s->frame, WRAP_OFF);
	draw_lines(s, anew);
	buf_adds(&s->frame, WRAP_ON FRAME_END);
	fwrite(s->frame.ptr, 1, s->frame.len, s->out);
	empty(&s->frame);
	empty(&s->above);
	buf_reset(&s->drawn);
	buf_add(&s->drawn, buf_span(&s->region));
	s->forgotten = false;
	return true;
}

void screen_scroll(struct screen *s)
{
	if (s->above.len)
		fwrite(s->above.ptr, 1, s->above.len, s->out);
	empty(&s->above);
	s->forgotten = true;
}

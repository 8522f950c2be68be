/* SPDX-License-Identifier: MIT */
#include "sink/term.h"

#include <stdarg.h>

#include "base/safe_text.h"
#include "base/utf8.h"

#define TAB 8
/* A word longer than this is broken anyway. */
#define WORD_MAX 256

void term_init(struct term *t, FILE *out, unsigned width, bool utf8)
{
	/* Narrower than this nothing readable can be laid out. */
	*t = (struct term){ .out = out, .width = width && width < 20 ? 20 : width, .utf8 = utf8 };
	buf_init(&t->word, 4 * WORD_MAX + 16);
	buf_init(&t->torn, 4);
}

void term_done(struct term *t)
{
	buf_done(&t->word);
	buf_done(&t->torn);
}

static void put(struct term *t, struct span s)
{
	if (s.len)
		fwrite(s.ptr, 1, s.len, t->out);
}

static void put_blanks(struct term *t, unsigned n)
{
	fprintf(t->out, "%*s", (int)n, "");
	t->column += n;
}

void term_newline(struct term *t)
{
	fputc('\n', t->out);
	t->column = 0;
}

static void put_word(struct term *t)
{
	if (!t->word.len)
		return;
	if (t->width && t->column > t->indent && t->column + t->word_columns > t->width)
		term_newline(t);
	if (t->column == 0)
		put_blanks(t, t->indent);
	put(t, buf_span(&t->word));
	t->column += t->word_columns;
	buf_reset(&t->word);
	t->word_columns = 0;
}

static void add_to_word(struct term *t, struct span s, unsigned columns)
{
	unsigned room = t->width > t->indent ? t->width - t->indent : WORD_MAX;

	if (t->word_columns + columns > (room < WORD_MAX ? room : WORD_MAX))
		put_word(t);
	buf_add(&t->word, s);
	t->word_columns += columns;
}

static void add_escape(struct term *t, uint32_t code)
{
	char text[SAFE_TEXT_ESCAPE];
	size_t n = safe_text_escape(text, code);

	add_to_word(t, span_of(text, n), (unsigned)n);
}

/* Of a byte that belongs to no character. */
static void add_byte(struct term *t, uint8_t byte)
{
	char text[8];
	int n = snprintf(text, sizeof(text), "\\x%02x", byte);

	add_to_word(t, span_of(text, (size_t)n), (unsigned)n);
}

static void blank(struct term *t, unsigned n)
{
	put_word(t);
	/* At the right border a blank becomes the line end. */
	if (t->width && t->column + n >= t->width) {
		term_newline(t);
		return;
	}
	if (t->column == 0)
		put_blanks(t, t->indent);
	put_blanks(t, n);
}

static void character(struct term *t, struct span s, uint32_t code)
{
	if (code == '\n') {
		put_word(t);
		term_newline(t);
	} else if (code == ' ') {
		blank(t, 1);
	} else if (code == '\t') {
		blank(t, TAB - t->column % TAB);
	} else if (safe_text_is_unsafe(code) || safe_text_is_hidden(t->before, code) ||
		   (code >= 0x80 && !t->utf8)) {
		add_escape(t, code);
	} else {
		add_to_word(t, s, safe_text_columns(code));
	}
	t->before = code;
}

/* A line end written as CRLF is one. */
static struct span skip_cr(struct span s)
{
	return s.len > 1 && s.ptr[0] == '\r' && s.ptr[1] == '\n' ? span_from(s, 1) : s;
}

static void whole_characters(struct term *t, struct span s)
{
	while (s.len) {
		uint32_t code;
		size_t n;

		s = skip_cr(s);
		n = utf8_next(s, &code);
		if (n)
			character(t, span_first(s, n), code);
		else
			add_byte(t, s.ptr[0]);
		s = span_from(s, n ? n : 1);
	}
}

/* How much can be written before more has come: not the beginning of a character, nor a CR that
 * an LF may follow. */
static size_t whole_length(struct span s)
{
	size_t len = utf8_whole(s);

	return len && len == s.len && s.ptr[len - 1] == '\r' ? len - 1 : len;
}

void term_traffic(struct term *t, struct span s)
{
	size_t whole;

	while (t->torn.len && s.len) {
		buf_add(&t->torn, span_first(s, 1));
		s = span_from(s, 1);
		whole = whole_length(buf_span(&t->torn));
		whole_characters(t, span_first(buf_span(&t->torn), whole));
		buf_drop(&t->torn, whole);
	}
	whole = whole_length(s);
	whole_characters(t, span_first(s, whole));
	buf_add(&t->torn, span_from(s, whole));
}

void term_flush(struct term *t, bool last)
{
	if (last) {
		whole_characters(t, buf_span(&t->torn));
		buf_reset(&t->torn);
	}
	put_word(t);
}

void term_inline(struct term *t, struct span s, unsigned max)
{
	unsigned width = t->width, used = 0;

	put_word(t);
	t->width = 0;
	while (s.len && used < max) {
		uint32_t code;
		size_t n = utf8_next(s, &code);

		if (!n || code < 0x20)
			add_byte(t, s.ptr[0]);
		else
			character(t, span_first(s, n), code);
		used += n ? safe_text_columns(code) : 4;
		s = span_from(s, n ? n : 1);
	}
	if (s.len)
		add_to_word(t, t->utf8 ? SPAN_LIT("…") : SPAN_LIT("..."), t->utf8 ? 1 : 3);
	put_word(t);
	t->width = width;
}

/* Columns of our own text: escape sequences take none. */
static unsigned own_columns(const char *s)
{
	unsigned columns = 0;

	while (*s) {
		uint32_t code;
		size_t n;

		if (*s == '\x1b') {
			s += strcspn(s, "m");
			s += *s != '\0';
			continue;
		}
		n = utf8_next(span_str(s), &code);
		columns += safe_text_columns(code);
		s += n ? n : 1;
	}
	return columns;
}

void term_own(struct term *t, const char *s)
{
	term_flush(t, true);
	fputs(s, t->out);
	t->column += own_columns(s);
}

void term_ownf(struct term *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	term_own(t, text);
}

void term_fresh_line(struct term *t)
{
	term_flush(t, true);
	if (t->column)
		term_newline(t);
}

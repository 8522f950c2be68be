/* SPDX-License-Identifier: MIT */
/* Inside of what is masked: finds its end, and leaves it out or overwrites it. */
#include "redact/redact_int.h"

/* What one byte of a credential is overwritten with. Blanks and line ends stay, and a number stays
 * one. */
static uint8_t blank_for(uint8_t c, bool number)
{
	if (c == ' ' || c == '\r' || c == '\n')
		return c;
	return !number ? '*' : in_set(c, SET_DIGIT) ? '1' : c;
}

void scan_blank(struct scan *c, size_t at, size_t len, bool number)
{
	for (size_t i = at < c->blank_at ? c->blank_at : at; i < at + len; i++)
		c->blank[i - c->blank_at] = blank_for(c->blank[i - c->blank_at], number);
}

/* What is passed over is gone. Where it is overwritten instead, escapes stay as they are, so that
 * strings end where they did. */
static void drop(struct scan *c, size_t len)
{
	struct redact_stream *r = c->r;

	if (!c->out)
		scan_blank(c, c->at, len, r->state == IN_RUN && r->count == SET_NUMBER);
	c->at += len;
	c->from = c->at;
}

static void drop_byte(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];
	bool escaped = r->escape_left > 0;

	if (b == '\\' && !escaped)
		r->escape_left = 1;
	else if (escaped)
		r->escape_left = b == 'u' && !r->escape_hex ? 4 : r->escape_left - 1;
	r->escape_hex = escaped && (b == 'u' || r->escape_hex) && r->escape_left;
	if (b == '\\' || escaped)
		c->from = ++c->at;
	else
		drop(c, 1);
}

/* Whether a quote behind `slashes` backslashes closes a string that is quoted `level` deep, or one
 * around it: *ret is then how many of these belong to the quote. */
static bool closes(unsigned slashes, unsigned level, unsigned *ret)
{
	unsigned depth = 0;

	while (depth < level && slashes % 2) {
		slashes /= 2;
		depth++;
	}
	*ret = (1u << depth) - 1;
	return slashes % 2 == 0;
}

static void close_string(struct scan *c, uint8_t quote, unsigned slashes)
{
	struct redact_stream *r = c->r;

	scan_pass_quote(r, quote, (uint8_t)slashes);
	r->state = r->in_array ? AFTER_ELEMENT : PLAIN;
}

/* Between quotes as "\u0022"; a plain one closes the string around. */
static bool step_hex_string(struct scan *c)
{
	struct span w = window(c);

	if (w.ptr[0] == '"') {
		c->r->state = PLAIN;
		return true;
	}
	if (w.len < hex_quote.len && span_starts(hex_quote, w) && !is_whole(c, w))
		return false;
	if (!span_starts(w, hex_quote)) {
		drop_byte(c);
		return true;
	}
	c->from = c->at;
	c->at += hex_quote.len;
	flush(c);
	close_string(c, '"', HEX_QUOTE);
	return true;
}

static bool step_string(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];
	unsigned slashes;

	if (r->slashes == HEX_QUOTE)
		return step_hex_string(c);
	if (b == r->quote && closes(r->count, r->level, &slashes)) {
		c->from = ++c->at;
		for (unsigned i = 0; c->out && i < slashes; i++)
			buf_addc(c->out, '\\');
		if (c->out)
			buf_addc(c->out, (char)b);
		close_string(c, b, slashes);
		return true;
	}
	drop_byte(c);
	r->count = b == '\\' ? r->count + 1 : 0;
	return true;
}

static bool step_element(struct scan *c)
{
	struct redact_stream *r = c->r;
	struct span w = window(c);
	size_t at = skip_blanks(w, 0);
	bool comma = at < w.len && w.ptr[at] == ',';

	if (comma) {
		at = skip_blanks(w, at + 1);
		if (take_quote(r, w, &at)) {
			mask(c, at, IN_STRING, 0);
			return true;
		}
	}
	if ((at == w.len || (comma && w.ptr[at] == '\\')) && undecided(c, w) == MORE)
		return false;
	r->in_array = false;
	r->state = PLAIN;
	return true;
}

static void step_run(struct scan *c)
{
	size_t len = run_of(c->s, c->at, c->r->count);

	drop(c, len);
	if (c->at < c->s.len)
		c->r->state = PLAIN;
}

static bool step_line(struct scan *c)
{
	const struct redact_stream *r = c->r;
	struct unit u;

	if (scan_read_unit(c, &u) == MORE)
		return false;
	if (u.c == '\n' || (u.c == '"' && !u.slashes) ||
	    (r->word_quoted && u.c == r->quote && u.slashes == r->slashes))
		c->r->state = PLAIN;
	else if (u.len == 1)
		drop(c, 1);
	else
		c->from = c->at += u.len;
	return true;
}

static void step_field(struct scan *c)
{
	uint8_t b = c->s.ptr[c->at];

	if (b == '\r' || b == '\n')
		c->r->state = PLAIN;
	else
		drop(c, 1);
}

static void step_pem(struct scan *c)
{
	struct redact_stream *r = c->r;
	uint8_t b = c->s.ptr[c->at];

	if (b == '"') {
		r->state = PLAIN;
		return;
	}
	if (!c->out && b == '-')
		c->from = ++c->at;
	else
		drop_byte(c);
	r->count = b == '-' ? r->count + 1 : 0;
	if (r->count == 5) {
		if (c->out)
			buf_adds(c->out, "-----");
		r->prev = '-';
		r->state = PLAIN;
	}
}

/* In what is overwritten, lines frame messages, and nothing masked goes on behind one: a string
 * that is never closed must not take other messages with it. */
bool scan_ends_line(const struct scan *c)
{
	uint8_t b = c->s.ptr[c->at];
	unsigned state = c->r->state;

	return !c->out && (b == '\r' || b == '\n') && state != PLAIN && state != IN_PEM;
}

bool scan_step_masked(struct scan *c)
{
	switch ((enum state)c->r->state) {
	case PLAIN:
		return true;
	case IN_STRING:
		return step_string(c);
	case AFTER_ELEMENT:
		return step_element(c);
	case IN_RUN:
		step_run(c);
		return true;
	case IN_LINE:
		return step_line(c);
	case IN_FIELD:
		step_field(c);
		return true;
	case IN_PEM:
		step_pem(c);
		return true;
	}
	return true;
}

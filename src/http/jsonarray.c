/* SPDX-License-Identifier: MIT */
/* A JSON array that arrives in pieces (RFC 8259): each of its elements is given out when its last
 * byte is there. Only strings and nesting are followed; whether an element is JSON is left to its
 * reader.
 *
 * Behind a gap the depth is unknown. Two borders are looked for. A comma alone on its line before
 * a brace at the margin, as Gemini writes it between elements, is trusted: a line end cannot stand
 * in a string, and what is nested is indented. "},{" may be anywhere: what begins there is given
 * out, flagged as cut, and the search goes on behind it. */
#include "base/buf.h"
#include "http/framing.h"

/* As the limit json_depth (base/limits.def). */
#define DEPTH_MAX 512

enum state {
	S_BEFORE, /* the opening bracket is awaited */
	S_BETWEEN,
	S_ELEMENT,
	S_DESYNC, /* behind a gap: a border is awaited */
	S_OVER,	  /* the array was closed, or this is none */
};

enum border { BORDER_NONE, BORDER_LINE, BORDER_COMMA };

struct jsonarray {
	struct framing f;
	enum state state;
	struct buf element;
	uint64_t depth; /* open brackets of the element */
	uint64_t tail;	/* since the gap: the last eight bytes */
	bool string, escape;
	bool scalar; /* the element is a number or a word: what follows it tells its end */
	bool deep;   /* was nested too deeply: no more of it is kept */
	bool doubt;  /* began at a border that is not trusted */
	bool torn;   /* there was a gap: a closing bracket may be one from further inside */
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum border border_at(struct jsonarray *j, uint8_t c)
{
	j->tail = j->tail << 8 | c;
	if (c != '{')
		return BORDER_NONE;
	if ((j->tail & 0xffffffff) == 0x0a2c0a7b || (j->tail & 0xffffffffff) == 0x0a2c0d0a7b)
		return BORDER_LINE;
	return (j->tail & 0xffffff) == 0x7d2c7b ? BORDER_COMMA : BORDER_NONE;
}

static void begin(struct jsonarray *j, uint8_t first, bool doubt)
{
	j->state = S_ELEMENT;
	j->depth = 0;
	j->string = j->escape = j->deep = false;
	j->scalar = first != '{' && first != '[' && first != '"';
	j->doubt = doubt;
}

static void emit(struct jsonarray *j, bool cut)
{
	if (j->element.full)
		limit_hit(j->f.lim, LIMIT_event);
	cut |= j->element.full || j->deep || j->doubt;
	j->f.fn(j->f.arg, span_of(NULL, 0), buf_span(&j->element), cut);
	buf_reset(&j->element);
	j->state = j->doubt ? S_DESYNC : S_BETWEEN;
}

static void open_bracket(struct jsonarray *j)
{
	if (++j->depth > DEPTH_MAX)
		j->deep = true;
}

/* Whether the element goes on behind this byte of it. */
static bool goes_on(struct jsonarray *j, uint8_t c)
{
	if (j->escape) {
		j->escape = false;
	} else if (j->string) {
		j->escape = c == '\\';
		j->string = c != '"';
		return j->string || j->depth;
	} else if (c == '"') {
		j->string = true;
	} else if (c == '{' || c == '[') {
		open_bracket(j);
	} else if (c == '}' || c == ']') {
		return --j->depth;
	}
	return true;
}

static void in_value(struct jsonarray *j, struct span *s)
{
	size_t at = 0, keep = 0;
	bool on = true;

	while (at < s->len && on) {
		on = goes_on(j, s->ptr[at++]);
		if (!j->deep)
			keep = at;
	}
	buf_add(&j->element, span_first(*s, keep));
	*s = span_from(*s, at);
	if (!on)
		emit(j, false);
}

static void in_scalar(struct jsonarray *j, struct span *s)
{
	size_t at = 0;

	while (at < s->len && !is_blank(s->ptr[at]) && !memchr(",[]{}:\"", s->ptr[at], 7))
		at++;
	buf_add(&j->element, span_first(*s, at));
	*s = span_from(*s, at);
	if (s->len)
		emit(j, false);
}

/* Takes byte after byte, to see where a trusted border shows that it had no end of its own. */
static void in_doubt(struct jsonarray *j, struct span *s)
{
	struct span one = span_first(*s, 1);

	if (j->element.len && border_at(j, s->ptr[0]) == BORDER_LINE) {
		emit(j, true);
		begin(j, '{', false);
		return;
	}
	*s = span_from(*s, 1);
	in_value(j, &one);
}

static void in_element(struct jsonarray *j, struct span *s)
{
	if (j->scalar)
		in_scalar(j, s);
	else if (j->doubt)
		in_doubt(j, s);
	else
		in_value(j, s);
}

static void in_desync(struct jsonarray *j, struct span *s)
{
	size_t at = 0;

	for (; at < s->len; at++) {
		enum border b = border_at(j, s->ptr[at]);

		if (b != BORDER_NONE) {
			begin(j, '{', b == BORDER_COMMA);
			break;
		}
	}
	j->f.unread += at;
	*s = span_from(*s, at);
}

static void in_before(struct jsonarray *j, struct span *s)
{
	while (s->len && is_blank(s->ptr[0]))
		*s = span_from(*s, 1);
	if (!s->len)
		return;
	j->state = s->ptr[0] == '[' ? S_BETWEEN : S_OVER;
	if (j->state == S_BETWEEN)
		*s = span_from(*s, 1);
}

static void in_between(struct jsonarray *j, struct span *s)
{
	uint8_t c;

	while (s->len && (is_blank(s->ptr[0]) || s->ptr[0] == ','))
		*s = span_from(*s, 1);
	if (!s->len)
		return;
	c = s->ptr[0];
	if (c != ']' && c != '}' && c != ':') {
		begin(j, c, false);
		return;
	}
	j->state = j->torn ? S_DESYNC : S_OVER;
	j->tail = 0;
	if (c == ']')
		*s = span_from(*s, 1);
}

static void in_over(struct jsonarray *j, struct span *s)
{
	for (size_t i = 0; i < s->len; i++)
		j->f.unread += !is_blank(s->ptr[i]);
	*s = span_of(NULL, 0);
}

static void jsonarray_feed(void *state, struct span s)
{
	struct jsonarray *j = state;

	while (s.len) {
		switch (j->state) {
		case S_BEFORE:
			in_before(j, &s);
			break;
		case S_BETWEEN:
			in_between(j, &s);
			break;
		case S_ELEMENT:
			in_element(j, &s);
			break;
		case S_DESYNC:
			in_desync(j, &s);
			break;
		case S_OVER:
			in_over(j, &s);
			break;
		}
	}
}

static void jsonarray_finish(void *state)
{
	struct jsonarray *j = state;

	if (j->state == S_ELEMENT)
		emit(j, true);
}

static void jsonarray_gap(void *state)
{
	struct jsonarray *j = state;

	jsonarray_finish(j);
	if (j->state != S_OVER)
		j->state = S_DESYNC;
	j->torn = true;
	j->tail = 0;
}

static void jsonarray_init(void *state)
{
	struct jsonarray *j = state;

	j->state = S_BEFORE;
	buf_init(&j->element, j->f.lim->max[LIMIT_event]);
}

static void jsonarray_done(void *state)
{
	struct jsonarray *j = state;

	buf_done(&j->element);
}

const struct framing_ops framing_json_array = {
	.name = "json array",
	.size = sizeof(struct jsonarray),
	.init = jsonarray_init,
	.feed = jsonarray_feed,
	.gap = jsonarray_gap,
	.finish = jsonarray_finish,
	.done = jsonarray_done,
};

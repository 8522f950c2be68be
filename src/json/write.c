/* SPDX-License-Identifier: MIT */
#include "json/write.h"

#include <string.h>

#include "json/number.h"

struct writer {
	struct buf *out;
	unsigned step; /* 0: all in one line */
	unsigned depth;
};

/* ---- text ---- */

/* Length of the beginning that stands as it is. C1 controls begin with c2, U+2028 and U+2029 with
 * e2. */
static size_t plain_length(struct span s)
{
	size_t at = 0;

	while (at < s.len && s.ptr[at] >= 0x20 && s.ptr[at] != '"' && s.ptr[at] != '\\' &&
	       s.ptr[at] != 0xc2 && s.ptr[at] != 0xe2 && s.ptr[at] != 0xed)
		at++;
	return at;
}

/* Bytes of the character at the front that ends a line for some, or that a terminal obeys: U+009B
 * begins an escape sequence as ESC [ does. 0: it is neither. */
static size_t obeyed(struct span s, unsigned *ret_code)
{
	if (s.len >= 2 && s.ptr[0] == 0xc2 && s.ptr[1] >= 0x80 && s.ptr[1] < 0xa0) {
		*ret_code = s.ptr[1];
		return 2;
	}
	if (span_starts(s, SPAN_LIT("\xe2\x80\xa8")) || span_starts(s, SPAN_LIT("\xe2\x80\xa9"))) {
		*ret_code = 0x2000u + (s.ptr[2] & 0x3f);
		return 3;
	}
	return 0;
}

/* Half a surrogate pair (json/read.h). */
static bool is_half(struct span s)
{
	return s.len >= 3 && s.ptr[0] == 0xed && s.ptr[1] >= 0xa0;
}

/* The character at the front, of which some are escaped; returns its bytes, or one of them. */
static size_t special(struct writer *w, struct span s)
{
	static const char letters[] = "btnvfr"; /* from 8 on */
	uint8_t b = s.ptr[0];
	unsigned code;
	size_t n;

	if (b == '"' || b == '\\') {
		buf_addc(w->out, '\\');
		buf_addc(w->out, (char)b);
	} else if (b >= 8 && b <= 13 && b != 11) {
		buf_addc(w->out, '\\');
		buf_addc(w->out, letters[b - 8]);
	} else if (is_half(s)) {
		buf_adds(w->out, "\xef\xbf\xbd");
		return 3;
	} else if (b < 0x20) {
		buf_addf(w->out, "\\u%04x", b);
	} else {
		n = obeyed(s, &code);
		if (n) {
			buf_addf(w->out, "\\u%04x", code);
			return n;
		}
		buf_addc(w->out, (char)b);
	}
	return 1;
}

static void text(struct writer *w, struct span s)
{
	buf_addc(w->out, '"');
	while (s.len) {
		size_t n = plain_length(s);

		buf_add(w->out, span_first(s, n));
		s = span_from(s, n);
		if (s.len)
			s = span_from(s, special(w, s));
	}
	buf_addc(w->out, '"');
}

/* ---- values ---- */

static void value(struct writer *w, const json_t *v);

static void fresh_line(struct writer *w)
{
	if (w->step)
		buf_addf(w->out, "\n%*s", (int)(w->depth * w->step), "");
}

static void array(struct writer *w, const json_t *v)
{
	size_t i;
	json_t *item;

	buf_addc(w->out, '[');
	w->depth++;
	json_array_foreach(v, i, item) {
		if (i)
			buf_addc(w->out, ',');
		fresh_line(w);
		value(w, item);
	}
	w->depth--;
	if (json_array_size(v))
		fresh_line(w);
	buf_addc(w->out, ']');
}

static void object(struct writer *w, const json_t *v)
{
	bool any = false;
	const char *key;
	json_t *item;

	buf_addc(w->out, '{');
	w->depth++;
	json_object_foreach((json_t *)v, key, item) {
		if (any)
			buf_addc(w->out, ',');
		any = true;
		fresh_line(w);
		text(w, span_str(key));
		buf_adds(w->out, w->step ? ": " : ":");
		value(w, item);
	}
	w->depth--;
	if (any)
		fresh_line(w);
	buf_addc(w->out, '}');
}

static void value(struct writer *w, const json_t *v)
{
	char room[JSON_NUMBER_SIZE];

	if (json_number_is(v)) {
		buf_add(w->out, json_number_text(v, room));
		return;
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		object(w, v);
		break;
	case JSON_ARRAY:
		array(w, v);
		break;
	case JSON_STRING:
		text(w, span_of(json_string_value(v), json_string_length(v)));
		break;
	case JSON_TRUE:
		buf_adds(w->out, "true");
		break;
	case JSON_FALSE:
		buf_adds(w->out, "false");
		break;
	default:
		buf_adds(w->out, "null");
		break;
	}
}

void json_write(const json_t *v, struct buf *out)
{
	struct writer w = { .out = out };

	if (v)
		value(&w, v);
}

static char *written(const json_t *v, unsigned step)
{
	struct buf out;
	struct writer w = { .out = &out, .step = step };

	if (!v)
		return NULL;
	buf_init(&out, SIZE_MAX / 2);
	value(&w, v);
	return buf_take(&out);
}

char *json_write_text(const json_t *v)
{
	return written(v, 0);
}

char *json_write_lines(const json_t *v, unsigned step)
{
	return written(v, step);
}

static int add_text(const char *text, size_t len, void *out)
{
	return buf_add(out, span_of(text, len));
}

int json_dump_to(const json_t *v, size_t flags, struct buf *out)
{
	return json_dump_callback(v, add_text, out, flags);
}

/* Of an id of JSON-RPC, or the like. */
#define NAME_MAX_BYTES 256

char *json_name_text(const json_t *v)
{
	struct buf text;

	if (!json_is_string(v) && !json_is_number(v))
		return NULL;
	buf_init(&text, NAME_MAX_BYTES);
	json_write(v, &text);
	if (!text.full)
		return buf_take(&text);
	buf_done(&text);
	return NULL;
}

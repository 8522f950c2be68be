/* SPDX-License-Identifier: MIT */
#include "json/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Before the text of a number in a string: no byte of UTF-8. */
#define MARK '\xc0'
/* Digits that every double keeps, and those that tell every double apart. */
#define DIGITS_KEPT 15
#define DIGITS_MAX  17
/* So short a text has no more digits behind its point than an exact power of ten has zeroes. */
#define SHORT 22

/* ---- grammar ---- */

struct shape {
	size_t digits; /* from the first that is not 0 to the last */
	bool negative, point, exponent;
	bool ends_in_0; /* behind a point */
};

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static size_t digits_from(struct span s, size_t at)
{
	while (at < s.len && is_digit(s.ptr[at]))
		at++;
	return at;
}

static size_t significant(struct span s, size_t end)
{
	size_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += is_digit(s.ptr[i]) && (n || s.ptr[i] != '0');
	return n;
}

static bool shape_of(struct span s, struct shape *ret)
{
	size_t at = s.len && s.ptr[0] == '-', begin = at, end;
	struct shape h = { .negative = at };

	at = digits_from(s, at);
	if (at == begin || (at - begin > 1 && s.ptr[begin] == '0'))
		return false;
	if (at < s.len && s.ptr[at] == '.') {
		h.point = true;
		begin = at + 1;
		at = digits_from(s, begin);
		if (at == begin)
			return false;
		h.ends_in_0 = s.ptr[at - 1] == '0';
	}
	end = at;
	if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
		h.exponent = true;
		at++;
		at += at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+');
		begin = at;
		at = digits_from(s, at);
		if (at == begin)
			return false;
	}
	h.digits = significant(s, end);
	*ret = h;
	return at == s.len;
}

/* ---- text of jansson's own ---- */

/* "1e+05" is written 1e5; what has neither point nor exponent gets one, to stay a real. */
static void tidy(char *text)
{
	char *e = strchr(text, 'e'), *digits;

	if (!e) {
		if (!strchr(text, '.'))
			memcpy(text + strlen(text), ".0", 3);
		return;
	}
	e++;
	e += *e == '-';
	for (digits = e; *digits == '+' || (*digits == '0' && digits[1]);)
		digits++;
	memmove(e, digits, strlen(digits) + 1);
}

/* The shortest that reads back the same. */
static size_t real_text(double v, char room[JSON_NUMBER_SIZE])
{
	for (int digits = DIGITS_KEPT; digits <= DIGITS_MAX; digits++) {
		snprintf(room, JSON_NUMBER_SIZE, "%.*g", digits, v);
		if (strtod(room, NULL) == v)
			break;
	}
	tidy(room);
	return strlen(room);
}

/* ---- making ---- */

static json_t *as_written(struct span text)
{
	AUTO_FREE char *marked = xmalloc(text.len + 1);

	marked[0] = MARK;
	memcpy(marked + 1, text.ptr, text.len);
	return json_stringn_nocheck(marked, text.len + 1);
}

static json_t *integer(struct span text, const struct shape *h)
{
	json_int_t n = 0, digit;

	/* -0 is no integer of jansson's. */
	if (h->negative && !h->digits)
		return as_written(text);
	for (size_t i = h->negative; i < text.len; i++) {
		digit = h->negative ? '0' - text.ptr[i] : text.ptr[i] - '0';
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
			return as_written(text);
	}
	return json_integer(n);
}

/* Few digits are an exact integer, and so is the power of ten it is divided by: the quotient is the
 * nearest double. */
static double few_digits(struct span text)
{
	static const double tens[] = { 1e0,  1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
				       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	uint64_t n = 0;
	size_t behind = 0;
	bool point = false;

	for (size_t i = text.ptr[0] == '-'; i < text.len; i++) {
		if (text.ptr[i] == '.') {
			point = true;
			continue;
		}
		n = n * 10 + (text.ptr[i] - '0');
		behind += point;
	}
	return (text.ptr[0] == '-' ? -(double)n : (double)n) / tens[behind];
}

static json_t *real(struct span text, const struct shape *h)
{
	char copy[JSON_NUMBER_SIZE], again[JSON_NUMBER_SIZE];
	double v;

	/* Few digits, and none that is left out, come back as they are. */
	if (h->digits && h->digits <= DIGITS_KEPT && !h->exponent && !h->ends_in_0 &&
	    text.len <= SHORT) {
		v = few_digits(text);
		if (fabs(v) >= 1e-4 && fabs(v) < 1e15)
			return json_real(v);
	}
	if (text.len >= sizeof(copy))
		return as_written(text);
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	v = strtod(copy, NULL);
	if (!isfinite(v) || !span_eq(span_of(again, real_text(v, again)), text))
		return as_written(text);
	return json_real(v);
}

json_t *json_number_new(struct span text)
{
	struct shape h;

	if (!shape_of(text, &h))
		return NULL;
	return h.point || h.exponent ? real(text, &h) : integer(text, &h);
}

/* ---- reading ---- */

static struct span text_kept(const json_t *v)
{
	const char *s = json_string_value(v);

	if (!s || s[0] != MARK)
		return span_of(NULL, 0);
	return span_of(s + 1, json_string_length(v) - 1);
}

bool json_number_is(const json_t *v)
{
	return json_is_number(v) || text_kept(v).len;
}

double json_number_double(const json_t *v)
{
	struct span kept = text_kept(v);

	/* The string ends with a NUL. */
	return kept.len ? strtod((const char *)kept.ptr, NULL) : json_number_value(v);
}

struct span json_number_text(const json_t *v, char room[JSON_NUMBER_SIZE])
{
	if (json_is_integer(v))
		return span_of(room,
			       (size_t)snprintf(room, JSON_NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
						json_integer_value(v)));
	if (json_is_real(v))
		return span_of(room, real_text(json_real_value(v), room));
	return text_kept(v);
}

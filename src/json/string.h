/* SPDX-License-Identifier: MIT */
/* The text between the quotes of a string of JSON, as lenient clients read it: raw control
 * characters stand as they are, what is no character becomes U+FFFD. */
#ifndef SPY_JSON_STRING_H
#define SPY_JSON_STRING_H

#include "base/buf.h"
#include "base/bytes.h"

/* Where ASCII ends that stands as it is: at a quote, a backslash, another byte or `end`. */
static inline const uint8_t *json_string_plain(const uint8_t *at, const uint8_t *end)
{
	uint64_t word, stops;

	/* A high bit is that of no ASCII, or of a 0 from which 1 was taken. */
	for (; end - at >= 8; at += 8) {
		word = bytes_word(at);
		stops = (word | ((word ^ BYTES_OF('"')) - BYTES_OF(1)) |
			 ((word ^ BYTES_OF('\\')) - BYTES_OF(1))) &
			BYTES_HIGH;
		if (stops)
			return at + bytes_before(stops);
	}
	while (at < end && *at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* The text of the string that begins at *at, behind its quote: a part of the text itself or of
 * `scratch`, which is valid until the next call. *at goes behind the closing quote. False if the
 * text ends before that; *ret is what there is of it then, without a character that was cut.
 * halves: those of surrogate pairs stay (json_read_piece). */
bool json_string_read(const uint8_t **at, const uint8_t *end, bool halves, struct buf *scratch,
		      struct span *ret);

/* From behind a string's opening quote to behind its closing one, or `end`. */
const uint8_t *json_string_skip(const uint8_t *at, const uint8_t *end);

#endif

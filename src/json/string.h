/* SPDX-License-Identifier: MIT */
/* The text between the quotes of a string of JSON, as lenient clients read it: raw control
 * characters stand as they are, what is no character becomes U+FFFD. */
#ifndef SPY_JSON_STRING_H
#define SPY_JSON_STRING_H

#include "base/buf.h"

/* The text of the string that begins at *at, behind its quote: a part of the text itself or of
 * `scratch`, which is valid until the next call. *at goes behind the closing quote. False if the
 * text ends before that; *ret is what there is of it then, without a character that was cut.
 * halves: those of surrogate pairs stay (json_read_piece). */
bool json_string_read(const uint8_t **at, const uint8_t *end, bool halves, struct buf *scratch,
		      struct span *ret);

/* From behind a string's opening quote to behind its closing one, or `end`. */
const uint8_t *json_string_skip(const uint8_t *at, const uint8_t *end);

#endif

/* SPDX-License-Identifier: MIT */
/* Numbers of JSON as they were written. jansson keeps 64 bits of an integer and a double of any
 * other number: 52.37 would be written again as 52.369999999999997, and 2^64 as a power of ten.
 * A number is an integer or a real of jansson where it is plain that these give its text back; any
 * other is kept as its text, in a string that no text of anybody can be (it is no UTF-8). */
#ifndef SPY_JSON_NUMBER_H
#define SPY_JSON_NUMBER_H

#include <jansson.h>

#include "base/span.h"

/* Holds every text of json_number_text but of those that are kept as text. */
#define JSON_NUMBER_SIZE 32

/* Of a text by the grammar of RFC 8259, section 6; NULL when it is none. */
json_t *json_number_new(struct span text);
/* Of the bytes at the front that a number can have, *ret_len in all; NULL when they are none. */
json_t *json_number_front(struct span text, size_t *ret_len);

/* Those of jansson too. */
bool json_number_is(const json_t *v);
/* A string that is no number. */
bool json_is_text(const json_t *v);
/* Nearest double; 0 when `v` is no number. Out of range: infinite. */
double json_number_double(const json_t *v);
/* The text of a number, in `room` or borrowed from `v`; empty when `v` is none. */
struct span json_number_text(const json_t *v, char room[JSON_NUMBER_SIZE]);

#endif

/* SPDX-License-Identifier: MIT */
/* What values of JSON take of memory: counted against the limits `json_memory` and `memory`. */
#ifndef SPY_JSON_MEMORY_H
#define SPY_JSON_MEMORY_H

#include <jansson.h>
#include <stddef.h>

/* Bytes that jansson 2.14 takes for one value with glibc's malloc, and for its place in the
 * container; beside the bytes of its text. A string may be a member's name. */
#define JSON_ARRAY_MEMORY  152
#define JSON_OBJECT_MEMORY 248
#define JSON_STRING_MEMORY 112
#define JSON_NUMBER_MEMORY 56
/* true, false and null take their place alone: the value is shared by all. */
#define JSON_PLACE_MEMORY 24

size_t json_memory(const json_t *v);

#endif

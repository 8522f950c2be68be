/* SPDX-License-Identifier: MIT */
/* What values of JSON, and a record, take of memory: counted against the limit `memory`. */
#ifndef SPY_EXCHANGE_MEMORY_H
#define SPY_EXCHANGE_MEMORY_H

#include "exchange/exchange.h"

/* Bytes that jansson 2.14 takes for one value with glibc's malloc, and for its place in the
 * container; beside the bytes of its text. A string may be a member's name. */
#define JSON_ARRAY_MEMORY  152
#define JSON_OBJECT_MEMORY 248
#define JSON_STRING_MEMORY 112
#define JSON_NUMBER_MEMORY 56

size_t json_memory(const json_t *v);

/* All but the bodies. */
size_t exchange_memory(const struct exchange *x);

#endif

/* SPDX-License-Identifier: MIT */
/* Attributes as the JSON of OTLP has them: a list of keys with typed values. A value that is not
 * known adds nothing. */
#ifndef SPY_TELEMETRY_OTLP_VALUE_H
#define SPY_TELEMETRY_OTLP_VALUE_H

#include <jansson.h>

#include "telemetry/semconv.h"

struct attributes {
	json_t *list;
	bool newer; /* which names: semconv_name */
};

struct attributes attributes_new(bool newer);

void attribute_text(struct attributes *a, enum semconv name, const char *text);
void attribute_int(struct attributes *a, enum semconv name, int64_t n); /* COUNT_UNKNOWN: none */
void attribute_double(struct attributes *a, enum semconv name, double n);
void attribute_bool(struct attributes *a, enum semconv name, bool is);
/* Of any JSON; takes the value over. */
void attribute_json(struct attributes *a, enum semconv name, json_t *value);
/* With a name of somebody else's. */
void attribute_named(struct attributes *a, struct span name, struct span text);

/* A whole number of 64 bits, which OTLP has as text. */
json_t *otlp_number(uint64_t n);
/* Sets a member where the value is not NULL. */
void otlp_set(json_t *o, const char *key, json_t *value);

#endif

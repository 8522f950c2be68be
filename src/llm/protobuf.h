/* SPDX-License-Identifier: MIT */
/* Messages of protobuf as JSON, as they are over HTTP (protobuf.dev, programming-guides/encoding
 * and /json; read November 2026). Tables say what the numbers of fields mean; what they lack is
 * named by its number. */
#ifndef SPY_LLM_PROTOBUF_H
#define SPY_LLM_PROTOBUF_H

#include <jansson.h>

#include "base/limits.h"
#include "base/span.h"

enum pb_kind {
	PB_TEXT,
	PB_BYTES,
	PB_BOOL,
	PB_INT,
	PB_ENUM,
	PB_MESSAGE,
	PB_MAP,	   /* from texts to messages */
	PB_TEXTS,  /* from texts to texts */
	PB_STRUCT, /* google.protobuf.Struct, Value and Timestamp */
	PB_VALUE,
	PB_TIME,
};

struct pb_field {
	uint32_t number;  /* 0 ends a table */
	const char *name; /* NULL: its members are those of the message that it is in */
	enum pb_kind kind;
	bool list;
	const struct pb_field *of; /* PB_MESSAGE, PB_MAP */
	const char *const *words;  /* PB_ENUM: NULL-terminated, from 0 on */
};

/* Owned by the caller; NULL where there is no memory for it. *ret_partial: not all could be read.
 */
json_t *pb_read(struct limits *lim, const struct pb_field *fields, struct span s,
		bool *ret_partial);

#endif

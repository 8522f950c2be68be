/* SPDX-License-Identifier: MIT */
/* Members of a record's JSON, each checked before it is used. Absent ones and null are the same:
 * unknown. Any JSON may come in; one of a wrong type or value counts as absent and is noted. */
#ifndef SPY_EXCHANGE_JSON_MEMBER_H
#define SPY_EXCHANGE_JSON_MEMBER_H

#include "exchange/exchange.h"

struct reader {
	struct exchange *x;
	const char *wrong; /* name of the first member whose type or value is not as documented */
};

void member_refuse(struct reader *r, const char *key);
const json_t *member_of(struct reader *r, const json_t *o, const char *key, json_type type);
/* An array of objects. */
const json_t *member_objects(struct reader *r, const json_t *o, const char *key);
char *member_string(struct reader *r, const json_t *o, const char *key); /* the caller frees it */
/* A string that r->x owns, for members that otherwise point to static text. */
const char *member_label(struct reader *r, const json_t *o, const char *key);
bool member_flag(struct reader *r, const json_t *o, const char *key);
/* 64 bits, which JSON's signed integers carry as they are; 0 where there are none. */
uint64_t member_number(struct reader *r, const json_t *o, const char *key);
uint32_t member_number32(struct reader *r, const json_t *o, const char *key);
int64_t member_count(struct reader *r, const json_t *o, const char *key);  /* or COUNT_UNKNOWN */
int64_t member_tokens(struct reader *r, const json_t *o, const char *key); /* the same, bounded */
double member_dollars(struct reader *r, const json_t *o, const char *key);
/* Digits of a digest or an id, exactly as many as `ret` has room for. */
void member_digits(struct reader *r, const json_t *o, const char *key, char *ret, size_t size);
/* The value of an enum, up to `last`, that has this name; 0 where the member is absent. */
unsigned member_word(struct reader *r, const json_t *o, const char *key,
		     const char *(*name)(unsigned), unsigned last);
void member_text(struct reader *r, const json_t *o, const char *key, struct buf *ret);
/* "2026-11-24T14:02:11.093481223Z" as ns since 1970; 0 where it is absent. */
int64_t member_wall_time(struct reader *r, const json_t *o, const char *key);

#endif

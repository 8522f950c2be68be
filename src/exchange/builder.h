/* SPDX-License-Identifier: MIT */
/* How a dialect fills an exchange. Streamed and whole answers go through the same calls, so live
 * display and the final record cannot disagree: each piece of visible output is appended to the
 * record and reported as a delta; the first one sets t.first_token.
 * Spans are copied. Empty spans set nothing. Texts stop growing at the builder's ceiling
 * (buf.full).
 *
 * A record under construction is the first member of a builder, so that dialects pass records
 * only: every function here that takes a struct exchange needs one from builder_new(), never a
 * copy or a snapshot. */
#ifndef SPY_EXCHANGE_BUILDER_H
#define SPY_EXCHANGE_BUILDER_H

#include <nettle/sha2.h>

#include "base/str.h"
#include "exchange/exchange.h"

typedef void (*delta_fn)(void *arg, struct exchange *x, const struct exchange_delta *d);

/* exchange_unref() frees both. fn may be NULL. */
struct exchange *builder_new(uint64_t serial, size_t text_max, delta_fn fn, void *arg);
/* The time of the bytes that are read next, CLOCK_MONOTONIC. */
void builder_set_time(struct exchange *x, uint64_t now_ns);
uint64_t builder_time(const struct exchange *x);
/* What is read counts against these; they outlive the record. NULL, as at first: nothing counts. */
void builder_set_limits(struct exchange *x, struct limits *lim);
struct limits *builder_limits(const struct exchange *x);
/* Ceiling of each text, bytes. */
size_t builder_text_max(const struct exchange *x);

/* set_string of a JSON string, or of a number as text; other JSON types leave dst alone. */
void set_json(char **dst, const json_t *v);
struct span json_span(const json_t *v); /* string value, else empty */

/* Request side. Pointers returned are valid until the next call that adds to the same list. */
struct message *request_message(struct exchange *x, struct span role);
struct part *message_part(struct exchange *x, struct message *m, enum part_kind kind);
struct part *message_text(struct exchange *x, struct message *m, enum part_kind kind,
			  struct span text);
/* A part of which we only understand the name: type_raw, text = compact JSON. */
struct part *message_other(struct exchange *x, struct message *m, const char *type,
			   const json_t *v);
/* Binary content given as base64: sets size and sha256 of what it decodes to, keeps no bytes. */
void part_base64(struct part *p, struct span media_type, struct span base64);
/* The same of content that comes in pieces, each of them base64 of its own; `sha` goes on from
 * piece to piece. */
void part_base64_more(struct part *p, struct sha256_ctx *sha, struct span base64);
/* "data:image/png;base64,..." is digested likewise; other URLs become the part's text. */
void part_url(struct part *p, struct span url);
/* Text of any JSON value: strings as they are, others compact. */
void part_json(struct part *p, const json_t *v);
struct tool *request_tool(struct exchange *x);
void request_param(struct exchange *x, const char *name, const json_t *value); /* NULL: nothing */

/* More content blocks than any answer has; past it they share the last, and the answer is partial.
 */
#define ANSWER_PARTS_MAX 4096

/* Answer side: finds or makes choice `index` (at most 128, then -> the last). */
struct choice *answer_choice(struct exchange *x, unsigned index);
/* Appends to the choice's last part if it is of that kind, else begins a new one. */
void answer_text(struct exchange *x, unsigned index, enum part_kind kind, struct span text);
/* Appends to part number `slot` (the provider's own index of content blocks or tool calls, kept
 * per choice), making it when new; so interleaved blocks stay apart. NO_SLOT, ASIDE_SLOT and
 * ASIDE_OF: always a new one. */
struct part *answer_part(struct exchange *x, unsigned index, enum part_kind kind, int slot);
/* The part that answer_part made for that; NULL: none. */
struct part *answer_find(struct exchange *x, unsigned index, enum part_kind kind, int slot);
/* Whether there is a part of any kind with that slot. */
bool answer_has(struct exchange *x, unsigned index, int slot);
/* The nth (from 0) of that kind with a slot from `first` on and before `end`; NULL: none. */
struct part *answer_nth(struct exchange *x, unsigned index, enum part_kind kind, int first, int end,
			size_t n);
/* The call of that id among the last parts; NULL: none, or the id is empty. */
struct part *answer_call_of(struct exchange *x, unsigned index, struct span id);
void answer_append(struct exchange *x, unsigned index, struct part *p, struct span text);
/* The part came as a whole, by message_part and the like: reports it as answer_append would have.
 */
void answer_shown(struct exchange *x, unsigned index, struct part *p);
/* Nothing follows: shows what masking held back. */
void answer_end(struct exchange *x);
/* The provider began its answer anew: what came so far does not count. */
void answer_restart(struct exchange *x, unsigned index);
/* Sets a part's text to the whole of it, as a final event repeats it; no delta is reported for what
 * was already shown. An empty one says nothing. False: what came before is not how it begins. */
bool answer_whole(struct exchange *x, unsigned index, struct part *p, struct span text);
void answer_finish(struct exchange *x, unsigned index, struct span raw, enum finish f);
void answer_error(struct exchange *x, const json_t *type, const json_t *code,
		  const json_t *message);

/* Usage: `v` unknown (not an integer) leaves the count alone. usage_raw merges the provider's
 * object into usage.raw, later fields winning. */
void usage_count(int64_t *count, const json_t *v);
void usage_raw(struct exchange *x, const json_t *usage);

#endif

/* SPDX-License-Identifier: MIT */
/* The one place where JSON text of strangers becomes values.
 *
 * It reads what real clients read: a byte-order mark; strings with raw control characters, halves
 * of surrogate pairs and bytes that are no UTF-8 (these become U+FFFD); NaN and Infinity, which are
 * null; of members with one name the last; numbers of any size (json/number.h). A text that ends
 * too early, or goes wrong, is read up to there.
 *
 * A few kilobytes of a compressed body can become gigabytes of values, so what is made is counted:
 * what nests past the limit json_depth is null; where the values are more than json_values, or
 * would take more memory than json_memory, json_ratio times the text, or what is left of `memory`
 * and an eighth, reading ends. */
#ifndef SPY_JSON_READ_H
#define SPY_JSON_READ_H

#include <jansson.h>

#include "base/limits.h"
#include "base/span.h"

/* So much memory the values of each text may take, whatever json_ratio is: what small texts become
 * says nothing about a bomb. An event of a stream takes 10 to 20 times its text, and so do lists of
 * words with their times or logprobs; whole bodies past 16 KiB take 3 to 11 times theirs. */
#define JSON_RATIO_FREE ((size_t)8 << 20)

/* Bytes that values may take which are made of so many; *ret_which: the limit that says so. lim may
 * be NULL. */
size_t json_memory_max(const struct limits *lim, size_t len, enum limit *ret_which);

/* The list or object that a text begins with, which the caller owns. NULL when nothing of one could
 * be read: not even the first element or member of a list or an object that goes wrong.
 * *ret_partial: something of the text was not read; also with NULL, where a limit is the reason.
 * lim may be NULL: the defaults hold, and nothing is counted. */
json_t *json_read(struct limits *lim, struct span text, bool *ret_partial);

/* As json_read, of a piece of a stream: half a surrogate pair stays, as the three bytes that UTF-8
 * would have for it, since the other half may come with the next piece. What writes JSON
 * (json/write.h) replaces it. */
json_t *json_read_piece(struct limits *lim, struct span text, bool *ret_partial);

/* What we wrote ourselves: without ceilings but that of the stack. NULL unless it is whole. */
json_t *json_read_own(struct span text);
/* The same of a file that was given to us; *ret_at: where it goes wrong. */
json_t *json_read_whole(struct span text, size_t *ret_at);

/* As json_read, of a text that may go on: *text becomes what follows the value, without blanks;
 * empty when the value is partial. */
json_t *json_read_next(struct limits *lim, struct span *text, bool *ret_partial);
json_t *json_read_next_piece(struct limits *lim, struct span *text, bool *ret_partial);

#endif

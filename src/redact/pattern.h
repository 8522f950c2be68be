/* SPDX-License-Identifier: MIT */
/* Patterns of the user's own: what they match becomes "***". POSIX extended regular expressions,
 * matched line by line, as grep does; of a line longer than PATTERN_LINE_MAX, all matches are found
 * that are no longer than half of that. Text may arrive in pieces: what comes out in all is the
 * same. */
#ifndef SPY_REDACT_PATTERN_H
#define SPY_REDACT_PATTERN_H

#include "base/buf.h"
#include "base/error.h"

#define PATTERN_LINE_MAX 4096

struct patterns;
struct patterns *patterns_new(void);
void patterns_free(struct patterns *p); /* accepts NULL */
int patterns_add(struct patterns *p, const char *regex, struct error *reterr);
/* The same of a text that is meant as it stands. */
int patterns_add_text(struct patterns *p, struct span text, struct error *reterr);
size_t patterns_count(const struct patterns *p); /* NULL: none */
/* Whether one that has a number of at least `from` matches in the text: *ret is the lowest such
 * number, in order of patterns_add. */
bool patterns_find(const struct patterns *p, size_t from, struct span text, size_t *ret);

struct pattern_stream;
/* `p` outlives it. */
struct pattern_stream *pattern_stream_new(const struct patterns *p);
void pattern_stream_free(struct pattern_stream *s); /* accepts NULL */
void pattern_stream_feed(struct pattern_stream *s, struct span text, struct buf *out);
void pattern_stream_end(struct pattern_stream *s, struct buf *out);

/* A whole text. */
void patterns_apply(const struct patterns *p, struct span text, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Undoes a content coding piece by piece, flushing after each, so that a compressed stream can
 * be shown live. Output and ratio have ceilings. RFC 9110 section 8.4.1, RFC 1952, RFC 1950. */
#ifndef SPY_HTTP_CODING_H
#define SPY_HTTP_CODING_H

#include "base/limits.h"
#include "base/span.h"

struct coding;
/* `names` is the value of Content-Encoding, e.g. "gzip" or "gzip, br" (undone from the right).
 * Empty or "identity" gives a coder that passes bytes through. NULL when one of the names is
 * not supported: the caller then keeps the bytes as they are and says so. */
struct coding *coding_new(struct span names, struct limits *lim);
void coding_free(struct coding *c); /* accepts NULL */

/* Calls fn once or more with what `s` became; `out` is borrowed. 0; -EPROTO: the data is broken
 * (what came before it was passed on); -ENOBUFS: a limit was reached. After an error, further
 * calls return the same. */
typedef void (*coding_fn)(void *arg, struct span out);
int coding_feed(struct coding *c, struct span s, coding_fn fn, void *arg);

/* True when the coded data came to its own end (or there is no coding). */
bool coding_complete(const struct coding *c);

#endif

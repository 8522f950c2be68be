/* SPDX-License-Identifier: MIT */
/* Answers packed for their way: over ssh, a list is a tenth of its size. Pure. */
#ifndef SPY_WEB_GZIP_H
#define SPY_WEB_GZIP_H

#include <stdbool.h>

#include "base/buf.h"

/* Whether a field Accept-Encoding takes gzip. */
bool gzip_is_taken(struct span accept);
/* The text becomes its packed form; -ENOMEM, and it stays. */
int gzip_pack(struct buf *text);

#endif

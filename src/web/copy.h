/* SPDX-License-Identifier: MIT */
/* A recording or jsonl can be read from its front only: what is read is put into an archive of our
 * own, where each record is found. It is private, and removed at the end. */
#ifndef SPY_WEB_COPY_H
#define SPY_WEB_COPY_H

#include "web/web_int.h"

/* Opens w->whole: the archive that is kept, or the copy. 0, or -errno with a reason. */
int copy_open(struct web *w, struct error *reterr);
void copy_close(struct web *w);

/* On the reader's thread. Nothing, where an archive is kept. */
int copy_add(struct web *w, const struct exchange *x, uint64_t id, struct error *reterr);
int copy_flush(struct web *w, struct error *reterr);

#endif

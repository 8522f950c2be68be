/* SPDX-License-Identifier: MIT */
/* What is to be hooked in one file: all that the finders found in it, by place in the file, so that
 * it serves without the file being looked at again. Pure. */
#ifndef SPY_FIND_PLAN_H
#define SPY_FIND_PLAN_H

#include "base/buf.h"
#include "find/finder.h"

#define PLAN_ENTRIES_MAX 16
/* Of an encoded plan: full parts with full sites, and some to spare. */
#define PLAN_BYTES_MAX (256u << 10)

/* One implementation. In its sites, `addr` is the place in the file. */
struct plan_entry {
	char *implementation, *method;
	bool watch;    /* no TLS: tells when libraries are mapped (struct finder) */
	bool guess;    /* as of struct finder */
	char *problem; /* why it cannot be hooked; NULL: it can */
	struct site *sites;
	size_t nsites;
};

struct plan {
	struct plan_entry *parts; /* PLAN_ENTRIES_MAX at most */
	size_t nparts;
};

/* Runs the finders; ret is overwritten. */
void plan_make(const struct image *im, struct plan *ret);
void plan_done(struct plan *p);
bool plan_has_tls(const struct plan *p);
/* Whether there is a single implementation to be hooked, and that a guess. */
bool plan_is_guess(const struct plan *p);
/* "OpenSSL by symbols, rustls by vtables"; the caller frees it. NULL: nothing that can be hooked.
 */
char *plan_text(const struct plan *p);
/* Of the first implementation that cannot be hooked, in words; the caller frees it. NULL: of none.
 */
char *plan_problem(const struct plan *p);

/* As bytes, for the way out of the finding process and for the catalog on disk. */
int plan_encode(const struct plan *p, struct buf *out); /* 0, or -ENOBUFS */
/* -EPROTO when malformed; ret is valid either way (plan_done). */
int plan_decode(struct span in, struct plan *ret);

#endif

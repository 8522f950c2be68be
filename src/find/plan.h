/* SPDX-License-Identifier: MIT */
/* What to hook in one file: everything that the finders found, by offset in the file, so that the
 * file need not be scanned again. Pure. */
#ifndef SPY_FIND_PLAN_H
#define SPY_FIND_PLAN_H

#include "base/buf.h"
#include "find/finder.h"

#define PLAN_ENTRIES_MAX 16
/* Size limit of an encoded plan: all entries with all sites, and some reserve. */
#define PLAN_BYTES_MAX (256u << 10)

/* One implementation. `addr` of its sites is the offset in the file. */
struct plan_entry {
	char *implementation, *method;
	bool watch;    /* no TLS: reports mapped libraries (struct finder) */
	bool guess;    /* as in struct finder */
	char *problem; /* why it cannot be hooked; NULL: it can be */
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
/* Whether there is exactly one implementation to hook, and it is a guess. */
bool plan_is_guess(const struct plan *p);
/* "OpenSSL by symbols, rustls by vtables"; the caller frees it. NULL: nothing can be hooked. */
char *plan_text(const struct plan *p);
/* Why the first unhookable implementation cannot be hooked, as text that the caller frees; NULL if
 * all can be. */
char *plan_problem(const struct plan *p);

/* Encoded form, for the answer of the scanner and the catalog on disk. */
int plan_encode(const struct plan *p, struct buf *out); /* 0, or -ENOBUFS */
/* -EPROTO if malformed; ret is valid either way (plan_done). */
int plan_decode(struct span in, struct plan *ret);

#endif

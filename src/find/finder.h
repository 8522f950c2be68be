/* SPDX-License-Identifier: MIT */
/* Finders: where in a file the plaintext of TLS passes. Each looks for one implementation by one
 * method and is a row of finders.def; they are tried in that order, and a file may hold more than
 * one implementation. Pure: they read nothing but the mapped file. */
#ifndef SPY_FIND_FINDER_H
#define SPY_FIND_FINDER_H

#include "find/image.h"
#include "probes/programs.h"

/* One place to hook. */
struct site {
	uint64_t addr;
	enum probe_program prog;
	bool at_return; /* by a uretprobe; never for Go, whose returns are places of their own */
};

#define SITES_MAX 512

/* What one finder found. */
struct finding {
	const char *implementation; /* "OpenSSL", "BoringSSL", "rustls" ...; NULL: nothing */
	const char *method;	    /* "symbols", "strings and constants" ... */
	/* In the order in which they are hooked: the entry of a call before its return, so that no
	 * return is seen without its entry. */
	struct site sites[SITES_MAX];
	size_t nsites;
	/* It is there but cannot be hooked: why, in words; then there are no sites. */
	const char *problem;
};

/* False when there are too many already. */
bool finding_add(struct finding *f, uint64_t addr, enum probe_program prog, bool at_return);

#define FINDER_SIGNS_MAX 4

struct finder {
	const char *name;
	/* A finder of the same group that found something before makes this one superfluous: one
	 * implementation is not hooked twice. */
	const char *group;
	/* It finds nothing in a file that holds none of these strings, in what is loaded or in
	 * names of symbols; NULL: it has to be tried on every file. */
	const char *signs[FINDER_SIGNS_MAX];
	/* Its signs are no proof, as names would be: what it finds is given up when what passes
	 * there turns out to be no plaintext (http/traffic_class.h). */
	bool guess;
	/* What it finds is no TLS, but a place that is passed when libraries have been mapped. */
	bool watch;
	/* Fills ret, which is empty at first, when the implementation is there. */
	void (*find)(const struct image *im, struct finding *ret);
};

#define FINDER(symbol) extern const struct finder symbol;
#include "find/finders.def"
#undef FINDER

/* So much of a file is searched for signs: its holes cost no room on disk, but time. */
#define FINDER_BYTES_MAX (1ull << 30)

/* Calls fn for each implementation that is found, in the order of finders.def. Returns how many of
 * them can be hooked. */
typedef void (*finding_fn)(void *arg, const struct finder *finder, const struct finding *found);
size_t find_all(const struct image *im, finding_fn fn, void *arg);
/* Names in the order of finders.def; NULL past the last. */
const char *finder_name(size_t i);

#endif

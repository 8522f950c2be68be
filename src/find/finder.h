/* SPDX-License-Identifier: MIT */
/* Finders locate the functions of a file that take or return the plaintext of TLS. Each finder
 * looks for one implementation by one method and is a row of finders.def. They are tried in that
 * order; a file may contain several implementations. Pure: they read only the mapped file. */
#ifndef SPY_FIND_FINDER_H
#define SPY_FIND_FINDER_H

#include "find/image.h"
#include "probes/programs.h"

/* One address to hook. */
struct site {
	uint64_t addr;
	enum probe_program prog;
	bool at_return; /* by a uretprobe; never for Go, whose return instructions are sites of
			 * their own */
};

#define SITES_MAX 512

/* The result of one finder. */
struct finding {
	const char *implementation; /* "OpenSSL", "BoringSSL", "rustls" ...; NULL: nothing */
	const char *method;	    /* "symbols", "strings and constants" ... */
	/* In the order of hooking: the entry of a call before its return, so that no return is
	 * captured without its entry. */
	struct site sites[SITES_MAX];
	size_t nsites;
	/* Why the implementation cannot be hooked, as text; there are no sites then. */
	const char *problem;
	/* The file may have more of this implementation: the other finders of the group look, too.
	 */
	bool partial;
};

/* False if there are too many. */
bool finding_add(struct finding *f, uint64_t addr, enum probe_program prog, bool at_return);

#define FINDER_SIGNS_MAX 4

struct finder {
	const char *name;
	/* If a finder of the same group has found all of an implementation, this one is skipped, so
	 * that nothing is hooked twice. */
	const char *group;
	/* The finder finds nothing in a file with none of these strings in loaded bytes or symbol
	 * names. NULL: it is tried on every file. */
	const char *signs[FINDER_SIGNS_MAX];
	/* Implementations with the same functions under the same names; NULL: it has no relatives.
	 * A guess is skipped where a finder of its family that does not guess has found something:
	 * it could only be the same once more, or wrong. */
	const char *family;
	/* Its signs are no proof, as names would be. The file is detached if the captured data is
	 * not plaintext (http/traffic_class.h). */
	bool guess;
	/* Finds no TLS, but a function that is called when libraries have been mapped. */
	bool watch;
	/* Fills ret, which is empty, if the implementation is there. */
	void (*find)(const struct image *im, struct finding *ret);
};

#define FINDER(symbol) extern const struct finder symbol;
#include "find/finders.def"
#undef FINDER

/* How much of a file is searched for signs: holes take no room on disk, but time to read. */
#define FINDER_BYTES_MAX (1ull << 30)

/* Calls fn for each implementation found, in the order of finders.def. Returns how many can be
 * hooked. */
typedef void (*finding_fn)(void *arg, const struct finder *finder, const struct finding *found);
size_t find_all(const struct image *im, finding_fn fn, void *arg);
/* Names in the order of finders.def; NULL after the last. */
const char *finder_name(size_t i);

#endif

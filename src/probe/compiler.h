/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* From source text to loaded programs, in processes of their own:
 *
 *   tracer
 *     |  orders, each with a socket of its own
 *   zygote       One. Started while the tracer has one thread: it forks where the tracer, with
 *     |          its threads, could not. Ends when the tracer does.
 *   supervisor   One for each order. Writes the builtin headers and removes them, says how its
 *     |          compiler died, and kills it when nobody waits for the answer any more.
 *   compiler     Loads libbcc, compiles, loads, hands the descriptors over, and ends.
 *
 * What passes on the socket of an order:
 *
 *   compiler -> tracer   its process number
 *   tracer -> compiler   struct compiler_maps and descriptors: the maps that are there already,
 *                        as soon as they are
 *   compiler -> tracer   struct compiler_report and descriptors: programs, then maps
 */
/* clang-format on */
#ifndef SPY_PROBE_COMPILER_H
#define SPY_PROBE_COMPILER_H

#include <limits.h>

#include "probe/compile.h"

#define COMPILER_PREAMBLE (96u << 10)
#define MAP_NAME_LEN	  32
#define MAPS_MAX	  64 /* of all groups together */

extern const char compiler_libbcc[]; /* name of the library */

struct compiler_order {
	enum probe_group group;
	bool wanted[PROG_COUNT]; /* of its programs */
	bool multi;
	bool background;    /* at a low priority */
	bool builtin;	    /* kernel headers: those that we bring */
	char dir[PATH_MAX]; /* else this tree; "": libbcc looks for the running kernel's by itself
			     */
	char preamble[COMPILER_PREAMBLE];
};

struct compiler_maps {
	size_t count;
	char names[MAPS_MAX][MAP_NAME_LEN];
};

struct compiler_report {
	int code;	 /* 0, or a negative errno */
	bool uncompiled; /* libbcc could not compile the text: the headers may be to blame */
	char text[320];
	bool have[PROG_COUNT];
	struct compiler_maps maps; /* that the group has and the others have not */
	unsigned compile_ms, load_ms;
	long peak_kb;
};

/* To be called as scanner_start is. Returns the socket for orders, or -errno. The zygote ends when
 * it is closed. */
int compiler_start(void);
/* Returns the socket on which the answer comes, or -errno. output: a file for what libbcc prints.
 */
int compiler_order(int zygote, const struct compiler_order *o, int output);

#endif

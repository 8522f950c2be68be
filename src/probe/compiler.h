/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* From source text to loaded programs, in processes of their own:
 *
 *   tracer
 *     |  orders, each with a socket of its own
 *   zygote       One. Started while the tracer has one thread: it forks where the tracer, with
 *     |          its threads, could not. Ends when the tracer does.
 *   supervisor   One for each order. Loads what was compiled before and kept on disk, hands the
 *     |          descriptors over, and ends. Else it waits for the maps of the group before it, then
 *     |          until no other compiles, for memory's sake; writes the builtin headers and removes
 *     |          them; says how its compiler died, and kills it when nobody waits for the answer any
 *     |          more.
 *   compiler     Loads libbcc, compiles, loads, keeps what it compiled, hands the descriptors
 *                over, and ends.
 *
 * What passes on the socket of an order; "compiler" stands for either:
 *
 *   compiler -> tracer   struct compiler_news, each time when another process works at it
 *   tracer -> compiler   struct compiler_maps and descriptors: the maps that are there already,
 *                        as soon as they are
 *   compiler -> tracer   struct compiler_report and descriptors: programs, then maps
 */
/* clang-format on */
#ifndef SPY_PROBE_COMPILER_H
#define SPY_PROBE_COMPILER_H

#include <limits.h>

#include "probe/bytecode.h"
#include "probe/compile.h"

#define COMPILER_PREAMBLE (96u << 10)

extern const char compiler_libbcc[]; /* name of the library */

struct compiler_order {
	enum probe_group group;
	bool wanted[PROG_COUNT]; /* of its programs */
	bool multi;
	bool background;		  /* at a low priority */
	bool keep;			  /* what was compiled may be on disk, or put there */
	uint32_t values[BYTECODE_VALUES]; /* of this run */
	uint32_t nvalues;
	bool builtin;	    /* kernel headers: those that we bring */
	char dir[PATH_MAX]; /* else this tree; "": libbcc looks for the running kernel's by itself
			     */
	char preamble[COMPILER_PREAMBLE];
};

struct compiler_maps {
	size_t count;
	char names[MAPS_MAX][MAP_NAME_LEN];
};

struct compiler_news {
	pid_t pid;
	bool compiles; /* false: it was compiled before */
};

struct compiler_report {
	int code;	 /* 0, or a negative errno */
	bool uncompiled; /* libbcc could not compile the text: the headers may be to blame */
	char text[320];
	bool have[PROG_COUNT];
	struct compiler_maps maps; /* that the group has and the others have not */
	bool kept;		   /* it was on disk */
	char note[160];		   /* why it was not, and why it is not now; "" */
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

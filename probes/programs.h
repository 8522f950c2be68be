/* SPDX-License-Identifier: MIT */
/* The probe's programs by number, and the groups in which they are compiled; programs.def has the
 * rows. */
#ifndef SPY_PROBES_PROGRAMS_H
#define SPY_PROBES_PROGRAMS_H

enum probe_group {
#define GROUP(name, after) GROUP_##name,
#include "probes/programs.def"
	GROUP_COUNT
};

enum probe_program {
#define PROGRAM(id, function, group, kind) id,
#include "probes/programs.def"
	PROG_COUNT
};

#endif

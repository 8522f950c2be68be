/* SPDX-License-Identifier: MIT */
/* What people call a program that an interpreter runs: "agent.py" instead of "python3.11",
 * "gemini" instead of "node". Pure. */
#ifndef SPY_CAPTURE_SCRIPT_NAME_H
#define SPY_CAPTURE_SCRIPT_NAME_H

#include "base/span.h"

struct command_line {
	struct span exe;   /* path of the executable; may be empty */
	struct span args;  /* argv, argv[0] too */
	uint8_t separator; /* of args: NUL, or a blank where no more is known */
	struct span cwd;   /* working directory, for a script without one; may be empty */
};

/* Borrowed from one of the members. Empty: the file name of the executable says it, or nothing
 * says what runs (a shell without a script, code in an argument). */
struct span script_name(const struct command_line *c);

/* Whether a person may mean that script by `word`: its name, or its name without an ending. */
bool script_is(struct span script, struct span word);

#endif

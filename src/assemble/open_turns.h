/* SPDX-License-Identifier: MIT */
/* Calls under way on one WebSocket, and which of them a message belongs to. */
#ifndef SPY_ASSEMBLE_OPEN_TURNS_H
#define SPY_ASSEMBLE_OPEN_TURNS_H

#include "assemble/assembly.h"

/* More than a program has under way at once on one connection; the oldest gives way. */
#define OPEN_MAX 32

struct open_turn {
	struct assembly *k;
	char *key;   /* by which its messages name it; NULL: not told yet */
	char *alias; /* another name; NULL likewise */
	bool paused; /* its answer is over */
};

/* The oldest first. A pointer to one is valid until one is removed. */
struct open_turns {
	struct open_turn list[OPEN_MAX];
	size_t count;
};

/* There are fewer than OPEN_MAX. */
struct open_turn *open_turns_add(struct open_turns *s, struct assembly *k, struct span key);
void open_turns_remove(struct open_turns *s, const struct assembly *k);

/* Each of these is NULL where there is none. */

/* Of that name, or else of that other name, which it has from now on. A name that is new is that of
 * the oldest that has none yet; without a name it is the latest that is not over, best one that
 * nothing names. */
struct open_turn *open_turn_of(struct open_turns *s, struct span key, struct span alias);
struct open_turn *open_turn_paused(struct open_turns *s);
/* The oldest whose answer has not begun. */
struct open_turn *open_turn_unanswered(struct open_turns *s);
/* That a note is about. */
struct open_turn *open_turn_noted(struct open_turns *s);

#endif

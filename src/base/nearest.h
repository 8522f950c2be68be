/* SPDX-License-Identifier: MIT */
/* The word that a mistyped one was meant to be. */
#ifndef SPY_BASE_NEAREST_H
#define SPY_BASE_NEAREST_H

struct nearest {
	const char *word;
	const char *best;  /* of those tried; NULL: none is near */
	unsigned distance; /* of `best` */
};

void nearest_init(struct nearest *n, const char *word);
/* `candidate` has to outlive the search. It is near if it begins with the word, or if one letter in
 * three, and at least one, has to be added, left out, changed or swapped with its neighbour. */
void nearest_try(struct nearest *n, const char *candidate);

#endif

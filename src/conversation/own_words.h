/* SPDX-License-Identifier: MIT */
/* What a user wrote, told from what the client wrapped around it: reminders, the state of an
 * editor, instructions of a project, output of commands. Pure: the text of one part in, its pieces
 * out. */
#ifndef SPY_CONVERSATION_OWN_WORDS_H
#define SPY_CONVERSATION_OWN_WORDS_H

#include "base/buf.h"

/* Borrowed from the text. */
struct words {
	struct span text; /* without the tags around it, and without blank space at both ends */
	struct span tag;  /* name of the tags: "system-reminder"; empty: there were none */
	bool own;	  /* the user's */
};

/* Takes the next piece, which is not empty, off the front of *rest. False: nothing is left. */
bool own_words_next(struct span *rest, struct words *ret);

/* Appends the first sentence of the user's own words, on one line, at most so many columns, with
 * an ellipsis where it is cut. False: there are none. */
bool own_words_sentence(struct span text, unsigned columns, struct buf *out);

/* Appends as much of a line as fits in so many columns, with an ellipsis where it is cut. */
void own_words_cut(struct span line, unsigned columns, struct buf *out);

/* Appends `s` on one line: each stretch of blank space and characters that are not shown becomes
 * one blank. */
void own_words_line(struct span s, struct buf *out);

#endif

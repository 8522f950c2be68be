/* SPDX-License-Identifier: MIT */
/* What a conversation is about, on one line: the title that the client had a model make, else the
 * first sentence of the user's own. Credentials are masked. Pure. */
#ifndef SPY_CONVERSATION_TITLES_H
#define SPY_CONVERSATION_TITLES_H

#include "conversation/fingerprint.h"

#define TITLE_COLUMNS 120

/* The first sentence that the user wrote; NULL: none. The caller frees it. */
char *title_of_words(const struct exchange *x);

/* The titles that clients had made lately, by their sessions. */
struct titles;
struct titles *titles_new(void);
void titles_free(struct titles *t); /* accepts NULL */
/* The call has ended: keeps its answer if it is a title. */
void titles_answer(struct titles *t, const struct exchange *x);
/* The title of the conversation `id`, which begins with this sentence; NULL: none. Borrowed until
 * the next titles_answer. */
const char *titles_find(const struct titles *t, struct key session, const char *id,
			const char *sentence);

#endif

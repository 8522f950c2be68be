/* SPDX-License-Identifier: MIT */
/* In which records of a book a text was found: what was searched once need not be read again. Of a
 * few texts, those that were used last. Pure. */
#ifndef SPY_VIEW_BOOK_TEXTS_H
#define SPY_VIEW_BOOK_TEXTS_H

#include "select/terms.h"
#include "view/book.h"

/* Texts that one filter may have. */
#define BOOK_TEXTS_MAX 8

struct book_texts;
struct book_texts *book_texts_new(void);
void book_texts_free(struct book_texts *t); /* accepts NULL */

/* Gives a reference to the whole record of this id, or NULL. */
typedef struct exchange *(*book_whole_fn)(void *arg, uint64_t id);
/* Looks for all texts of the terms in the entry's record. One that is not there any more has none.
 */
void book_texts_search(struct book_texts *t, const struct terms *terms, const struct book_entry *e,
		       book_whole_fn fn, void *arg);
/* Whether that was done for the entry that came as `came`. */
bool book_texts_know(struct book_texts *t, const struct terms *terms, uint64_t came);
/* Whether its texts are as the terms want them; false where it is not known. */
bool book_texts_have(struct book_texts *t, const struct terms *terms, uint64_t came);

#endif

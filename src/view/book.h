/* SPDX-License-Identifier: MIT */
/* Every exchange of what was kept, in short: all but its long texts. So lists, sums and filters of
 * a view that stays open need not read the records again. One thread at a time uses a book. */
#ifndef SPY_VIEW_BOOK_H
#define SPY_VIEW_BOOK_H

#include "exchange/exchange.h"

struct book;
struct book *book_new(void);
void book_free(struct book *b); /* accepts NULL */

/* Adds a whole record, whose id is given, which is its own unless another has that. spends: it
 * counts in sums. Past a million entries, the oldest go. */
uint64_t book_add(struct book *b, const struct exchange *x, bool spends);
size_t book_count(const struct book *b);
uint64_t book_dropped(const struct book *b); /* so many went */

/* Parts of an answer that an entry may have: its text, and calls of tools. */
#define BOOK_PARTS 16

/* An entry as a record: of its answer there is how the last text or tool call begins, and the names
 * of the tools; of its request one image where it has any. All is borrowed from the book. */
struct book_entry {
	struct exchange x;
	bool spends;
	uint64_t came; /* from 1, as they came */

	struct api_error error;
	struct choice choice;
	struct message asked;
	struct part parts[BOOK_PARTS], image;
	struct citation citation;
};

/* Fills the entry, by its place in the order of ids. */
const struct exchange *book_get(const struct book *b, size_t at, struct book_entry *ret);
/* Its place; false: there is none of this id. */
bool book_find(const struct book *b, uint64_t id, size_t *ret_at);
/* How many ever came, and which id the came-th has, counted from 1; 0: it came too long ago. */
uint64_t book_came(const struct book *b);
uint64_t book_came_as(const struct book *b, uint64_t came);
uint64_t book_newest(const struct book *b); /* the highest id; 0: none */

#endif

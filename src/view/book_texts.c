/* SPDX-License-Identifier: MIT */
#include "view/book_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "select/search.h"

#define KEPT 16 /* texts */

enum found { UNKNOWN, FOUND, NOT_FOUND };

struct text {
	char *text;
	uint8_t *found; /* enum found, by entry as it came */
	size_t room;
	uint64_t used;
};

struct book_texts {
	struct text items[KEPT];
	uint64_t used;
};

struct book_texts *book_texts_new(void)
{
	return xcalloc(1, sizeof(struct book_texts));
}

static void text_done(struct text *t)
{
	free(t->text);
	free(t->found);
	*t = (struct text){ 0 };
}

void book_texts_free(struct book_texts *t)
{
	for (size_t i = 0; t && i < KEPT; i++)
		text_done(&t->items[i]);
	free(t);
}

static struct text *of(struct book_texts *t, const char *text)
{
	struct text *oldest = &t->items[0];

	for (size_t i = 0; i < KEPT; i++) {
		struct text *item = &t->items[i];

		if (item->text && strcmp(item->text, text) == 0) {
			item->used = ++t->used;
			return item;
		}
		oldest = item->used < oldest->used ? item : oldest;
	}
	text_done(oldest);
	oldest->text = xstrdup(text);
	oldest->used = ++t->used;
	return oldest;
}

static void set(struct text *t, uint64_t came, bool found)
{
	while (t->room <= came) {
		size_t room = t->room ? 2 * t->room : 1024;

		t->found = xrealloc(t->found, room);
		memset(t->found + t->room, UNKNOWN, room - t->room);
		t->room = room;
	}
	t->found[came] = found ? FOUND : NOT_FOUND;
}

static enum found found(const struct text *t, uint64_t came)
{
	return came < t->room ? (enum found)t->found[came] : UNKNOWN;
}

void book_texts_search(struct book_texts *t, const struct terms *terms, const struct book_entry *e,
		       book_whole_fn fn, void *arg)
{
	struct exchange *x = fn(arg, e->x.id);
	const struct needle *n;
	const char *text;
	bool negated;

	for (size_t i = 0; (text = terms_text(terms, i, &n, &negated)); i++)
		set(of(t, text), e->came, x && search_exchange(n, x));
	exchange_unref(x);
}

bool book_texts_know(struct book_texts *t, const struct terms *terms, uint64_t came)
{
	const struct needle *n;
	const char *text;
	bool negated;

	for (size_t i = 0; (text = terms_text(terms, i, &n, &negated)); i++)
		if (found(of(t, text), came) == UNKNOWN)
			return false;
	return true;
}

bool book_texts_have(struct book_texts *t, const struct terms *terms, uint64_t came)
{
	const struct needle *n;
	const char *text;
	bool negated;

	for (size_t i = 0; (text = terms_text(terms, i, &n, &negated)); i++)
		if (found(of(t, text), came) != (negated ? NOT_FOUND : FOUND))
			return false;
	return true;
}

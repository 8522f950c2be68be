/* SPDX-License-Identifier: MIT */
#include "view/words.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#define TEXT_SIZE 1024

struct word {
	uint32_t number;
	char text[];
};

struct words {
	void *by_text; /* of struct word, by tsearch: balanced, whatever strangers send */
	struct word **items;
	size_t count;
};

static int by_text(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return strcmp(x->text, y->text);
}

struct words *words_new(void)
{
	return xcalloc(1, sizeof(struct words));
}

static void leave(void *word)
{
}

void words_free(struct words *w)
{
	if (!w)
		return;
	tdestroy(w->by_text, leave);
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i]);
	free(w->items);
	free(w);
}

uint32_t words_add(struct words *w, const char *text)
{
	struct word *word, **found;
	size_t len;

	if (!text)
		return 0;
	len = strnlen(text, TEXT_SIZE);
	if (len == TEXT_SIZE)
		len = utf8_whole(span_of(text, TEXT_SIZE - 1));
	word = xcalloc(1, sizeof(*word) + len + 1);
	memcpy(word->text, text, len);
	found = tsearch(word, &w->by_text, by_text);
	if (*found != word) {
		free(word);
		return (*found)->number;
	}
	w->items = xgrow(w->items, w->count, sizeof(struct word *));
	w->items[w->count++] = word;
	word->number = (uint32_t)w->count;
	return word->number;
}

const char *words_text(const struct words *w, uint32_t number)
{
	return number ? w->items[number - 1]->text : NULL;
}

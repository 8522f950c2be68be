/* SPDX-License-Identifier: MIT */
#include "view/term_values.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "select/terms.h"

#define VALUES_MAX 20000
/* A stranger's name can be of any length. */
#define VALUE_LEN_MAX 256
/* Values of one record. */
#define OF_ONE_MAX 64

struct term_values {
	const char *word, *part;
	size_t part_len;
	struct term_value **items;
	size_t count;
	void *by_text;
	bool left_out;
};

static int by_text(const void *a, const void *b)
{
	const struct term_value *x = a, *y = b;

	return strcmp(x->text, y->text);
}

struct term_values *term_values_new(const char *word, const char *part)
{
	struct term_values *v;

	if (!terms_has_word(word))
		return NULL;
	v = xcalloc(1, sizeof(*v));
	v->word = word;
	v->part = part;
	v->part_len = strlen(part);
	return v;
}

static void value_free(struct term_value *value)
{
	free((char *)value->text);
	free(value);
}

static void leave(void *value)
{
}

void term_values_free(struct term_values *v)
{
	if (!v)
		return;
	tdestroy(v->by_text, leave);
	for (size_t i = 0; i < v->count; i++)
		value_free(v->items[i]);
	free(v->items);
	free(v);
}

/* Those go that have as few calls as any has. */
static void drop_rarest(struct term_values *v)
{
	size_t fewest = SIZE_MAX, n = 0;

	for (size_t i = 0; i < v->count; i++)
		fewest = v->items[i]->calls < fewest ? v->items[i]->calls : fewest;
	for (size_t i = 0; i < v->count; i++) {
		if (v->items[i]->calls > fewest) {
			v->items[n++] = v->items[i];
			continue;
		}
		tdelete(v->items[i], &v->by_text, by_text);
		value_free(v->items[i]);
	}
	v->count = n;
	v->left_out = true;
}

static void count(struct term_values *v, const char *text, double number)
{
	struct term_value key = { .text = text }, **found = tfind(&key, &v->by_text, by_text);
	struct term_value *value;

	if (found) {
		(*found)->calls++;
		return;
	}
	if (v->count == VALUES_MAX)
		drop_rarest(v);
	value = xcalloc(1, sizeof(*value));
	*value = (struct term_value){ .text = xstrdup(text),
				      .calls = 1,
				      .number = number,
				      .begins = strncasecmp(text, v->part, v->part_len) == 0 };
	v->items = xgrow(v->items, v->count, sizeof(struct term_value *));
	v->items[v->count++] = value;
	tsearch(value, &v->by_text, by_text);
}

/* A name may come twice: of the user who calls, and of the one for whom. */
static bool came_before(const struct term_values *v, const struct exchange *x, const char *text,
			size_t i)
{
	char room[TERMS_VALUE_SIZE];
	double number;

	for (size_t k = 0; k < i; k++)
		if (strcasecmp(terms_value(v->word, x, k, room, &number), text) == 0)
			return true;
	return false;
}

/* Who has a name is known by that. */
static bool is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

void term_values_add(struct term_values *v, const struct exchange *x)
{
	char room[TERMS_VALUE_SIZE];
	const char *text;
	double number;

	for (size_t i = 0; i < OF_ONE_MAX; i++) {
		text = terms_value(v->word, x, i, room, &number);
		if (!text)
			return;
		if (!*text || strnlen(text, VALUE_LEN_MAX) == VALUE_LEN_MAX ||
		    (v->part_len && !terms_is_amount(v->word) && !strcasestr(text, v->part)))
			continue;
		if (!(i > 0 && is_number(text)) && !came_before(v, x, text, i))
			count(v, text, number);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct term_value *const *x = a, *const *y = b;

	return (*x)->number < (*y)->number ? 1 : -((*x)->number > (*y)->number);
}

/* What reaches more reaches less as well. */
static void sum_amounts(struct term_values *v)
{
	size_t calls = 0, n = 0;

	qsort(v->items, v->count, sizeof(struct term_value *), by_number);
	for (size_t i = 0; i < v->count; i++)
		v->items[i]->calls = calls += v->items[i]->calls;
	for (size_t i = 0; i < v->count; i++) {
		if (strstr(v->items[i]->text, v->part))
			v->items[n++] = v->items[i];
		else
			value_free(v->items[i]);
	}
	v->count = n;
}

static int by_calls(const void *a, const void *b)
{
	const struct term_value *const *x = a, *const *y = b;
	size_t long_x = strlen((*x)->text), long_y = strlen((*y)->text);

	if ((*x)->begins != (*y)->begins)
		return (*x)->begins ? -1 : 1;
	if ((*x)->calls != (*y)->calls)
		return (*x)->calls > (*y)->calls ? -1 : 1;
	/* Among equal ones, the higher number and the later day. */
	if (long_x != long_y)
		return long_x > long_y ? -1 : 1;
	return -strcmp((*x)->text, (*y)->text);
}

const struct term_value *const *term_values_sorted(struct term_values *v, size_t *ret_count)
{
	tdestroy(v->by_text, leave);
	v->by_text = NULL;
	if (v->count && terms_is_amount(v->word))
		sum_amounts(v);
	if (v->count)
		qsort(v->items, v->count, sizeof(struct term_value *), by_calls);
	*ret_count = v->count;
	return (const struct term_value *const *)v->items;
}

bool term_values_left_out(const struct term_values *v)
{
	return v->left_out;
}

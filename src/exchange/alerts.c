/* SPDX-License-Identifier: MIT */
#include "exchange/alerts.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/exchange_int.h"

static bool is_same(const struct alert *a, const char *rule, const char *where)
{
	return strcmp(a->rule, rule) == 0 && (a->where == where || string_eq(a->where, where));
}

void alerts_add(struct alerts *a, const char *rule, const char *where)
{
	for (size_t i = 0; i < a->count; i++)
		if (is_same(&a->items[i], rule, where))
			return;
	if (a->count == ALERTS_MAX)
		return;
	a->items = xgrow(a->items, a->count, sizeof(*a->items));
	a->items[a->count++] =
		(struct alert){ .rule = xstrdup(rule), .where = where ? xstrdup(where) : NULL };
}

void alerts_done(struct alerts *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->items[i].rule);
		free(a->items[i].where);
	}
	free(a->items);
	*a = (struct alerts){ 0 };
}

void alerts_copy(struct alerts *a)
{
	struct alerts from = *a;

	*a = (struct alerts){ 0 };
	for (size_t i = 0; i < from.count; i++)
		alerts_add(a, from.items[i].rule, from.items[i].where);
}

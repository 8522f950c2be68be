/* SPDX-License-Identifier: MIT */
#include "top/windows.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cost/price_file.h"

/* Strangers name as many models as they like: past these, each is asked for anew. */
#define KEPT 1024

struct window {
	int64_t tokens;
	char *key; /* provider, a blank, model */
};

struct top_windows {
	struct prices *prices;
	void *kept;
	size_t count;
};

static int by_key(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void window_free(void *arg)
{
	struct window *w = arg;

	free(w->key);
	free(w);
}

struct top_windows *top_windows_new(const char *prices, struct error *reterr)
{
	struct prices *p = price_file_open(prices, reterr);
	struct top_windows *w;

	if (!p)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->prices = p;
	return w;
}

void top_windows_free(struct top_windows *w)
{
	if (!w)
		return;
	tdestroy(w->kept, window_free);
	prices_free(w->prices);
	free(w);
}

static int64_t find(struct top_windows *w, const char *provider, const char *model)
{
	struct window key = { .key = xasprintf("%s %s", provider, model) };
	struct window **found = tfind(&key, &w->kept, by_key), *kept;

	if (found || w->count == KEPT) {
		free(key.key);
		return found ? (*found)->tokens : price_window(w->prices, provider, model);
	}
	kept = xcalloc(1, sizeof(*kept));
	*kept = (struct window){ price_window(w->prices, provider, model), key.key };
	tsearch(kept, &w->kept, by_key);
	w->count++;
	return kept->tokens;
}

int64_t top_window_of(struct top_windows *w, const struct session *r)
{
	int64_t n = w && r->provider && r->model ? find(w, r->provider, r->model) : 0;

	return r->context > n ? 0 : n;
}

/* SPDX-License-Identifier: MIT */
#include "exchange/citations.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exchange/builder.h"

/* Answers in pieces repeat their citations with each: so many of the latest are compared. */
#define COMPARED 64
/* More than any answer has. */
#define CITATIONS_MAX 4096

static bool is_same(const char *s, struct span v)
{
	return span_eq(span_str(s), v);
}

static bool is_there(const struct exchange *x, const struct citation_view *v)
{
	size_t stop = x->ncitations > COMPARED ? x->ncitations - COMPARED : 0;

	for (size_t i = x->ncitations; i > stop; i--) {
		const struct citation *s = &x->citations[i - 1];

		if (is_same(s->url, v->url) && is_same(s->title, v->title) &&
		    is_same(s->text, v->text) && is_same(s->document, v->document) &&
		    s->start == v->start && s->end == v->end)
			return true;
	}
	return false;
}

void answer_citation(struct exchange *x, const struct citation_view *v)
{
	struct citation *s;

	if (!v->url.len && !v->title.len && !v->text.len && !v->document.len)
		return;
	if (is_there(x, v))
		return;
	if (x->ncitations == CITATIONS_MAX) {
		x->response_partial = true;
		return;
	}
	x->citations = xgrow(x->citations, x->ncitations, sizeof(*x->citations));
	s = &x->citations[x->ncitations++];
	*s = (struct citation){ .start = v->start, .end = v->end };
	set_string(&s->url, v->url);
	set_string(&s->title, v->title);
	set_string(&s->text, span_first(v->text, builder_text_max(x)));
	set_string(&s->document, v->document);
}

void answer_search(struct exchange *x, struct span query)
{
	size_t stop = x->nsearches > COMPARED ? x->nsearches - COMPARED : 0;

	for (size_t i = x->nsearches; i > stop; i--)
		if (is_same(x->searches[i - 1], query))
			return;
	if (!query.len || x->nsearches == CITATIONS_MAX)
		return;
	x->searches = xgrow(x->searches, x->nsearches, sizeof(*x->searches));
	x->searches[x->nsearches] = NULL;
	set_string(&x->searches[x->nsearches++], query);
}

void citations_done(struct exchange *x)
{
	for (size_t i = 0; i < x->ncitations; i++) {
		char **const strings[] = { CITATION_STRINGS(&x->citations[i]) };

		for (size_t k = 0; k < sizeof(strings) / sizeof(*strings); k++)
			free(*strings[k]);
	}
	free(x->citations);
	for (size_t i = 0; i < x->nsearches; i++)
		free(x->searches[i]);
	free(x->searches);
}

static void *copy_list(const void *from, size_t n, size_t size)
{
	void *to = n ? xcalloc(n, size) : NULL;

	if (n)
		memcpy(to, from, n * size);
	return to;
}

void citations_copy(struct exchange *x)
{
	x->citations = copy_list(x->citations, x->ncitations, sizeof(*x->citations));
	for (size_t i = 0; i < x->ncitations; i++) {
		char **const strings[] = { CITATION_STRINGS(&x->citations[i]) };

		for (size_t k = 0; k < sizeof(strings) / sizeof(*strings); k++)
			*strings[k] = *strings[k] ? xstrdup(*strings[k]) : NULL;
	}
	x->searches = copy_list(x->searches, x->nsearches, sizeof(*x->searches));
	for (size_t i = 0; i < x->nsearches; i++)
		x->searches[i] = xstrdup(x->searches[i]);
}

void citations_leave(struct exchange *x)
{
	x->citations = NULL;
	x->searches = NULL;
	x->ncitations = x->nsearches = 0;
}

size_t citations_memory(const struct exchange *x)
{
	size_t sum = 2 * x->ncitations * sizeof(*x->citations) + 2 * x->nsearches * sizeof(char *);

	for (size_t i = 0; i < x->ncitations; i++) {
		char **const strings[] = { CITATION_STRINGS(&x->citations[i]) };

		for (size_t k = 0; k < sizeof(strings) / sizeof(*strings); k++)
			sum += *strings[k] ? strlen(*strings[k]) + 32 : 0;
	}
	for (size_t i = 0; i < x->nsearches; i++)
		sum += strlen(x->searches[i]) + 32;
	return sum;
}

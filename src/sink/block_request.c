/* SPDX-License-Identifier: MIT */
/* What is new in the request of a model call. */
#include <stdlib.h>

#include "base/units.h"
#include "base/utf8.h"
#include "conversation/own_words.h"
#include "json/number.h"
#include "json/write.h"
#include "sink/block_int.h"

/* Messages that are shown: so many of the first and of the last. */
#define FIRST_MESSAGES 2
#define LAST_MESSAGES  14
/* Parts of one message, and pieces of a text that the client put together. */
#define PARTS_SHOWN  32
#define WRAPPERS_MAX 8

/* ---- messages ---- */

/* What a client wrapped around the user's words, to be told in one row behind them. */
struct wrappers {
	struct words items[WRAPPERS_MAX];
	size_t count, more;
};

static void add_wrapper(struct wrappers *w, const struct words *piece)
{
	if (w->count == WRAPPERS_MAX)
		w->more++;
	else
		w->items[w->count++] = *piece;
}

/* "+ system-reminder 34 lines"; without a tag, how it begins. */
static void put_wrapper(struct layouter *l, const struct words *piece)
{
	struct span name = piece->tag;
	size_t lines = page_lines(piece->text);
	char text[160];

	if (!name.len)
		name = span_first(piece->text, span_find(piece->text, '\n'));
	name = span_first(name, 40);
	name = span_first(name, utf8_whole(name));
	if (lines == 1 && !piece->tag.len)
		snprintf(text, sizeof(text), "+ %.*s", (int)name.len, (const char *)name.ptr);
	else
		snprintf(text, sizeof(text), "+ %.*s %s line%s", (int)name.len,
			 (const char *)name.ptr, page_number(lines).text, lines == 1 ? "" : "s");
	page_item(l->p, INK_META, text);
}

static void put_wrappers(struct layouter *l, struct wrappers *w)
{
	struct page *p = l->p;

	if (!w->count)
		return;
	page_row(p, INK_META, "");
	for (size_t i = 0; i < w->count; i++) {
		put_wrapper(l, &w->items[i]);
		if (l->style->full) {
			page_more(p);
			page_text(p, INK_META, w->items[i].text, 0);
			page_more(p);
		}
	}
	if (w->more)
		page_putf(p, INK_META, " %s %zu more", page_sign(p, "·", "|"), w->more);
	*w = (struct wrappers){ .count = 0 };
}

/* The user's own words come first. */
static void user_text(struct layouter *l, const struct part *p, struct wrappers *w)
{
	struct span rest = buf_span(&p->text);
	struct words piece;

	while (own_words_next(&rest, &piece)) {
		if (!piece.own) {
			add_wrapper(w, &piece);
			continue;
		}
		page_row(l->p, INK_USER, "user");
		page_text(l->p, INK_USER, piece.text, block_rows(l, TEXT_USER));
	}
}

static void user_message(struct layouter *l, const struct message *m, struct wrappers *w)
{
	for (size_t i = 0; i < m->nparts; i++) {
		if (i == PARTS_SHOWN && !l->style->full) {
			page_more(l->p);
			page_putf(l->p, INK_META, "%s %zu parts more", page_sign(l->p, "…", "..."),
				  m->nparts - i);
			return;
		}
		if (m->parts[i].kind == PART_TEXT)
			user_text(l, &m->parts[i], w);
		else
			block_part(l, &m->parts[i], i ? "" : "user", INK_USER, TEXT_USER);
	}
}

/* An answer that a request tells: what the last one said is left out. */
static void answer_message(struct layouter *l, const struct message *m)
{
	for (size_t i = 0; i < m->nparts && i < PARTS_SHOWN; i++) {
		const struct part *p = &m->parts[i];

		if (!l->style->full && history_is_echo(l->block->history, &l->news, p))
			continue;
		block_part(l, p, "said", INK_META, TEXT_THINK);
	}
}

/* One that stands among the others: what a client tells the model on the way. */
static void system_message(struct layouter *l, const struct message *m)
{
	for (size_t i = 0; i < m->nparts && i < PARTS_SHOWN; i++) {
		page_row(l->p, INK_META, "sys");
		page_text(l->p, INK_PLAIN, buf_span(&m->parts[i].text), block_rows(l, TEXT_SYSTEM));
	}
}

static bool is_result(const struct message *m)
{
	return m->role && (strcmp(m->role, "tool") == 0 || strcmp(m->role, "function") == 0);
}

static void message(struct layouter *l, const struct message *m, struct wrappers *w)
{
	if (history_is_answer(m)) {
		put_wrappers(l, w);
		answer_message(l, m);
	} else if (history_is_system(m)) {
		put_wrappers(l, w);
		system_message(l, m);
	} else if (is_result(m)) {
		for (size_t i = 0; i < m->nparts && i < PARTS_SHOWN; i++)
			block_part(l, &m->parts[i], "res", INK_PLAIN, TEXT_RESULT);
	} else {
		user_message(l, m, w);
	}
}

/* Where messages begin that were not asked before: behind the last answer. */
static size_t last_question(const struct exchange *x, size_t first)
{
	size_t at = x->nmessages;

	while (at > first && !history_is_answer(&x->messages[at - 1]))
		at--;
	return at;
}

static void put_skipped(struct layouter *l, size_t n, const char *what)
{
	if (!n)
		return;
	page_row(l->p, INK_META, page_sign(l->p, "…", "..."));
	page_putf(l->p, INK_META, "%s %smessage%s", page_number(n).text, what, n == 1 ? "" : "s");
}

static bool is_question(const struct message *m)
{
	return m->role && strcmp(m->role, "user") == 0 && m->nparts &&
	       m->parts[0].kind == PART_TEXT;
}

/* Where the new messages begin; the user's last question is shown if it stands before them. */
static size_t skip_earlier(struct layouter *l, size_t first, struct wrappers *w)
{
	const struct exchange *x = l->x;
	size_t begin = last_question(x, first), at = begin;
	bool asked = begin < x->nmessages && is_question(&x->messages[begin]);

	while (!asked && at > first && !is_question(&x->messages[at - 1]))
		at--;
	if (asked || at == first) {
		put_skipped(l, begin - first, "earlier ");
		return begin;
	}
	put_skipped(l, at - 1 - first, "earlier ");
	message(l, &x->messages[at - 1], w);
	put_wrappers(l, w);
	put_skipped(l, begin - at, "earlier ");
	return begin;
}

static void messages(struct layouter *l)
{
	const struct exchange *x = l->x;
	struct wrappers w = { .count = 0 };
	size_t first = l->news.first, last = x->nmessages, i = first;

	/* One that goes on from where this output has shown nothing, or whose past was edited: what
	 * was asked last. */
	if ((!l->news.known || block_was_edited(x)) && !l->style->full &&
	    last_question(x, first) > first + 1)
		i = first = skip_earlier(l, first, &w);
	for (; i < last; i++) {
		if (!l->style->full && i == first + FIRST_MESSAGES &&
		    last - first > FIRST_MESSAGES + LAST_MESSAGES) {
			put_wrappers(l, &w);
			put_skipped(l, last - LAST_MESSAGES - i, "other ");
			i = last - LAST_MESSAGES;
		}
		message(l, &x->messages[i], &w);
	}
	put_wrappers(l, &w);
	/* The same request once more, of somebody whose first one was not shown here. */
	if (l->news.first == last && last && !l->news.retry_of && !l->news.known)
		message(l, &x->messages[last - 1], &w);
	put_wrappers(l, &w);
}

/* ---- parameters ---- */

/* Columns of one that is a list or an object: clients say much there that is for machines. */
#define NESTED_COLUMNS 24

static bool is_nested(const struct param *p)
{
	return json_is_object(p->value) || json_is_array(p->value);
}

static void put_param(struct layouter *l, const struct param *param, bool first)
{
	bool is_text = json_is_text(param->value);
	char *json = is_text ? NULL : json_write_text(param->value);
	struct span value = span_str(is_text ? json_string_value(param->value) : json);

	if (!first && l->style->full)
		page_more(l->p);
	else if (!first)
		page_put(l->p, INK_META, page_sign(l->p, " · ", " | "));
	page_traffic(l->p, INK_META, span_str(param->name), 40);
	page_put(l->p, INK_META, " ");
	page_traffic(l->p, INK_META, value,
		     l->style->full	? page_room(l->p)
		     : is_nested(param) ? NESTED_COLUMNS
					: 40);
	free(json);
}

/* Those that say nothing about the answer: who asks, what is kept, how it is sent. */
static const char *const bookkeeping[] = {
	"metadata",	    "client_metadata",	 "stream_options", "user",
	"prompt_cache_key", "safety_identifier", "store",	   "include",
};

static bool is_bookkeeping(const struct param *p)
{
	for (size_t i = 0; i < sizeof(bookkeeping) / sizeof(*bookkeeping); i++)
		if (strcmp(p->name, bookkeeping[i]) == 0)
			return true;
	return false;
}

/* In which turn one is shown: simple ones, then lists and objects, then bookkeeping, if at all. */
static int rank_of(const struct param *p)
{
	return is_bookkeeping(p) ? 2 : is_nested(p) ? 1 : 0;
}

/* On one row, unless they are all shown. */
static void params(struct layouter *l)
{
	const struct exchange *x = l->x;
	int ranks = l->style->full ? 3 : 2;
	size_t shown = 0;

	if (!x->nparams || (l->news.same_params && !l->style->full))
		return;
	for (int rank = 0; rank < ranks; rank++)
		for (size_t i = 0; i < x->nparams; i++) {
			if (rank_of(&x->params[i]) != rank)
				continue;
			if (!shown)
				page_row(l->p, INK_META, "with");
			/* The row is full. */
			if (!page_room(l->p) && !l->style->full)
				return;
			put_param(l, &x->params[i], shown++ == 0);
		}
}

void block_request(struct layouter *l)
{
	const struct exchange *x = l->x;

	block_cache(l);
	block_system(l);
	block_edit(l);
	messages(l);
	params(l);
	if (!x->request_partial && (x->request_parsed || !x->request_body.wire))
		return;
	page_row(l->p, INK_WARN, "!");
	if (x->request_partial && x->request_parsed)
		page_put(l->p, INK_WARN, "only the beginning of the request could be read");
	else
		page_putf(l->p, INK_WARN, "the request's body could not be read as %s",
			  x->api ? x->api : "?");
}

/* SPDX-License-Identifier: MIT */
/* A client has a title made by a call of its own, to which it gives what the user wrote: so session
 * and words tell which conversation is meant. Sources: the requests of Claude Code, opencode, Open
 * WebUI and Zed. */
#include "conversation/titles.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "conversation/own_words.h"
#include "json/read.h"
#include "redact/redact_stream.h"

#define KEPT	      64   /* titles */
#define MESSAGES      64   /* that are looked at for the user's words */
#define TEXT_MAX      4096 /* of what the user wrote, or is asked for */
#define BEFORE	      60   /* bytes around the word "title" */
#define AFTER	      20
#define ANSWER_MAX    512
#define SENTENCE_SIZE (4 * TITLE_COLUMNS + 8)

struct title {
	struct key session;
	char by[17]; /* conversation of the call */
	char *text;
	char *words; /* what it was made of */
};

struct titles {
	struct title kept[KEPT];
	size_t next;
};

/* ---- the user's words ---- */

static bool is_user(const struct message *m)
{
	return m->role && (strcmp(m->role, "user") == 0 || strcmp(m->role, "human") == 0);
}

/* One piece of the user's: masked before it is cut, so that no half of a credential is left. */
static bool add_sentence(struct span piece, struct buf *out)
{
	struct buf masked;
	bool any;

	buf_init(&masked, 2 * TEXT_MAX);
	redact_text(span_first(piece, TEXT_MAX), REDACT_TEXT, &masked);
	any = own_words_sentence(buf_span(&masked), TITLE_COLUMNS, out);
	buf_done(&masked);
	return any;
}

static bool add_words(const struct message *m, struct buf *out)
{
	struct words w;

	for (size_t i = 0; i < m->nparts; i++) {
		struct span rest = buf_span(&m->parts[i].text);

		while (m->parts[i].kind == PART_TEXT && own_words_next(&rest, &w))
			if (w.own && add_sentence(w.text, out))
				return true;
	}
	return false;
}

char *title_of_words(const struct exchange *x)
{
	struct buf out;
	bool any = false;
	char *ret;

	buf_init(&out, SENTENCE_SIZE);
	for (size_t i = 0; i < x->nmessages && i < MESSAGES && !any; i++)
		any = is_user(&x->messages[i]) && add_words(&x->messages[i], &out);
	ret = any ? buf_take(&out) : NULL;
	buf_done(&out);
	return ret;
}

/* ---- a client's title ---- */

/* The beginning of a message's text, masked, on one line. */
static void add_line(const struct message *m, struct buf *out)
{
	struct buf masked, line;

	buf_init(&masked, 2 * TEXT_MAX);
	buf_init(&line, TEXT_MAX);
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == PART_TEXT)
			redact_text(span_first(buf_span(&m->parts[i].text), TEXT_MAX), REDACT_TEXT,
				    &masked);
	own_words_line(buf_span(&masked), &line);
	buf_add(out, buf_span(&line));
	buf_done(&masked);
	buf_done(&line);
}

static bool has_word(struct span line, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= line.len; i++)
		if (strncasecmp((const char *)line.ptr + i, word, len) == 0)
			return true;
	return false;
}

/* "Generate a concise, sentence-case title", "You are a title generator". */
static bool asks_for_title(struct span line)
{
	static const struct span word = SPAN_LIT("title");

	for (size_t i = 0; i + word.len <= line.len; i++) {
		size_t first = i > BEFORE ? i - BEFORE : 0;
		struct span near = span_first(span_from(line, first), i - first + AFTER);

		if (span_caseeq(span_first(span_from(line, i), word.len), word) &&
		    (has_word(near, "generat") || has_word(near, "concise") ||
		     has_word(near, "extract") || has_word(near, "short")))
			return true;
	}
	return false;
}

static bool is_title_call(const struct exchange *x, struct span words)
{
	struct buf line;
	bool is;

	if (x->kind != EXCHANGE_LLM || x->ntools || x->nchoices != 1 || x->error)
		return false;
	buf_init(&line, TEXT_MAX);
	add_line(&x->system, &line);
	if (x->nmessages && !is_user(&x->messages[0]))
		add_line(&x->messages[0], &line);
	is = asks_for_title(line.len ? buf_span(&line) : words);
	buf_done(&line);
	return is;
}

/* {"title": "..."}, also within a fence, or the title alone. */
static void read_title(struct span answer, struct buf *out)
{
	struct span object = span_from(answer, span_find(answer, '{'));
	bool partial;
	json_t *v = object.len ? json_read(NULL, object, &partial) : NULL;
	const json_t *title = json_object_get(v, "title");

	if (json_is_string(title))
		answer = span_of(json_string_value(title), json_string_length(title));
	else if (v || span_find(answer, '\n') < answer.len)
		answer.len = 0;
	while (answer.len && strchr("\"* #", answer.ptr[0]))
		answer = span_from(answer, 1);
	while (answer.len && strchr("\"* \n", answer.ptr[answer.len - 1]))
		answer.len--;
	own_words_line(answer, out);
	json_decref(v);
}

static char *title_of_answer(const struct message *m)
{
	struct buf text, line;
	char *ret = NULL;

	buf_init(&text, ANSWER_MAX);
	buf_init(&line, SENTENCE_SIZE);
	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == PART_TEXT)
			redact_text(buf_span(&m->parts[i].text), REDACT_TEXT, &text);
	if (!text.full)
		read_title(buf_span(&text), &line);
	if (line.len) {
		buf_reset(&text);
		own_words_cut(buf_span(&line), TITLE_COLUMNS, &text);
		ret = buf_take(&text);
	}
	buf_done(&text);
	buf_done(&line);
	return ret;
}

/* ---- those that are kept ---- */

struct titles *titles_new(void)
{
	return xcalloc(1, sizeof(struct titles));
}

static void drop(struct title *t)
{
	free(t->text);
	free(t->words);
	*t = (struct title){ .text = NULL };
}

void titles_free(struct titles *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < KEPT; i++)
		drop(&t->kept[i]);
	free(t);
}

void titles_answer(struct titles *t, const struct exchange *x)
{
	struct key session = key_of_session(x);
	char *text = NULL;
	struct buf words;

	if (!key_any(session) || !x->nmessages)
		return;
	buf_init(&words, TEXT_MAX);
	for (size_t i = 0; i < x->nmessages && i < MESSAGES; i++)
		if (is_user(&x->messages[i]))
			add_line(&x->messages[i], &words);
	if (is_title_call(x, buf_span(&words)))
		text = title_of_answer(&x->choices[0].msg);
	if (text) {
		drop(&t->kept[t->next]);
		t->kept[t->next] = (struct title){ .session = session, .text = text };
		t->kept[t->next].words = buf_take(&words);
		memcpy(t->kept[t->next].by, x->conversation.id, sizeof(x->conversation.id));
		t->next = (t->next + 1) % KEPT;
	}
	buf_done(&words);
}

/* A sentence that was cut ends in an ellipsis, which nobody wrote. */
static bool is_made_of(const struct title *t, const char *sentence)
{
	static const struct span cut = SPAN_LIT("\u2026");
	struct span s = span_str(sentence);

	if (span_ends(s, cut))
		s.len -= cut.len;
	return s.len && memmem(t->words, strlen(t->words), s.ptr, s.len);
}

const char *titles_find(const struct titles *t, struct key session, const char *id,
			const char *sentence)
{
	for (size_t i = 1; i <= KEPT && sentence && key_any(session); i++) {
		const struct title *k = &t->kept[(t->next + KEPT - i) % KEPT];

		if (k->text && key_eq(k->session, session) && strcmp(k->by, id) != 0 &&
		    is_made_of(k, sentence))
			return k->text;
	}
	return NULL;
}

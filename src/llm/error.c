/* SPDX-License-Identifier: MIT */
#include "llm/error.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "json/number.h"
#include "json/text.h"
#include "json/write.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Of a page's text. */
#define WORDS_MAX 300

/* A message that is no text (lists of validation problems and the like) is its JSON. */
static void set_error(struct exchange *x, const json_t *type, const json_t *code,
		      const json_t *message)
{
	AUTO_FREE char *text = NULL;
	json_t *s;

	if (!message || json_is_null(message) || json_is_text(message)) {
		answer_error(x, type, code, message);
		return;
	}
	text = json_write_text(message);
	s = json_from_bytes(span_str(text));
	answer_error(x, type, code, s);
	json_decref(s);
}

/* The first of these members that is there. */
static const json_t *first_of(const json_t *v, const char *const *names)
{
	for (; *names; names++)
		if (json_has(v, *names))
			return json_object_get(v, *names);
	return NULL;
}

/* So deep do some wrap a message. */
#define WRAPS_MAX 3

static const json_t *message_of(const json_t *v)
{
	static const char *const names[] = { "message", "msg",	      "faultstring",  "detail",
					     "details", "status_msg", "errorMessage", "error_msg",
					     "reason",	NULL };

	const json_t *m = first_of(v, names), *inner;

	for (int i = 0; i < WRAPS_MAX && json_is_object(m); i++) {
		inner = first_of(m, names);
		if (!inner)
			inner = json_object_get(m, "error");
		m = inner ? inner : m;
	}
	return m;
}

static const json_t *code_of(const json_t *v)
{
	static const char *const names[] = { "code",	   "status_code", "errorCode",
					     "error_code", "errorcode",	  NULL };
	const json_t *code = first_of(v, names);

	return code ? code : first_of(json_object_get(v, "detail"), names);
}

static void read_object(struct exchange *x, const json_t *e)
{
	const json_t *type = json_object_get(e, "type");

	if (!json_is_text(type))
		type = json_object_get(e, "status");
	set_error(x, json_is_text(type) ? type : NULL, code_of(e), message_of(e));
}

/* A code of success, in whatever form. */
static bool is_fine(const json_t *code)
{
	double n = json_number_double(code);
	struct span word = json_span(code);

	if (json_number_is(code))
		return n == 0 || (n >= 200 && n < 300);
	return !word.len || span_caseeq(word, SPAN_LIT("ok")) ||
	       span_caseeq(word, SPAN_LIT("success")) || span_eq(word, SPAN_LIT("0")) ||
	       span_eq(word, SPAN_LIT("200"));
}

/* {"errors": [...]}, or such a list in an object. */
static const json_t *error_list(const json_t *body)
{
	const json_t *list = json_object_get(body, "errors");

	return json_has(list, "data") ? json_object_get(list, "data") : list;
}

/* Without a status that says so, it takes a body that does. */
static bool says_failure(const json_t *body)
{
	if (json_is_false(json_object_get(body, "success")) ||
	    json_is_true(json_object_get(body, "error")) || json_is(body, "object", "error") ||
	    json_is(body, "type", "error"))
		return true;
	/* Mistral's conversations: "conversation.response.error" */
	if (span_ends(json_text(body, "type"), SPAN_LIT(".error")) && json_has(body, "message"))
		return true;
	if (json_array_size(error_list(body)) && !json_has(body, "data"))
		return true;
	/* Baidu, Databricks */
	if (json_has(body, "error_code") &&
	    (json_has(body, "error_msg") || json_has(body, "message")))
		return !is_fine(json_object_get(body, "error_code"));
	/* FastAPI's, passed on by who answers with 200. */
	if (json_has(body, "detail") && json_object_size(body) == 1)
		return true;
	return json_has(body, "code") && json_has(body, "msg") &&
	       !is_fine(json_object_get(body, "code"));
}

bool answer_error_of(struct exchange *x, const json_t *body)
{
	const json_t *e, *list, *base;

	if (json_is_array(body))
		body = json_array_get(body, 0);
	e = json_object_get(body, json_has(body, "fault") ? "fault" : "error"); /* Apigee's */
	list = error_list(body);
	base = json_object_get(body, "base_resp"); /* MiniMax */
	if (json_is_array(e))
		e = json_array_get(e, 0);
	/* Some send the member with every answer, empty where nothing failed. */
	if (json_is_empty(e))
		e = NULL;
	if (json_is_object(e)) {
		read_object(x, e);
		return true;
	}
	if (json_is_text(e)) {
		set_error(x, json_object_get(body, "error_type"), json_object_get(body, "code"), e);
		return true;
	}
	if (json_has(base, "status_code") && !is_fine(json_object_get(base, "status_code"))) {
		read_object(x, base);
		return true;
	}
	if (x->status < 400 && !says_failure(body))
		return false;
	/* By the names of members that are wrong, or as a text. */
	e = json_is_array(list) ? json_array_get(list, 0) : list;
	if (json_is_object(e) && (e != list || message_of(e)))
		read_object(x, e);
	else if (e)
		set_error(x, NULL, NULL, e);
	else if (message_of(body))
		read_object(x, body);
	else
		return false;
	return true;
}

bool answer_error_event(struct exchange *x, struct span name, const json_t *data)
{
	if (answer_error_of(x, data))
		return true;
	if (!span_caseeq(name, SPAN_LIT("error")) || !message_of(data))
		return false;
	read_object(x, data);
	return true;
}

/* ---- text ---- */

/* Copies text without marks of HTML, blanks joined. */
static void words_of(struct span s, struct buf *out)
{
	bool blank = false;

	while (s.len && out->len < WORDS_MAX) {
		uint8_t b = s.ptr[0];

		if (b == '<') {
			s = span_from(s, span_find(s, '>') + 1);
			blank = true;
			continue;
		}
		if (b > ' ') {
			if (blank && out->len)
				buf_addc(out, ' ');
			buf_addc(out, (char)b);
		}
		blank = b <= ' ';
		s = span_from(s, 1);
	}
}

static struct span title_of(struct span s)
{
	const char *at = memmem(s.ptr, s.len, "<title", 6), *end;
	struct span rest;

	if (!at)
		return span_of(NULL, 0);
	rest = span_from(s, (size_t)((const uint8_t *)at - s.ptr));
	rest = span_from(rest, span_find(rest, '>') + 1);
	end = rest.len ? memmem(rest.ptr, rest.len, "</title", 7) : NULL;
	return end ? span_first(rest, (size_t)((const uint8_t *)end - rest.ptr)) : rest;
}

void answer_error_text(struct exchange *x, struct span text)
{
	struct span title = text.len ? title_of(text) : text;
	struct buf words;
	json_t *s;

	/* A string of JSON. */
	if (text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = span_from(span_first(text, text.len - 1), 1);
	buf_init(&words, WORDS_MAX + 8);
	words_of(title.len ? title : text, &words);
	if (words.len) {
		s = json_from_bytes(buf_span(&words));
		answer_error(x, NULL, NULL, s);
		json_decref(s);
	}
	buf_done(&words);
}

/* SPDX-License-Identifier: MIT */
/* Whether a filter is one, while it is typed. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include "base/clock.h"
#include "base/utf8.h"
#include "select/terms.h"
#include "web/call_json.h"

/* As scripts in a page count: units of UTF-16. */
static size_t units(const char *text, size_t bytes)
{
	struct span s = span_of(text, bytes);
	size_t n = 0;

	while (s.len) {
		uint32_t code = 0;
		size_t len = utf8_next(s, &code);

		n += code > 0xffff ? 2 : 1;
		s = span_from(s, len ? len : 1);
	}
	return n;
}

static json_t *words(void)
{
	json_t *list = json_array();

	for (size_t i = 0; terms_word(i); i++)
		json_array_append_new(list, json_string(terms_word(i)));
	json_array_append_new(list, json_string("has"));
	return list;
}

int api_check(struct request *r, struct error *reterr)
{
	const char *text = request_text(r, "q");
	json_t *o = json_object();
	struct terms *t = NULL;
	struct error e = { 0 };
	size_t at = 0;
	int err = terms_read(&t, text ? text : "", wall_ns() / 1000000000, &at, &e);

	json_object_set_new(o, "ok", json_boolean(!err));
	if (err) {
		json_object_set_new(o, "error", web_name(e.text));
		json_object_set_new(o, "at", json_integer((json_int_t)units(text, at)));
	} else {
		json_object_set_new(o, "texts", json_integer((json_int_t)terms_texts(t)));
	}
	json_object_set_new(o, "words", words());
	terms_free(t);
	answer_json(r, o);
	return 0;
}

#endif

/* SPDX-License-Identifier: MIT */
#include "sink/live_match.h"

#include <ctype.h>

static bool starts(struct span s, struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (tolower(s.ptr[i]) != tolower(word.ptr[i]))
			return false;
	return true;
}

static bool is_in(struct span s, struct span word)
{
	for (; s.len >= word.len; s = span_from(s, 1))
		if (starts(s, word))
			return true;
	return false;
}

static bool text_has(const char *text, struct span word)
{
	return text && is_in(span_str(text), word);
}

static bool message_has(const struct message *m, struct span word)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (is_in(buf_span(&m->parts[i].text), word) || text_has(m->parts[i].name, word))
			return true;
	return false;
}

static bool error_has(const struct api_error *e, struct span word)
{
	return e &&
	       (text_has(e->message, word) || text_has(e->code, word) || text_has(e->type, word));
}

bool live_match(const struct exchange *x, const char *text)
{
	struct span word = span_str(text);
	const char *names[] = { exchange_program(x), x->process, x->model_asked,
				x->model_answered,   x->host,	 x->rpc_name,
				x->rpc_method };
	size_t old = x->conversation.repeated_from + x->conversation.repeated;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (text_has(names[i], word))
			return true;
	for (size_t i = old; i < x->nmessages; i++)
		if (message_has(&x->messages[i], word))
			return true;
	for (size_t i = 0; i < x->nchoices; i++)
		if (message_has(&x->choices[i].msg, word))
			return true;
	return error_has(x->error, word);
}

/* SPDX-License-Identifier: MIT */
#include "llm/speech.h"

#include "base/xalloc.h"
#include "json/text.h"
#include "llm/json.h"

#define NAME_MAX_LEN 64

static void read_pair(struct exchange *x, struct span pair)
{
	size_t at = span_find(pair, '=');
	struct span name = span_first(pair, at), value = span_from(pair, at + 1);
	char text[NAME_MAX_LEN];
	json_t *v;

	if (!name.len || name.len >= sizeof(text) || at == pair.len)
		return;
	if (span_eq(name, SPAN_LIT("model"))) {
		set_string(&x->model_asked, value);
		return;
	}
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	v = json_from_bytes(value);
	request_param(x, text, v);
	json_decref(v);
}

void speech_query(struct exchange *x)
{
	struct span target = span_str(x->target);
	struct span query = span_from(target, span_find(target, '?') + 1);

	while (query.len) {
		struct span pair = span_first(query, span_find(query, '&'));

		read_pair(x, pair);
		query = span_from(query, pair.len + 1);
	}
}

static void add_piece(struct part *p, struct speech_audio *a, struct span base64)
{
	if (!a->begun)
		sha256_init(&a->sha);
	a->begun = true;
	part_base64_more(p, &a->sha, base64);
}

void speech_sent(struct exchange *x, struct speech_audio *a, struct span base64)
{
	if (!a->begun)
		message_part(x, request_message(x, SPAN_LIT("user")), PART_AUDIO);
	add_piece(&x->messages[x->nmessages - 1].parts[0], a, base64);
}

void speech_made(struct exchange *x, struct speech_audio *a, struct span base64)
{
	add_piece(answer_part(x, 0, PART_AUDIO, 0), a, base64);
}

void speech_heard(struct exchange *x, int *stretch, struct span text, bool is_final)
{
	if (text.len)
		answer_whole(x, 0, answer_part(x, 0, PART_TEXT, *stretch), text);
	if (is_final && *stretch < ANSWER_PARTS_MAX - 1)
		++*stretch;
}

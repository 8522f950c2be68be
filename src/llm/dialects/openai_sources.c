/* SPDX-License-Identifier: MIT */
/* Sources of answers in OpenAI's formats, and in those of who adds to them. */
#include "exchange/citations.h"
#include "exchange/redact.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"

/* Some wrap it in a member of its type. */
static const json_t *unwrapped(const json_t *v)
{
	struct span type = json_text(v, "type");
	const json_t *inner =
		json_object_get(v, type.len ? (const char *)type.ptr : "url_citation");

	return json_is_object(inner) ? inner : v;
}

/* Where it is: in itself or beside the wrapped one. */
static int64_t place_of(const json_t *v, const json_t *a, const char *name)
{
	int64_t n = json_count(a, name);

	return n == COUNT_UNKNOWN ? json_count(v, name) : n;
}

/* OpenRouter's: a file of the prompt, as it was read. */
static void answer_file(struct exchange *x, const json_t *v)
{
	struct part *p = answer_part(x, 0, PART_FILE, 0);

	set_json(&p->name, json_object_get(v, "name"));
	redact_part_reset(p);
	openai_answer_result(x, 1, p, json_object_get(v, "content"));
}

void openai_annotation(struct exchange *x, const json_t *v)
{
	const json_t *a = unwrapped(v);
	struct span title = json_text(a, "title"), file = json_text(a, "file_id");
	int64_t start = place_of(v, a, "start_index");

	if (json_has(a, "content") && json_has(a, "name")) {
		answer_file(x, a);
		return;
	}

	answer_citation(x, &(struct citation_view){
				   .url = json_text(a, "url"),
				   .title = title.len ? title : json_text(a, "filename"),
				   .text = json_text(a, "quote"),
				   .document = file,
				   .start = start != COUNT_UNKNOWN ? start : json_count(a, "index"),
				   .end = place_of(v, a, "end_index") });
}

void openai_pages(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span snippet = json_text(v, "snippet");

		answer_citation(x,
				&(struct citation_view){
					.url = json_is_text(v) ? json_span(v) : json_text(v, "url"),
					.title = json_text(v, "title"),
					.text = snippet.len ? snippet : json_text(v, "content"),
					.start = COUNT_UNKNOWN,
					.end = COUNT_UNKNOWN });
	}
}

/* Beside the choices: Perplexity's pages, with titles or as bare URLs; Venice's in its own member.
 */
void openai_search_results(struct exchange *x, const json_t *body)
{
	const json_t *pages = json_object_get(body, "search_results");

	if (!pages)
		pages = json_at2(body, "venice_parameters", "web_search_citations");
	if (!pages)
		pages = json_object_get(body, "citations");
	openai_pages(x, pages);
}

void openai_annotations(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		openai_annotation(x, v);
}

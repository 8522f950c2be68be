/* SPDX-License-Identifier: MIT */
/* Sources of answers in OpenAI's formats, and in those of who adds to them. */
#include "exchange/citations.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"

void openai_annotation(struct exchange *x, const json_t *v)
{
	/* Some wrap it in a member of its type. */
	const json_t *a = json_is_object(json_object_get(v, "url_citation"))
				  ? json_object_get(v, "url_citation")
				  : v;
	struct span title = json_text(a, "title"), file = json_text(a, "file_id");

	answer_citation(x, &(struct citation_view){
				   .url = json_text(a, "url"),
				   .title = title.len ? title : json_text(a, "filename"),
				   .text = json_text(a, "quote"),
				   .document = file,
				   .start = json_count(a, json_has(a, "start_index") ? "start_index"
										     : "index"),
				   .end = json_count(a, "end_index") });
}

void openai_pages(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span snippet = json_text(v, "snippet");

		answer_citation(
			x, &(struct citation_view){
				   .url = json_is_string(v) ? json_span(v) : json_text(v, "url"),
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

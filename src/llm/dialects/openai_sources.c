/* SPDX-License-Identifier: MIT */
/* Sources of answers in OpenAI's formats, and in those of who adds to them. */
#include "exchange/citations.h"
#include "exchange/redact.h"
#include "llm/dialects/openai.h"
#include "llm/json.h"
#include "llm/rest.h"

/* Some wrap it in a member of its type. */
static const json_t *unwrapped(const json_t *v)
{
	struct span type = json_text(v, "type");
	const json_t *inner =
		json_object_get(v, type.len ? (const char *)type.ptr : "url_citation");

	if (!inner)
		inner = json_object_get(v, "urlCitation"); /* Oracle's */
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
	static const char *const known[] = { "type", NULL };
	const json_t *a = unwrapped(v);
	struct span title = json_text(a, "title"), quote = json_text(a, "quote");
	int64_t start = place_of(v, a, "start_index");
	struct citation_view c = {
		.url = json_text(a, "url"),
		.title = title.len ? title : json_text(a, "filename"),
		.text = quote.len ? quote : json_text(a, "content"), /* OpenRouter's */
		.document = json_text(a, json_has(a, "file_id") ? "file_id" : "document_id"),
		.start = start != COUNT_UNKNOWN ? start : json_count(a, "index"),
		.end = place_of(v, a, "end_index"),
	};

	if (json_has(a, "content") && json_has(a, "name")) {
		answer_file(x, a);
		return;
	}
	answer_citation(x, &c);
	/* One that names no source in any known way. */
	if (!c.url.len && !c.title.len && !c.text.len && !c.document.len)
		answer_rest(x, 0, v, known);
}

void openai_pages(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v) {
		struct span snippet = json_text(v, "snippet");
		struct span url = json_text(v, json_has(v, "url") ? "url" : "link");

		answer_citation(
			x, &(struct citation_view){
				   .url = json_is_text(v) ? json_span(v) : url,
				   .title = json_text(v, "title"),
				   .text = snippet.len ? snippet : json_text(v, "content"),
				   .document = json_text(v, json_has(v, "filepath") ? "filepath"
										    : "file_id"),
				   .start = COUNT_UNKNOWN,
				   .end = COUNT_UNKNOWN });
	}
}

/* Beside the choices: Perplexity's pages, with titles or as bare URLs; those of Venice, Alibaba and
 * Baidu in a member of their own; Z.ai's. */
void openai_search_results(struct exchange *x, const json_t *body)
{
	const json_t *pages = json_object_get(body, "search_results");

	if (!pages)
		pages = json_at2(body, "venice_parameters", "web_search_citations");
	if (!pages)
		pages = json_at2(body, "search_info", "search_results");
	if (!pages)
		pages = json_object_get(body, "web_search");
	if (!pages)
		pages = json_object_get(body, "citations");
	openai_pages(x, pages);
}

/* In a message: Azure's, of data of one's own, Perplexity's, in the steps of its search, and
 * Writer's. */
void openai_message_sources(struct exchange *x, const json_t *message)
{
	const json_t *graph = json_object_get(message, "graph_data");
	const json_t *web = json_object_get(message, "web_search_data");
	const json_t *step, *search, *word;
	size_t i, k;

	openai_pages(x, json_object_get(graph, "sources"));
	json_each(json_object_get(graph, "subqueries"), i, step)
		answer_search(x, json_text(step, "query"));
	openai_pages(x, json_object_get(web, "sources"));
	answer_search(x, json_text(web, "search_query"));

	openai_pages(x, json_at2(message, "context", "citations"));
	json_each(json_object_get(message, "reasoning_steps"), i, step) {
		search = json_object_get(step, "web_search");
		json_each(json_object_get(search, "search_keywords"), k, word)
			answer_search(x, json_span(word));
		openai_pages(x, json_object_get(search, "search_results"));
	}
}

void openai_annotations(struct exchange *x, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_each(list, i, v)
		openai_annotation(x, v);
}

/* SPDX-License-Identifier: MIT */
/* What an answer of Gemini rests on: ai.google.dev/api/generate-content, GroundingMetadata,
 * CitationMetadata and UrlContextMetadata (read November 2026). */
#include "exchange/citations.h"
#include "llm/dialects/gemini.h"
#include "llm/json.h"
#include "llm/rest.h"

/* More than any answer has; what is past them may be told twice. */
#define CHUNKS_MAX 1024

/* Zero is left out of what Google sends. */
static void read_span(struct citation_view *c, const json_t *v)
{
	usage_count(&c->end, json_either(v, "endIndex", "end_index"));
	if (c->end != COUNT_UNKNOWN)
		c->start = 0;
	usage_count(&c->start, json_either(v, "startIndex", "start_index"));
}

static struct span first_text(const json_t *v, const char *const *names)
{
	while (*names && !json_text(v, *names).len)
		names++;
	return *names ? json_text(v, *names) : span_of(NULL, 0);
}

static const char *const kinds[] = {
	"web", "retrievedContext", "retrieved_context", "maps", "image", NULL
};

/* The object of a chunk that has the source; NULL: none. */
static const json_t *source_of(const json_t *chunk)
{
	const json_t *v = NULL;

	for (size_t i = 0; kinds[i] && !v; i++)
		v = json_object_get(chunk, kinds[i]);
	return v;
}

/* Once of a chunk, which may support several parts of the answer. */
static void chunk_rest(struct exchange *x, int slot, const json_t *chunk, bool cited)
{
	/* Of a chunk that is cited, the text of the answer is told: its own is not yet. */
	static const char *const known[] = { "text",	      "uri",	  "sourceUri",
					     "source_uri",    "title",	  "documentName",
					     "document_name", "placeId",  "place_id",
					     "domain",	      "imageUri", "ragChunk",
					     "rag_chunk",     NULL };
	const json_t *v = source_of(chunk);

	if (!v)
		return;
	answer_rest_of(x, 0, slot, span_of(NULL, 0), chunk, kinds);
	answer_rest_of(x, 0, slot, span_of(NULL, 0), v, known + cited);
}

/* A chunk, and the part of the answer that it supports; NULL: none. */
static void cite_chunk(struct exchange *x, const json_t *chunk, const json_t *segment)
{
	static const char *const urls[] = { "uri", "sourceUri", "source_uri", NULL };
	static const char *const ids[] = { "documentName", "document_name", "placeId", "place_id",
					   NULL };
	struct citation_view c = { .start = COUNT_UNKNOWN, .end = COUNT_UNKNOWN };
	const json_t *v = source_of(chunk);

	if (!v)
		return;
	c.url = first_text(v, urls);
	c.title = json_text(v, "title");
	c.document = first_text(v, ids);
	c.text = json_text(segment ? segment : v, "text");
	read_span(&c, segment);
	answer_citation(x, &c);
}

static void read_chunks(struct exchange *x, const json_t *v)
{
	const json_t *chunks = json_either(v, "groundingChunks", "grounding_chunks");
	const json_t *list = json_either(v, "groundingSupports", "grounding_supports"), *item,
		     *index;
	static const char *const support[] = {
		"segment",	    "groundingChunkIndices", "grounding_chunk_indices",
		"confidenceScores", "confidence_scores",     NULL
	};
	static const char *const segment[] = { "text",	    "startIndex", "start_index", "endIndex",
					       "end_index", "partIndex",  "part_index",	 NULL };
	bool cited[CHUNKS_MAX] = { false };
	size_t i, k, n;

	json_each(list, i, item) {
		answer_rest(x, 0, item, support);
		answer_rest(x, 0, json_object_get(item, "segment"), segment);
		json_each(json_either(item, "groundingChunkIndices", "grounding_chunk_indices"), k,
			  index) {
			n = (size_t)json_integer_value(index);
			cite_chunk(x, json_array_get(chunks, n), json_object_get(item, "segment"));
			if (n < CHUNKS_MAX)
				cited[n] = true;
		}
	}
	json_each(chunks, i, item) {
		if (i >= CHUNKS_MAX || !cited[i])
			cite_chunk(x, item, NULL);
		chunk_rest(x, (int)(i % ANSWER_PARTS_MAX), item, i < CHUNKS_MAX && cited[i]);
	}
}

static void read_grounding(struct exchange *x, unsigned choice, const json_t *v)
{
	static const char *const searches[][2] = {
		{ "webSearchQueries", "web_search_queries" },
		{ "imageSearchQueries", "image_search_queries" },
		{ "retrievalQueries", "retrieval_queries" },
	};
	static const char *const known[] = { "webSearchQueries",
					     "web_search_queries",
					     "imageSearchQueries",
					     "image_search_queries",
					     "retrievalQueries",
					     "retrieval_queries",
					     "groundingChunks",
					     "grounding_chunks",
					     "groundingSupports",
					     "grounding_supports",
					     "searchEntryPoint",
					     "search_entry_point",
					     NULL };
	const json_t *query;
	size_t i;

	for (size_t n = 0; n < sizeof(searches) / sizeof(*searches); n++) {
		const json_t *list = json_either(v, searches[n][0], searches[n][1]);

		answer_search(x, json_span(list));
		json_each(list, i, query)
			answer_search(x, json_span(query));
	}
	read_chunks(x, v);
	answer_rest(x, choice, v, known);
}

static void read_citations(struct exchange *x, const json_t *meta)
{
	static const char *const outer[] = { "citationSources", "citation_sources", "citations",
					     NULL };
	static const char *const known[] = { "uri",	 "title",     "startIndex", "start_index",
					     "endIndex", "end_index", NULL };
	const json_t *list = json_either(meta, "citationSources", "citations"), *v;
	size_t i;

	json_each(list ? list : json_object_get(meta, "citation_sources"), i, v) {
		struct citation_view c = { .url = json_text(v, "uri"),
					   .title = json_text(v, "title"),
					   .start = COUNT_UNKNOWN,
					   .end = COUNT_UNKNOWN };

		read_span(&c, v);
		answer_citation(x, &c);
		answer_rest(x, 0, v, known);
	}
	answer_rest(x, 0, meta, outer);
}

/* What could not be read is no source, and kept as it is. */
static void read_urls(struct exchange *x, unsigned choice, const json_t *meta)
{
	static const char *const outer[] = { "urlMetadata", "url_metadata", NULL };
	static const char *const cited[] = { "retrievedUrl", "retrieved_url", "urlRetrievalStatus",
					     "url_retrieval_status", NULL };
	static const char *const known[] = { "retrievedUrl", "retrieved_url", NULL };
	const json_t *v;
	size_t i;

	json_each(json_either(meta, "urlMetadata", "url_metadata"), i, v) {
		struct span status =
			json_span(json_either(v, "urlRetrievalStatus", "url_retrieval_status"));

		if (status.len && !span_ends(status, SPAN_LIT("_SUCCESS"))) {
			answer_rest_of(x, choice, (int)(i % ANSWER_PARTS_MAX),
				       json_span(json_either(v, "retrievedUrl", "retrieved_url")),
				       v, known);
			continue;
		}
		answer_citation(
			x, &(struct citation_view){ .url = json_span(json_either(v, "retrievedUrl",
										 "retrieved_url")),
						    .start = COUNT_UNKNOWN,
						    .end = COUNT_UNKNOWN });
		answer_rest(x, choice, v, cited);
	}
	answer_rest(x, choice, meta, outer);
}

void gemini_sources(struct exchange *x, unsigned choice, const json_t *v)
{
	read_grounding(x, choice, json_either(v, "groundingMetadata", "grounding_metadata"));
	read_citations(x, json_either(v, "citationMetadata", "citation_metadata"));
	read_urls(x, choice, json_either(v, "urlContextMetadata", "url_context_metadata"));
}

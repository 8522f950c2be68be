/* SPDX-License-Identifier: MIT */
/* What a call costs by its answer as a provider writes it: tiers, calls within the call, kinds of
 * tokens and surcharges. Each row is played through its dialect and billed by a table of the test's
 * own, in which every input token costs 1 dollar a million, cached 0.1, written 2 and 4, output 10,
 * and audio ten times as much. */
#include <math.h>
#include <stdlib.h>

#include "cost/bill.h"
#include "exchange/builder.h"
#include "json/read.h"
#include "llm/detect.h"
#include "tests/unit/tap.h"

static const char table[] =
	"provider\tmodel\tinput\tcached\twrite_5m\twrite_1h\toutput\taudio_in\taudio_out\n"
	"openai|azure|anthropic|gemini|vertex|bedrock|groq|xai|mistral|fireworks\tm*\t1\t0."
	"1\t2\t4\t10\t10\t100\n"
	"anthropic\tadvisor\t5\t0.5\t10\t20\t50\t\t\n"
	"openai\tlong\t1 >200:2\t0.1 >200:0.2\t\t\t10 >200:20\t\t\n";

enum { EXACT, PARTIAL, UNKNOWN };

struct row {
	const char *what, *host, *path, *request, *answer;
	double usd; /* millionths */
	int how;
	const char *header, *value; /* of the answer; NULL: none */
};

#define OPENAI	  "api.openai.com", "/v1/chat/completions"
#define RESPONSES "api.openai.com", "/v1/responses"
#define ANTHROPIC "api.anthropic.com", "/v1/messages"
#define GEMINI	  "generativelanguage.googleapis.com", "/v1beta/models/m:generateContent"
#define VERTEX                                                                                     \
	"aiplatform.googleapis.com",                                                               \
		"/v1/projects/p/locations/global/publishers/google/models/m:generateContent"
#define CONVERSE "bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/converse"
#define INVOKE	 "bedrock-runtime.eu-west-1.amazonaws.com", "/model/m/invoke"

#define ASK "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}"
#define ASK_TIER(tier)                                                                             \
	"{\"model\":\"m\",\"service_tier\":\"" tier                                                \
	"\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}"
#define CHAT(more, usage)                                                                          \
	"{\"object\":\"chat.completion\",\"model\":\"m\"," more                                    \
	"\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","                                    \
	"\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":"   \
	"100,\"completion_tokens\":10,"                                                            \
	"\"total_tokens\":110" usage "}}"
#define CLAUDE(usage)                                                                              \
	"{\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":"     \
	"\"text\",\"text\":\"a\"}],"                                                               \
	"\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":100,\"output_tokens\":10" usage  \
	"}}"
#define CONTENTS "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"q\"}]}]}"
#define CANDIDATE(more, usage)                                                                     \
	"{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]},"         \
	"\"finishReason\":\"STOP\"" more "}],"                                                     \
	"\"usageMetadata\":{\"promptTokenCount\":100,\"candidatesTokenCount\":10,"                 \
	"\"totalTokenCount\":110" usage "}}"
#define TURNS "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"q\"}]}]}"
#define TURN(more)                                                                                 \
	"{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"a\"}]}},"       \
	"\"stopReason\":\"end_turn\"" more ","                                                     \
	"\"usage\":{\"inputTokens\":100,\"outputTokens\":10,\"totalTokens\":110}}"
#define RESPONSE(output, more)                                                                     \
	"{\"object\":\"response\",\"model\":\"m\",\"status\":\"completed\",\"output\":[" output    \
	"{\"type\":\"message\","                                                                   \
	"\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\","            \
	"\"annotations\":[]}]}]," more                                                             \
	"\"usage\":{\"input_tokens\":100,\"output_tokens\":10,\"total_tokens\":110}}"

/* clang-format off */
static const struct row rows[] = {
	/* tiers */
	{ "OpenAI, no tier", OPENAI, ASK, CHAT("", ""), 200, EXACT },
	{ "OpenAI default", OPENAI, ASK, CHAT("\"service_tier\":\"default\",", ""), 200, EXACT },
	{ "OpenAI flex", OPENAI, ASK, CHAT("\"service_tier\":\"flex\",", ""), 100, EXACT },
	{ "OpenAI priority", OPENAI, ASK, CHAT("\"service_tier\":\"priority\",", ""), 200, PARTIAL },
	{ "OpenAI scale", OPENAI, ASK, CHAT("\"service_tier\":\"scale\",", ""), 200, PARTIAL },
	{ "OpenAI batch", OPENAI, ASK, CHAT("\"service_tier\":\"batch\",", ""), 100, EXACT },
	{ "a tier that nobody knows", OPENAI, ASK, CHAT("\"service_tier\":\"turbo\",", ""), 200, PARTIAL },
	{ "OpenAI flex asked for, default granted", OPENAI, ASK_TIER("flex"), CHAT("\"service_tier\":\"default\",", ""), 200, EXACT },
	{ "flex asked for, nothing said", OPENAI, ASK_TIER("flex"), CHAT("", ""), 200, PARTIAL },
	{ "auto asked for, nothing said", OPENAI, ASK_TIER("auto"), CHAT("", ""), 200, EXACT },
	{ "Responses flex", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("", "\"service_tier\":\"flex\","), 100, EXACT },
	{ "Groq on demand", "api.groq.com", "/openai/v1/chat/completions", ASK, CHAT("\"service_tier\":\"on_demand\",", ""), 200, EXACT },
	{ "Groq flex costs the same", "api.groq.com", "/openai/v1/chat/completions", ASK, CHAT("\"service_tier\":\"flex\",", ""), 200, EXACT },
	{ "Groq performance", "api.groq.com", "/openai/v1/chat/completions", ASK, CHAT("\"service_tier\":\"performance\",", ""), 200, PARTIAL },
	{ "xAI priority", "api.x.ai", "/v1/chat/completions", ASK, CHAT("\"service_tier\":\"priority\",", ""), 200, PARTIAL },
	{ "Fireworks priority asked for", "api.fireworks.ai", "/inference/v1/chat/completions", ASK_TIER("priority"), CHAT("", ""), 200, PARTIAL },
	{ "Anthropic standard", ANTHROPIC, ASK, CLAUDE(",\"service_tier\":\"standard\""), 200, EXACT },
	{ "Anthropic priority", ANTHROPIC, ASK, CLAUDE(",\"service_tier\":\"priority\""), 200, PARTIAL },
	{ "Anthropic batch", ANTHROPIC, ASK, CLAUDE(",\"service_tier\":\"batch\""), 100, EXACT },
	{ "Anthropic fast", ANTHROPIC, ASK, CLAUDE(",\"service_tier\":\"standard\",\"speed\":\"fast\""), 200, PARTIAL },
	{ "Anthropic standard only asked for", ANTHROPIC, ASK_TIER("standard_only"), CLAUDE(""), 200, EXACT },
	{ "Gemini flex", GEMINI, CONTENTS, CANDIDATE("", ",\"serviceTier\":\"flex\""), 100, EXACT },
	{ "Gemini standard", GEMINI, CONTENTS, CANDIDATE("", ",\"serviceTier\":\"standard\""), 200, EXACT },
	{ "Gemini priority", GEMINI, CONTENTS, CANDIDATE("", ",\"serviceTier\":\"priority\""), 200, PARTIAL },
	{ "Gemini flex by header", GEMINI, CONTENTS, CANDIDATE("", ""), 100, EXACT, "X-Gemini-Service-Tier", "flex" },
	{ "Vertex on demand", VERTEX, CONTENTS, CANDIDATE("", ",\"trafficType\":\"ON_DEMAND\""), 200, EXACT },
	{ "Vertex flex", VERTEX, CONTENTS, CANDIDATE("", ",\"trafficType\":\"ON_DEMAND_FLEX\""), 100, EXACT },
	{ "Vertex priority", VERTEX, CONTENTS, CANDIDATE("", ",\"trafficType\":\"ON_DEMAND_PRIORITY\""), 200, PARTIAL },
	{ "Vertex provisioned", VERTEX, CONTENTS, CANDIDATE("", ",\"trafficType\":\"PROVISIONED_THROUGHPUT\""), 200, PARTIAL },
	{ "Converse default", CONVERSE, TURNS, TURN(",\"serviceTier\":{\"type\":\"default\"}"), 200, EXACT },
	{ "Converse flex", CONVERSE, TURNS, TURN(",\"serviceTier\":{\"type\":\"flex\"}"), 100, EXACT },
	{ "Converse priority", CONVERSE, TURNS, TURN(",\"serviceTier\":{\"type\":\"priority\"}"), 200, PARTIAL },
	{ "Converse reserved", CONVERSE, TURNS, TURN(",\"serviceTier\":{\"type\":\"reserved\"}"), 200, PARTIAL },
	{ "Converse, less latency", CONVERSE, "{\"performanceConfig\":{\"latency\":\"optimized\"},\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"q\"}]}]}", TURN(""), 200, PARTIAL },
	{ "Converse, usual latency", CONVERSE, "{\"performanceConfig\":{\"latency\":\"standard\"},\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"q\"}]}]}", TURN(""), 200, EXACT },
	{ "InvokeModel flex by header", INVOKE, "{\"anthropic_version\":\"bedrock-2023-05-31\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}", CLAUDE(""), 100, EXACT, "x-amzn-bedrock-service-tier", "flex" },
	/* calls within the call */
	{ "compaction", ANTHROPIC, ASK, CLAUDE(",\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":1000,\"output_tokens\":100},{\"type\":\"message\",\"input_tokens\":100,\"output_tokens\":10}]"), 2200, EXACT },
	{ "an advisor, by its own price", ANTHROPIC, ASK, CLAUDE(",\"iterations\":[{\"type\":\"message\",\"input_tokens\":100,\"output_tokens\":10},{\"type\":\"advisor_message\",\"model\":\"advisor\",\"input_tokens\":100,\"output_tokens\":10}]"), 1200, EXACT },
	{ "an advisor whose price is not known", ANTHROPIC, ASK, CLAUDE(",\"iterations\":[{\"type\":\"advisor_message\",\"model\":\"else\",\"input_tokens\":100,\"output_tokens\":10}]"), 200, PARTIAL },
	{ "an advisor in a batch", ANTHROPIC, ASK, CLAUDE(",\"service_tier\":\"batch\",\"iterations\":[{\"type\":\"advisor_message\",\"model\":\"advisor\",\"input_tokens\":100,\"output_tokens\":10}]"), 600, EXACT },
	{ "compaction that writes a cache for an hour", ANTHROPIC, ASK, CLAUDE(",\"iterations\":[{\"type\":\"compaction\",\"input_tokens\":10,\"cache_creation_input_tokens\":30,\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,\"ephemeral_1h_input_tokens\":20},\"output_tokens\":0}]"), 310, EXACT },
	/* caches */
	{ "read from cache", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"cached_tokens\":40}"), 164, EXACT },
	{ "written for 5 minutes and for an hour", ANTHROPIC, ASK, CLAUDE(",\"cache_read_input_tokens\":50,\"cache_creation_input_tokens\":30,\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,\"ephemeral_1h_input_tokens\":20}"), 305, EXACT },
	/* kinds of tokens */
	{ "audio beside text", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"audio_tokens\":20},\"completion_tokens_details\":{\"audio_tokens\":5}"), 80 + 200 + 50 + 500, EXACT },
	{ "audio beside the prompt", "api.mistral.ai", "/v1/chat/completions", ASK, "{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10,\"total_tokens\":130,\"prompt_tokens_details\":{\"audio_tokens\":20}}}", 100 + 200 + 100, EXACT },
	{ "audio of Gemini", GEMINI, CONTENTS, CANDIDATE("", ",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":80},{\"modality\":\"AUDIO\",\"tokenCount\":20}]"), 80 + 200 + 100, EXACT },
	{ "video of Gemini costs as text", GEMINI, CONTENTS, CANDIDATE("", ",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":80},{\"modality\":\"VIDEO\",\"tokenCount\":20}]"), 200, EXACT },
	{ "cached audio has a price that the table lacks", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"audio_tokens\":20,\"cached_tokens\":30,\"cached_tokens_details\":{\"text_tokens\":25,\"audio_tokens\":5}}"), 55 + 150 + 3 + 100, PARTIAL },
	{ "audio, and text from cache", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"audio_tokens\":20,\"cached_tokens\":30,\"cached_tokens_details\":{\"text_tokens\":30,\"audio_tokens\":0}}"), 50 + 200 + 3 + 100, EXACT },
	{ "audio, and from cache what is not said", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"audio_tokens\":20,\"cached_tokens\":30}"), 50 + 200 + 3 + 100, EXACT },
	{ "audio, and from cache more than all text", OPENAI, ASK, CHAT("", ",\"prompt_tokens_details\":{\"audio_tokens\":20,\"cached_tokens\":90}"), 100 + 9 + 100, PARTIAL },
	{ "cached audio of Gemini", GEMINI, CONTENTS, CANDIDATE("", ",\"cachedContentTokenCount\":30,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":80},{\"modality\":\"AUDIO\",\"tokenCount\":20}],\"cacheTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":5},{\"modality\":\"TEXT\",\"tokenCount\":25}]"), 55 + 150 + 3 + 100, PARTIAL },
	{ "a long prompt", OPENAI, ASK, "{\"object\":\"chat.completion\",\"model\":\"long\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":201,\"completion_tokens\":10,\"total_tokens\":211}}", 602, EXACT },
	/* surcharges */
	{ "a web search", ANTHROPIC, ASK, CLAUDE(",\"server_tool_use\":{\"web_search_requests\":1}"), 200, PARTIAL },
	{ "no web search", ANTHROPIC, ASK, CLAUDE(",\"server_tool_use\":{\"web_search_requests\":0}"), 200, EXACT },
	{ "pages fetched cost only their tokens", ANTHROPIC, ASK, CLAUDE(",\"server_tool_use\":{\"web_search_requests\":0,\"web_fetch_requests\":3}"), 200, EXACT },
	{ "code run by Anthropic", ANTHROPIC, ASK, CLAUDE(",\"server_tool_use\":{\"code_execution_requests\":1}"), 200, PARTIAL },
	{ "inference in the USA", ANTHROPIC, ASK, CLAUDE(",\"inference_geo\":\"us\""), 200, PARTIAL },
	{ "inference anywhere", ANTHROPIC, ASK, CLAUDE(",\"inference_geo\":\"global\""), 200, EXACT },
	{ "OpenAI in Europe", "eu.api.openai.com", "/v1/chat/completions", ASK, CHAT("", ""), 200, PARTIAL },
	{ "Vertex in a region", "us-central1-aiplatform.googleapis.com", "/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent", CONTENTS, CANDIDATE("", ""), 200, PARTIAL },
	{ "Vertex, anywhere", VERTEX, CONTENTS, CANDIDATE("", ""), 200, EXACT },
	{ "OpenAI's web search", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("{\"type\":\"web_search_call\",\"id\":\"w\",\"status\":\"completed\",\"action\":{\"type\":\"search\",\"query\":\"x\"}},", ""), 200, PARTIAL },
	{ "OpenAI's file search", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("{\"type\":\"file_search_call\",\"id\":\"w\",\"status\":\"completed\",\"queries\":[\"x\"],\"results\":null},", ""), 200, PARTIAL },
	{ "OpenAI's code interpreter", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("{\"type\":\"code_interpreter_call\",\"id\":\"w\",\"status\":\"completed\",\"code\":\"1\",\"container_id\":\"c\",\"outputs\":[]},", ""), 200, PARTIAL },
	{ "OpenAI's image generation", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("{\"type\":\"image_generation_call\",\"id\":\"w\",\"status\":\"completed\",\"result\":\"aGVsbG8=\"},", ""), 200, PARTIAL },
	{ "a function of the client costs nothing", RESPONSES, "{\"model\":\"m\",\"input\":\"q\"}", RESPONSE("{\"type\":\"function_call\",\"id\":\"w\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\",\"status\":\"completed\"},", ""), 200, EXACT },
	{ "a model that searches", OPENAI, "{\"model\":\"m\",\"web_search_options\":{\"search_context_size\":\"low\"},\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}", CHAT("", ""), 200, PARTIAL },
	{ "grounding by a search", GEMINI, CONTENTS, CANDIDATE(",\"groundingMetadata\":{\"webSearchQueries\":[\"x\"]}", ""), 200, PARTIAL },
	{ "grounding by maps", GEMINI, "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"q\"}]}],\"tools\":[{\"googleMaps\":{}}]}", CANDIDATE(",\"groundingMetadata\":{\"groundingChunks\":[{\"maps\":{\"uri\":\"https://maps/x\",\"title\":\"X\"}}]}", ""), 200, PARTIAL },
	{ "xAI's searches", "api.x.ai", "/v1/chat/completions", ASK, CHAT("", ",\"num_sources_used\":3"), 200, PARTIAL },
	{ "xAI's tools", "api.x.ai", "/v1/chat/completions", ASK, CHAT("", ",\"num_server_side_tools_used\":2"), 200, PARTIAL },
	{ "xAI without them", "api.x.ai", "/v1/chat/completions", ASK, CHAT("", ",\"num_sources_used\":0"), 200, EXACT },
	{ "Mistral's connectors", "api.mistral.ai", "/v1/chat/completions", ASK, CHAT("", ",\"connectors\":{\"web_search\":1}"), 200, PARTIAL },
	/* counts */
	{ "no usage at all", OPENAI, ASK, "{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}]}", 0, UNKNOWN },
	{ "usage null", OPENAI, ASK, "{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}],\"usage\":null}", 0, UNKNOWN },
	{ "a cost that is stated", "api.x.ai", "/v1/chat/completions", ASK, CHAT("\"service_tier\":\"priority\",", ",\"cost_in_usd_ticks\":5000000"), 500, EXACT },
	{ "counting", "api.anthropic.com", "/v1/messages/count_tokens", ASK, "{\"input_tokens\":1000}", 0, UNKNOWN },
	{ "counting at Gemini", "generativelanguage.googleapis.com", "/v1beta/models/m:countTokens", CONTENTS, "{\"totalTokens\":1000}", 0, UNKNOWN },
};
/* clang-format on */

static void add_header(struct headers *h, const char *name, const char *value)
{
	h->items = calloc(1, sizeof(*h->items));
	h->items[0] = (struct header){ .name = strdup(name), .value = strdup(value) };
	h->count = 1;
}

static struct exchange *play(const struct row *r)
{
	struct exchange *x = builder_new(1, 1 << 20, NULL, NULL);
	json_t *request = json_read_own(span_str(r->request));
	json_t *answer = json_read_own(span_str(r->answer));
	const struct dialect *d, *candidate;

	set_string(&x->method, SPAN_LIT("POST"));
	set_string(&x->host, span_str(r->host));
	set_string(&x->target, span_str(r->path));
	x->request_seen = x->response_seen = true;
	x->status = 200;
	x->t.request_first = 1;
	x->wall_offset = 1795500000000000000;
	if (r->header)
		add_header(&x->response_headers, r->header, r->value);
	d = detect_request(x, request, &candidate);
	if (ok(d != NULL, "%s: the request is known", r->what)) {
		detect_as(x, d);
		d->request(x, request);
		d->response(x, answer);
		if (!x->model_asked)
			set_string(&x->model_asked, SPAN_LIT("m"));
	}
	json_decref(request);
	json_decref(answer);
	return x;
}

static void check(const struct prices *p, const struct row *r)
{
	struct exchange *x = play(r);
	const struct cost *c = &x->cost;
	bool known;

	bill(p, x);
	known = c->source != COST_UNKNOWN;
	if (!ok(known == (r->how != UNKNOWN) && fabs(c->usd * 1e6 - r->usd) < 1e-6,
		"%s: what it costs", r->what))
		printf("#   %s %.10g, not %.10g\n", known ? "known" : "unknown", c->usd * 1e6,
		       r->usd);
	ok(c->partial == (r->how == PARTIAL), "%s: %s", r->what,
	   r->how == PARTIAL ? "a lower bound" : "all of it");
	exchange_unref(x);
}

int main(void)
{
	struct prices *p = prices_new();
	struct error e = { 0 };

	ok(prices_load(p, span_str(table), &e) == 0, "the table is read %s", e.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(p, &rows[i]);
	prices_free(p);
	return tap_done();
}

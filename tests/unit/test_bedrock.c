/* SPDX-License-Identifier: MIT */
/* The dialects of Amazon Bedrock, fed with elements of streams as the framing gives them, and the
 * models that paths name. */
#include <nettle/base64.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "llm/dialect.h"
#include "tests/unit/tap.h"

struct reader {
	const struct dialect *dialect;
	struct exchange *x;
	void *state;
	struct buf shown; /* what was reported while it came */
};

static void on_delta(void *arg, struct exchange *x, const struct exchange_delta *d)
{
	buf_add(arg, d->text);
}

static void reader_init_max(struct reader *r, const struct dialect *d, size_t text_max)
{
	r->dialect = d;
	r->x = builder_new(1, text_max, on_delta, &r->shown);
	r->x->status = 200;
	builder_set_time(r->x, 1);
	r->state = calloc(1, d->state_size + 1);
	buf_init(&r->shown, 1 << 20);
}

static void reader_init(struct reader *r, const struct dialect *d)
{
	reader_init_max(r, d, 1 << 20);
}

static void reader_done(struct reader *r)
{
	if (r->dialect->state_done)
		r->dialect->state_done(r->state);
	free(r->state);
	buf_done(&r->shown);
	exchange_unref(r->x);
}

/* JSON with ' for ", so that it can be read here. */
static json_t *parse(const char *text)
{
	char *json = xstrdup(text);
	json_t *v;

	for (char *at = json; *at; at++)
		if (*at == '\'')
			*at = '"';
	v = json_loads(json, JSON_DECODE_ANY, NULL);
	ok(v != NULL, "is JSON: %.60s", text);
	free(json);
	return v;
}

static void event(struct reader *r, const char *name, const char *text)
{
	json_t *v = parse(text);

	r->dialect->event(r->x, r->state, span_str(name), v);
	json_decref(v);
}

/* An element of InvokeModelWithResponseStream. */
static void chunk(struct reader *r, const char *maker)
{
	json_t *v = parse(maker);
	char *json = json_dumps(v, JSON_COMPACT);
	size_t len = strlen(json);
	char *base64 = malloc(BASE64_ENCODE_RAW_LENGTH(len) + 1);
	struct buf text;

	base64_encode_raw(base64, len, (const uint8_t *)json);
	base64[BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
	buf_init(&text, 1 << 20);
	buf_addf(&text, "{'bytes':'%s','p':'abcdefgh'}", base64);
	event(r, "chunk", text.ptr);
	buf_done(&text);
	free(base64);
	free(json);
	json_decref(v);
}

static void request(struct reader *r, const char *text)
{
	json_t *v = parse(text);

	r->dialect->request(r->x, v);
	json_decref(v);
}

static void response(struct reader *r, const char *text)
{
	json_t *v = parse(text);

	r->dialect->response(r->x, v);
	json_decref(v);
}

static void header(struct reader *r, const char *name, const char *value)
{
	struct headers *h = &r->x->response_headers;

	h->items = xgrow(h->items, h->count, sizeof(*h->items));
	h->items[h->count].name = xstrdup(name);
	h->items[h->count++].value = xstrdup(value);
}

static const struct part *answer(const struct reader *r, size_t part)
{
	static const struct part none;
	const struct message *m = r->x->nchoices ? &r->x->choices[0].msg : NULL;

	return m && part < m->nparts ? &m->parts[part] : &none;
}

static long long raw_count(const struct reader *r, const char *name)
{
	json_t *v = json_object_get(r->x->usage.raw, name);

	return v ? json_integer_value(v) : COUNT_UNKNOWN;
}

/* ---- Converse ---- */

static void test_converse_stream(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_converse);
	event(&r, "messageStart", "{'role':'assistant','p':'abc'}");
	event(&r, "contentBlockDelta", "{'contentBlockIndex':0,'delta':{'text':''}}");
	event(&r, "contentBlockStop", "{'contentBlockIndex':0}");
	ok(!r.x->t.first_token, "an empty piece is no output");
	event(&r, "contentBlockDelta",
	      "{'contentBlockIndex':1,'delta':{'reasoningContent':{'text':'hm'}}}");
	event(&r, "contentBlockDelta",
	      "{'contentBlockIndex':1,'delta':{'reasoningContent':{'signature':'c2ln'}}}");
	event(&r, "contentBlockDelta", "{'contentBlockIndex':2,'delta':{'text':'Hel'}}");
	event(&r, "contentBlockStart",
	      "{'contentBlockIndex':3,'start':{'toolUse':{'toolUseId':'t1','name':'f'}}}");
	event(&r, "contentBlockDelta",
	      "{'contentBlockIndex':3,'delta':{'toolUse':{'input':'{\\'a\\':'}}}");
	event(&r, "contentBlockDelta", "{'contentBlockIndex':2,'delta':{'text':'lo'}}");
	event(&r, "contentBlockDelta",
	      "{'contentBlockIndex':3,'delta':{'toolUse':{'input':'1}'}}}");
	event(&r, "contentBlockStart",
	      "{'contentBlockIndex':4,'start':{'toolUse':{'toolUseId':'t2','name':'g'}}}");
	event(&r, "contentBlockStop", "{'contentBlockIndex':4}");
	event(&r, "messageStop", "{'stopReason':'tool_use'}");
	event(&r, "metadata",
	      "{'usage':{'inputTokens':10,'outputTokens':5,'totalTokens':165,"
	      "'cacheReadInputTokens':100,"
	      "'cacheWriteInputTokens':50,'cacheDetails':[{'ttl':'1h','inputTokens':30},"
	      "{'ttl':'5m','inputTokens':20}]},'metrics':{'latencyMs':3}}");
	is_int(r.x->choices[0].msg.nparts, 4, "four parts, none for the empty text");
	is_str(answer(&r, 0)->text.ptr, "hm", "the reasoning");
	is_str(answer(&r, 1)->text.ptr, "Hello", "the text, whose pieces were interleaved");
	is_str(answer(&r, 2)->text.ptr, "{\"a\":1}", "the arguments of a call");
	is_str(answer(&r, 2)->id, "t1", "its id");
	is_str(answer(&r, 3)->text.ptr, "{}", "a call without input");
	is_str(r.shown.ptr, "hmHel{\"a\":lo1}", "what was reported, in order");
	is_int(r.x->choices[0].finish, FINISH_TOOL_CALL, "how it ended");
	is_int(r.x->usage.input, 160, "input counts what was cached and what was written");
	is_int(r.x->usage.cached_read, 100, "cached");
	is_int(r.x->usage.cache_write_5m, 20, "written for five minutes");
	is_int(r.x->usage.cache_write_1h, 30, "written for an hour");
	is_int(r.x->usage.output, 5, "output");
	is_int(r.x->usage.total, 165, "total");
	ok(!r.x->error && !r.x->response_partial, "nothing was wrong");
	reader_done(&r);
}

static void test_exception(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_converse);
	event(&r, "messageStart", "{'role':'assistant'}");
	event(&r, "contentBlockDelta", "{'contentBlockIndex':0,'delta':{'text':'so far'}}");
	event(&r, "!throttlingException", "{'message':'Too many tokens'}");
	is_str(answer(&r, 0)->text.ptr, "so far", "what came before an exception is kept");
	is_str(r.x->error ? r.x->error->type : NULL, "throttlingException", "its type");
	is_str(r.x->error ? r.x->error->message : NULL, "Too many tokens", "its message");
	reader_done(&r);

	reader_init(&r, &dialect_bedrock_invoke);
	chunk(&r, "{'outputText':'x','index':0,'completionReason':null}");
	event(&r, "!modelStreamErrorException", "{'message':'broke','originalStatusCode':500}");
	is_str(answer(&r, 0)->text.ptr, "x", "so it is with InvokeModel");
	is_str(r.x->error ? r.x->error->code : NULL, "500", "the model's own status");
	event(&r, "!", "[]");
	ok(r.x->error, "an exception without a name or text does no harm");
	reader_done(&r);
}

static void test_converse_request(void)
{
	struct reader r;
	const struct part *p;

	reader_init(&r, &dialect_bedrock_converse);
	request(&r,
		"{'system':[{'text':'Be brief.'},{'cachePoint':{'type':'default'}}],'messages':["
		"{'role':'user','content':[{'text':'What is it?'},"
		"{'image':{'format':'png','source':{'bytes':'aGVsbG8='}}},"
		"{'document':{'format':'pdf','name':'d',"
		"'source':{'s3Location':{'uri':'s3://b/k'}}}},"
		"{'video':{'format':'mp4','source':{'bytes':'aGVsbG8='}}},"
		"{'guardContent':{'text':{'text':'guarded','qualifiers':['query']}}},"
		"{'somethingNew':{'a':1}},{},7]},"
		"{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{'text':'hm',"
		"'signature':'s'}}},"
		"{'reasoningContent':{'redactedContent':'aGVsbG8='}},"
		"{'toolUse':{'toolUseId':'t','name':'f','input':{'a':1}}}]},"
		"{'role':'user','content':[{'toolResult':{'toolUseId':'t',"
		"'content':[{'json':{'r':2}}],'status':'error'}},"
		"{'citationsContent':{'content':[{'text':'a'},{'text':'b'}]}}]}],"
		"'toolConfig':{'tools':[{'toolSpec':{'name':'f','description':'d',"
		"'inputSchema':{'json':{'type':'object'}}}},"
		"{'systemTool':{'name':'nova_grounding'}}],'toolChoice':{'auto':{}}},"
		"'inferenceConfig':{'maxTokens':5,'temperature':0.5},"
		"'guardrailConfig':{'guardrailIdentifier':'g'}}");
	is_str(r.x->system.parts[0].text.ptr, "Be brief.", "system");
	is_str(r.x->system.parts[1].type_raw, "cachePoint", "a cache point says so");
	is_int(r.x->nmessages, 3, "three messages");
	is_int(r.x->messages[0].nparts, 8, "no part is left out");
	p = r.x->messages[0].parts;
	is_int(p[1].kind, PART_IMAGE, "an image");
	is_str(p[1].media_type, "image/png", "its media type");
	is_int(p[1].size, 5, "its size");
	is_str(p[2].media_type, "application/pdf", "a document");
	is_str(p[2].text.ptr, "s3://b/k", "its place");
	is_str(p[3].media_type, "video/mp4", "a video");
	is_str(p[4].text.ptr, "guarded", "text for the guardrail");
	is_str(p[5].type_raw, "somethingNew", "what is not known keeps its name");
	is_str(p[6].type_raw, "unknown", "or has none");
	p = r.x->messages[1].parts;
	is_str(p[0].text.ptr, "hm", "reasoning");
	is_int(p[1].size, 5, "reasoning that is not shown");
	is_str(p[2].text.ptr, "{\"a\":1}", "a call");
	p = r.x->messages[2].parts;
	is_str(p[0].text.ptr, "{\"r\":2}", "its result");
	ok(p[0].is_error, "which is a failure");
	is_str(p[1].text.ptr, "ab", "text with citations");
	is_int(r.x->ntools, 2, "two tools");
	is_str(r.x->tools[1].name, "nova_grounding", "one of them the system's");
	is_int(r.x->nparams, 4, "choice of tools, tokens, temperature, guardrail");
	reader_done(&r);
}

static void test_count_tokens(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_count);
	request(&r,
		"{'input':{'converse':{'messages':[{'role':'user','content':[{'text':'hi'}]}]}}}");
	is_str(r.x->nmessages ? r.x->messages[0].parts[0].text.ptr : NULL, "hi", "what is counted");
	response(&r, "{'inputTokens':11}");
	is_int(raw_count(&r, "inputTokens"), 11, "the count is kept");
	is_int(r.x->counted, 11, "as what it is");
	is_int(r.x->usage.input, COUNT_UNKNOWN, "but nothing was used");
	reader_done(&r);

	reader_init(&r, &dialect_bedrock_count);
	/* {"anthropic_version":"b","messages":[{"role":"user","content":"yo"}]} */
	request(&r, "{'input':{'invokeModel':{'body':"
		    "'eyJhbnRocm9waWNfdmVyc2lvbiI6ImIiLCJtZXNzYWdlcyI6W3sicm9s"
		    "ZSI6InVzZXIiLCJjb250ZW50IjoieW8ifV19'}}}");
	is_str(r.x->nmessages ? r.x->messages[0].parts[0].text.ptr : NULL, "yo",
	       "a body within a body");
	ok(!r.x->request_partial, "read as a whole");
	request(&r, "{'input':{'invokeModel':{'body':'eyJhbnRo'}}}");
	ok(r.x->request_partial, "half of one is known to be half");
	reader_done(&r);
}

/* ---- InvokeModel ---- */

static void test_invoke_anthropic(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_invoke);
	chunk(&r, "{'type':'message_start','message':{'id':'msg_bdrk_1','model':'claude','usage':"
		  "{'input_tokens':10,'cache_read_input_tokens':3,'output_tokens':1}}}");
	chunk(&r,
	      "{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}");
	chunk(&r, "{'type':'content_block_delta','index':0,'delta':{'type':'text_delta',"
		  "'text':'Ol\xc3\xa1'}}");
	chunk(&r, "{'type':'message_delta','delta':{'stop_reason':'end_turn'},"
		  "'usage':{'output_tokens':88}}");
	chunk(&r, "{'type':'message_stop','amazon-bedrock-invocationMetrics':{'inputTokenCount':10,"
		  "'outputTokenCount':72,'invocationLatency':9,'cacheReadInputTokenCount':3}}");
	is_str(answer(&r, 0)->text.ptr, "Ol\xc3\xa1", "Claude's text");
	is_str(r.x->response_id, "msg_bdrk_1", "its id");
	is_int(r.x->choices[0].finish, FINISH_STOP, "its end");
	is_int(r.x->usage.output, 88, "the maker's own count stands");
	is_int(r.x->usage.input, 13, "for the input too");
	is_int(raw_count(&r, "outputTokenCount"), 72, "Amazon's stands beside it");
	is_int(raw_count(&r, "invocationLatency"), COUNT_UNKNOWN, "times are no tokens");
	reader_done(&r);
}

static void test_invoke_nova(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_invoke);
	request(&r, "{'schemaVersion':'messages-v1','messages':[{'role':'user',"
		    "'content':[{'text':'2+2?'}]}],"
		    "'inferenceConfig':{'maxTokens':64}}");
	is_str(r.x->messages[0].parts[0].text.ptr, "2+2?", "Nova's request");
	chunk(&r, "{'messageStart':{'role':'assistant'}}");
	chunk(&r, "{'contentBlockDelta':{'delta':{'text':'4'},'contentBlockIndex':0}}");
	chunk(&r, "{'messageStop':{'stopReason':'end_turn'}}");
	chunk(&r,
	      "{'metadata':{'usage':{'inputTokens':13,'outputTokens':3,"
	      "'cacheReadInputTokenCount':2}},"
	      "'amazon-bedrock-invocationMetrics':{'inputTokenCount':13,'outputTokenCount':3}}");
	is_str(answer(&r, 0)->text.ptr, "4", "its answer");
	is_int(r.x->usage.input, 15, "its input");
	is_int(r.x->choices[0].finish, FINISH_STOP, "its end");
	reader_done(&r);
}

/* Streams of makers whose elements have one text each: the text, the reason to stop, counts. */
static void test_invoke_prompts(void)
{
	static const struct {
		const char *name, *first, *last, *stop;
		enum finish finish;
	} rows[] = {
		{ "Titan",
		  "{'outputText':'a','index':0,'totalOutputTextTokenCount':null,"
		  "'completionReason':null,'inputTextTokenCount':13}",
		  "{'outputText':'b','index':0,'totalOutputTextTokenCount':100,"
		  "'completionReason':'LENGTH','inputTextTokenCount':null",
		  "LENGTH", FINISH_LENGTH },
		{ "Llama",
		  "{'generation':'a','prompt_token_count':13,'generation_token_count':1,"
		  "'stop_reason':null}",
		  "{'generation':'b','prompt_token_count':null,'generation_token_count':100,"
		  "'stop_reason':'stop'",
		  "stop", FINISH_STOP },
		{ "Mistral", "{'outputs':[{'text':'a','stop_reason':null}]}",
		  "{'outputs':[{'text':'b','stop_reason':'length'}]", "length", FINISH_LENGTH },
		{ "Mistral's chat",
		  "{'choices':[{'index':0,'message':{'role':'assistant','content':'a'},"
		  "'stop_reason':null}]}",
		  "{'choices':[{'index':0,'message':{'role':'assistant','content':'b'},"
		  "'stop_reason':'stop'}]",
		  "stop", FINISH_STOP },
		{ "OpenAI",
		  "{'object':'chat.completion.chunk','choices':[{'index':0,"
		  "'delta':{'content':'a'}}]}",
		  "{'choices':[{'index':0,'delta':{'content':'b'},'finish_reason':'stop'}]", "stop",
		  FINISH_STOP },
		{ "DeepSeek", "{'choices':[{'text':'a','stop_reason':null}]}",
		  "{'choices':[{'text':'b','stop_reason':'stop'}]", "stop", FINISH_STOP },
		{ "Cohere", "{'event_type':'text-generation','is_finished':false,'text':'a'}",
		  "{'event_type':'stream-end','is_finished':true,'text':'b',"
		  "'finish_reason':'COMPLETE','response':{'text':'ab'}",
		  "COMPLETE", FINISH_STOP },
		{ "Claude's text completions", "{'completion':'a','stop_reason':null,'stop':null}",
		  "{'completion':'b','stop_reason':'stop_sequence','stop':'Human:'",
		  "stop_sequence", FINISH_STOP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct reader r;
		struct buf last;

		reader_init(&r, &dialect_bedrock_invoke);
		buf_init(&last, 4096);
		buf_addf(&last,
			 "%s,'amazon-bedrock-invocationMetrics':{'inputTokenCount':13,"
			 "'outputTokenCount':100}}",
			 rows[i].last);
		chunk(&r, rows[i].first);
		chunk(&r, last.ptr);
		is_int(r.x->nchoices, 1, "%s: one answer", rows[i].name);
		is_str(answer(&r, 0)->text.ptr, "ab", "%s: its text", rows[i].name);
		is_str(r.x->nchoices ? r.x->choices[0].finish_raw : NULL, rows[i].stop,
		       "%s: why it ended", rows[i].name);
		is_int(r.x->nchoices ? r.x->choices[0].finish : 0, rows[i].finish,
		       "%s: in our words", rows[i].name);
		is_int(r.x->usage.input, 13, "%s: its input", rows[i].name);
		is_int(r.x->usage.output, 100, "%s: its output", rows[i].name);
		buf_done(&last);
		reader_done(&r);
	}
}

/* Whole answers: number of choices, what the first part holds. */
static void test_invoke_whole(void)
{
	static const struct {
		const char *name, *body;
		unsigned choices;
		enum part_kind kind;
		const char *text;
		enum finish finish;
	} rows[] = {
		{ "Titan",
		  "{'inputTextTokenCount':5,'results':[{'tokenCount':7,'outputText':'t',"
		  "'completionReason':'FINISH'}]}",
		  1, PART_TEXT, "t", FINISH_STOP },
		{ "AI21's first",
		  "{'id':1234,'prompt':{'text':'p','tokens':[]},"
		  "'completions':[{'data':{'text':'t','tokens':[]},"
		  "'finishReason':{'reason':'endoftext'}},{'data':{'text':'u'}}]}",
		  2, PART_TEXT, "t", FINISH_STOP },
		{ "Cohere's generations",
		  "{'id':'g','prompt':'p','generations':[{'finish_reason':'MAX_TOKENS','id':'1',"
		  "'text':'t'}]}",
		  1, PART_TEXT, "t", FINISH_LENGTH },
		{ "Cohere's calls",
		  "{'response_id':'r','text':'','finish_reason':'COMPLETE',"
		  "'tool_calls':[{'name':'f','parameters':{'a':1}}]}",
		  1, PART_TOOL_CALL, "{\"a\":1}", FINISH_STOP },
		{ "Jamba",
		  "{'id':'c','choices':[{'index':0,'message':{'role':'assistant','content':'t'},"
		  "'finish_reason':'stop'}],"
		  "'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12}}",
		  1, PART_TEXT, "t", FINISH_STOP },
		{ "Stability",
		  "{'seeds':[1],'finish_reasons':['Filter reason: prompt'],'images':['aGVsbG8=']}",
		  1, PART_IMAGE, NULL, FINISH_CONTENT_FILTER },
		{ "Stability's first",
		  "{'result':'success','artifacts':[{'seed':1,'base64':'aGVsbG8=',"
		  "'finishReason':'SUCCESS'}]}",
		  1, PART_IMAGE, NULL, FINISH_STOP },
		{ "embeddings", "{'embedding':[0.1,0.2],'inputTextTokenCount':5}", 0, PART_TEXT,
		  NULL, FINISH_NONE },
		{ "ranks", "{'results':[{'index':1,'relevance_score':0.9}]}", 0, PART_TEXT, NULL,
		  FINISH_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct reader r;

		reader_init(&r, &dialect_bedrock_invoke);
		header(&r, "X-Amzn-Bedrock-Input-Token-Count", "5");
		header(&r, "X-Amzn-Bedrock-Output-Token-Count", "7");
		header(&r, "X-Amzn-Bedrock-Cache-Read-Input-Token-Count", "-1");
		header(&r, "X-Amzn-Bedrock-Cache-Write-Input-Token-Count", "99999999999999999999");
		response(&r, rows[i].body);
		is_int(r.x->nchoices, rows[i].choices, "%s: answers", rows[i].name);
		is_int(answer(&r, 0)->kind, rows[i].kind, "%s: kind", rows[i].name);
		is_str(answer(&r, 0)->text.ptr, rows[i].text, "%s: text", rows[i].name);
		if (rows[i].kind == PART_IMAGE)
			is_int(answer(&r, 0)->size, 5, "%s: bytes", rows[i].name);
		is_int(r.x->nchoices ? r.x->choices[0].finish : FINISH_NONE, rows[i].finish,
		       "%s: end", rows[i].name);
		is_int(r.x->usage.input, 5, "%s: input", rows[i].name);
		is_int(r.x->usage.output, 7, "%s: output", rows[i].name);
		is_int(raw_count(&r, "inputTokenCount"), 5, "%s: as the header says", rows[i].name);
		is_int(raw_count(&r, "cacheReadInputTokenCount"), COUNT_UNKNOWN,
		       "%s: no number, no count", rows[i].name);
		is_int(raw_count(&r, "cacheWriteInputTokenCount"), COUNT_UNKNOWN,
		       "%s: nor too large a one", rows[i].name);
		reader_done(&r);
	}
}

static void test_prompt_requests(void)
{
	static const struct {
		const char *name, *body;
		unsigned messages, parts; /* parts: of the last message */
		const char *text;	  /* of its first part */
		unsigned params;
	} rows[] = {
		{ "Llama", "{'prompt':'p','max_gen_len':100,'temperature':0.7}", 1, 1, "p", 2 },
		{ "Titan",
		  "{'inputText':'p','textGenerationConfig':{'maxTokenCount':100,"
		  "'temperature':0.7}}",
		  1, 1, "p", 2 },
		{ "Cohere",
		  "{'message':'p','chat_history':[{'role':'USER','message':'a'},{'role':'CHATBOT',"
		  "'message':'b'}],"
		  "'preamble':'s','tools':[{'name':'f'}],'max_tokens':5}",
		  3, 1, "p", 1 },
		{ "Cohere's embeddings", "{'texts':['p','q'],'input_type':'search_query'}", 1, 2,
		  "p", 1 },
		{ "mixed embeddings",
		  "{'inputs':[{'content':[{'type':'text','text':'p'},{'type':'image_url',"
		  "'image_url':"
		  "{'url':'data:image/png;base64,aGVsbG8='}}]}]}",
		  1, 2, "p", 0 },
		{ "Stability",
		  "{'text_prompts':[{'text':'p','weight':1},{'text':'q','weight':-1}],'steps':30}",
		  1, 2, "p", 1 },
		{ "Nova Canvas",
		  "{'taskType':'TEXT_IMAGE','textToImageParams':{'text':'p',"
		  "'conditionImage':'aGVsbG8=','negativeText':'n'},"
		  "'imageGenerationConfig':{'width':512}}",
		  1, 2, "p", 3 },
		{ "Nova's embeddings",
		  "{'taskType':'SINGLE_EMBEDDING','singleEmbeddingParams':{'text':{'value':'p'}}}",
		  1, 1, "p", 1 },
		{ "types that are not as expected",
		  "{'prompt':7,'texts':'a','images':[1,null],'tools':['f'],'inputText':null}", 0, 0,
		  NULL, 5 },
		{ "no object", "[1]", 0, 0, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct reader r;
		const struct message *m;

		reader_init(&r, &dialect_bedrock_invoke);
		request(&r, rows[i].body);
		m = r.x->nmessages ? &r.x->messages[r.x->nmessages - 1] : NULL;
		is_int(r.x->nmessages, rows[i].messages, "%s: messages", rows[i].name);
		is_int(m ? m->nparts : 0, rows[i].parts, "%s: parts", rows[i].name);
		is_str(m ? m->parts[0].text.ptr : NULL, rows[i].text, "%s: prompt", rows[i].name);
		is_int(r.x->nparams, rows[i].params, "%s: params", rows[i].name);
		reader_done(&r);
	}
}

/* ---- what a stranger may send ---- */

static void test_broken_chunks(void)
{
	static const char *const bad[] = {
		"{'bytes':'eyJ0eXBl'}",			 /* half of an object */
		"{'bytes':'!!!!'}",			 /* no base64 */
		"{'bytes':'eyJvdXRwdXRUZXh0IjoieCJ9!'}", /* an object, then none */
		"{'bytes':''}",
		"{'bytes':'aGVsbG8='}", /* no JSON */
		"{'bytes':7}",
		"{'bytes':null}",
		"{'bytes':{'bytes':'e30='}}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct reader r;

		reader_init(&r, &dialect_bedrock_invoke);
		event(&r, "chunk", bad[i]);
		ok(r.x->response_partial, "%s is known to be broken", bad[i]);
		r.x->response_partial = false;
		chunk(&r, "{'generation':'x'}");
		ok(!r.x->response_partial, "and the next one is whole");
		answer_end(r.x);
		ok(r.x->nchoices && answer(&r, r.x->choices[0].msg.nparts - 1)->text.len,
		   "and read");
		reader_done(&r);
	}
}

static void test_ceiling(void)
{
	struct reader r;
	struct buf text;

	reader_init_max(&r, &dialect_bedrock_invoke, 3000);
	buf_init(&text, 1 << 20);
	buf_adds(&text, "{'bytes':'");
	for (unsigned i = 0; i < 100000; i++)
		buf_adds(&text, "ICAg");
	buf_adds(&text, "e30='}");
	event(&r, "chunk", text.ptr);
	ok(r.x->response_partial, "what passes the ceiling is cut, and known to be");
	buf_done(&text);
	reader_done(&r);
}

static void test_odd_types(void)
{
	static const char *const names[] = { "",
					     "messageStart",
					     "contentBlockStart",
					     "contentBlockDelta",
					     "contentBlockStop",
					     "messageStop",
					     "metadata",
					     "chunk",
					     "!x" };
	static const char *const odd[] = {
		"7",
		"null",
		"[]",
		"'x'",
		"{}",
		"{'contentBlockIndex':-1,'delta':7,'start':[],'usage':'x','stopReason':[],"
		"'role':{}}",
		"{'contentBlockIndex':99999999999,'delta':{'text':[],'toolUse':7,"
		"'reasoningContent':'x','toolResult':{},'image':[]}}",
		"{'contentBlockIndex':1e300,'start':{'toolUse':[],'toolResult':1}}",
		"{'usage':{'inputTokens':9223372036854775807,"
		"'cacheReadInputTokens':9223372036854775807,"
		"'cacheWriteInputTokens':9223372036854775807,'outputTokens':-3,"
		"'totalTokens':'many','cacheDetails':[7,"
		"{'ttl':'1h','inputTokens':9223372036854775807},{'ttl':'1h',"
		"'inputTokens':9223372036854775807},{'ttl':[]}]}}",
		"{'output':{'message':{'content':[null,7,{},{'text':{}},{'image':7},"
		"{'toolUse':'x'},{'document':{'source':{'content':7}}},"
		"{'guardContent':{'image':[]}},{'reasoningContent':{'redactedContent':{}}}]}},"
		"'stopReason':7}",
		"{'type':'message_start','message':7,'amazon-bedrock-invocationMetrics':[]}",
		"{'choices':[{'message':7,'delta':{}},7,{'index':-5,'stop_reason':'x'}],"
		"'results':7,'images':{},'generations':[[]]}",
		"{'amazon-bedrock-invocationMetrics':{'inputTokenCount':9223372036854775807,"
		"'cacheReadInputTokenCount':9223372036854775807}}",
		"{'input':{'converse':7,'invokeModel':[]}}",
		"{'input':{'invokeModel':{'body':{}}}}",
	};
	static const struct dialect *const both[] = { &dialect_bedrock_converse,
						      &dialect_bedrock_invoke };

	for (size_t d = 0; d < 2; d++) {
		for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
			struct reader r;
			json_t *v = parse(odd[i]);

			reader_init(&r, both[d]);
			for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
				both[d]->event(r.x, r.state, span_str(names[n]), v);
			both[d]->request(r.x, v);
			both[d]->response(r.x, v);
			both[d]->proves_request(v);
			both[d]->proves_response(v);
			ok(r.x->usage.input >= COUNT_UNKNOWN &&
				   r.x->usage.cache_write_1h >= COUNT_UNKNOWN,
			   "no harm, and no sum that ran over");
			json_decref(v);
			reader_done(&r);
		}
	}
}

static void test_errors(void)
{
	struct reader r;

	reader_init(&r, &dialect_bedrock_invoke);
	r.x->status = 400;
	header(&r, "x-amzn-ErrorType", "ValidationException:http://internal.amazon.com/");
	response(&r, "{'message':'The provided model identifier is invalid.'}");
	is_str(r.x->error ? r.x->error->type : NULL, "ValidationException",
	       "an error's type stands in a header");
	is_int(r.x->nchoices, 0, "an error is no answer");
	reader_done(&r);

	reader_init(&r, &dialect_bedrock_converse);
	r.x->status = 403;
	response(&r, "{'Message':'no','__type':'AccessDenied'}");
	is_str(r.x->error ? r.x->error->message : NULL, "no", "with a capital too");
	is_str(r.x->error ? r.x->error->type : NULL, "AccessDenied", "or in the body");
	reader_done(&r);

	reader_init(&r, &dialect_bedrock_converse);
	response(&r, "{'output':{'message':{'role':'assistant','content':[]}},"
		     "'stopReason':'malformed_tool_use'}");
	ok(!r.x->error, "an answer is no error");
	is_int(r.x->choices[0].finish, FINISH_ERROR, "even when its end is one");
	reader_done(&r);
}

/* ---- paths ---- */

static void test_models(void)
{
	static const char *const rows[][2] = {
		{ "/model/us.anthropic.claude-3-5-sonnet-20241022-v2%3A0/invoke",
		  "us.anthropic.claude-3-5-sonnet-20241022-v2:0" },
		{ "/model/amazon.nova-micro-v1:0/converse-stream?x=/y", "amazon.nova-micro-v1:0" },
		{ "/bedrock/model/a.b/count-tokens/", "a.b" },
		{ "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse",
		  "arn:aws:bedrock:us-east-1:1:inference-profile/us.x" },
		{ "/model/arn:aws:bedrock:us-east-1:1:inference-profile/us.x/"
		  "invoke-with-response-stream",
		  "arn:aws:bedrock:us-east-1:1:inference-profile/us.x" },
		{ "/model/x/chat/completions", NULL },
		{ "/model/invoke", NULL },
		{ "/model//invoke", NULL },
		{ "/openai/deployments/gpt-5.2_2025-12-11/chat/completions?api-version=1",
		  "gpt-5.2_2025-12-11" },
		{ "//openai/deployments/test-openai/completions", "test-openai" },
		{ "/v1beta/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash" },
		{ "/v1beta/tunedModels/my-model-1:streamGenerateContent?alt=sse", "my-model-1" },
		{ "/v1/projects/p/locations/l/publishers/anthropic/models/"
		  "claude-3-7-sonnet@20250219:rawPredict",
		  "claude-3-7-sonnet@20250219" },
		{ "/v1/projects/p/locations/l/endpoints/123456:predict", "123456" },
		{ "/v1/projects/p/locations/l/endpoints/openapi/chat/completions", NULL },
		{ "/v1/engines/copilot-codex/completions", "copilot-codex" },
		{ "/models/meta-llama/Llama-3.1-8B-Instruct/v1/chat/completions",
		  "meta-llama/Llama-3.1-8B-Instruct" },
		{ "/models/meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct" },
		{ "/models/gpt2", "gpt2" },
		{ "/v1/models/meta/llama-2-70b-chat/predictions", "meta/llama-2-70b-chat" },
		{ "/models/chat/completions?api-version=1", NULL },
		{ "/models/a/b/c", NULL },
		{ "/models/", NULL },
		{ "/models//v1", NULL },
		{ "/v1/chat/completions", NULL },
		{ "/model/a%/invoke", NULL },
		{ "/model/a%4/invoke", NULL },
		{ "/model/a%zz/invoke", NULL },
		{ "/model/a%00b/invoke", NULL },
		{ "/model/a%1Bb/invoke", NULL },
		{ "/model/a%FFb/invoke", NULL },
		{ "/model/caf%C3%A9/invoke", "caf\xc3\xa9" },
		{ "", NULL },
		{ "?/model/x/invoke", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b;
		bool found;

		buf_init(&b, 64);
		found = model_of_path(span_str(rows[i][0]), &b);
		is_str(found ? b.ptr : NULL, rows[i][1], "the model of %s", rows[i][0]);
		ok(found || !b.len, "which leaves nothing behind");
		buf_done(&b);
	}
}

static void test_paths(void)
{
	static const struct {
		const char *path;
		const struct dialect *dialect;
	} rows[] = {
		{ "/model/x/converse", &dialect_bedrock_converse },
		{ "/model/x/converse-stream?a=b", &dialect_bedrock_converse },
		{ "/proxy/model/x/invoke", &dialect_bedrock_invoke },
		{ "/model/x/invoke-with-response-stream", &dialect_bedrock_invoke },
		{ "/model/invoke", NULL },
		{ "/functions/f/invoke", NULL },
		{ "/converse", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool path_is_proof = false;

		ok(dialect_of_path(span_str(rows[i].path), &path_is_proof) == rows[i].dialect,
		   "the format of %s", rows[i].path);
		ok(path_is_proof == !!rows[i].dialect, "and how sure that is");
	}
}

static void test_shapes(void)
{
	static const struct {
		const char *body;
		bool converse_request, converse_response, invoke_request, invoke_response;
	} rows[] = {
		{ "{'messages':[{'role':'user','content':[{'text':'x'}]}]}", true, false, false,
		  false },
		{ "{'messages':[{'role':'user','content':[{'toolResult':{}}]}]}", true, false,
		  false, false },
		{ "{'messages':[{'role':'user','content':[{'type':'text','text':'x'}]}]}", false,
		  false, false, false },
		{ "{'messages':[{'role':'user','content':'x'}]}", false, false, false, false },
		{ "{'messages':[{'role':'user','content':[{'image':'http://'}]}]}", false, false,
		  false, false },
		{ "{'anthropic_version':'bedrock-2023-05-31','messages':[]}", false, false, true,
		  false },
		{ "{'anthropic_version':'vertex-2023-10-16','messages':[]}", false, false, false,
		  false },
		{ "{'output':{'message':{'content':[]}}}", false, true, false, false },
		{ "{'output':[{'type':'message'}]}", false, false, false, false },
		{ "{'contentBlockIndex':0,'delta':{'text':''}}", false, true, false, false },
		{ "{'bytes':'eyJ0eXBlIjoibWVzc2FnZV9zdGFydCJ9'}", false, false, false,
		  true }, /* {"type":"message_start"} */
		{ "{'bytes':'aGVsbG8='}", false, false, false, false }, /* an agent's text */
		{ "{'generation':'x','generation_token_count':1}", false, false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *v = parse(rows[i].body);

		is_int(dialect_bedrock_converse.proves_request(v), rows[i].converse_request,
		       "a request of Converse?");
		is_int(dialect_bedrock_converse.proves_response(v), rows[i].converse_response,
		       "an answer of it?");
		is_int(dialect_bedrock_invoke.proves_request(v), rows[i].invoke_request,
		       "a request of InvokeModel?");
		is_int(dialect_bedrock_invoke.proves_response(v), rows[i].invoke_response,
		       "an answer of it?");
		json_decref(v);
	}
}

int main(void)
{
	test_converse_stream();
	test_exception();
	test_converse_request();
	test_count_tokens();
	test_invoke_anthropic();
	test_invoke_nova();
	test_invoke_prompts();
	test_invoke_whole();
	test_prompt_requests();
	test_broken_chunks();
	test_ceiling();
	test_odd_types();
	test_errors();
	test_models();
	test_paths();
	test_shapes();
	return tap_done();
}

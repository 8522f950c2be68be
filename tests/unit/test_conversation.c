/* SPDX-License-Identifier: MIT */
/* A message is written as its role's letter and its text: "uhello" is the user's, "a" the
 * assistant's, "s" the system's, "t" a tool's result. */
#include "conversation/conversation.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/builder.h"
#include "sink/sink.h"
#include "tests/unit/tap.h"

static uint64_t last_id;

static void add_message(struct exchange *x, const char *text)
{
	static const struct {
		char letter;
		const char *role;
	} roles[] = { { 'u', "user" }, { 'a', "assistant" }, { 's', "system" }, { 't', "tool" } };

	for (size_t i = 0; i < 4; i++)
		if (roles[i].letter == text[0])
			message_text(x, request_message(x, span_str(roles[i].role)), PART_TEXT,
				     span_str(text + 1));
}

/* A call of process 7, user 1000, with the messages of `list`, separated by '|'. */
static struct exchange *call(const char *list)
{
	struct exchange *x = builder_new(++last_id, 1 << 20, NULL, NULL);
	AUTO_FREE char *copy = xstrdup(list);
	char *save = NULL;

	x->kind = EXCHANGE_LLM;
	x->request_parsed = true;
	x->tgid = 7;
	x->uid = 1000;
	x->t.request_first = last_id * 1000;
	x->provider = "openai";
	set_string(&x->host, SPAN_LIT("api.openai.com"));
	set_string(&x->model_asked, SPAN_LIT("m"));
	for (char *m = strtok_r(copy, "|", &save); m; m = strtok_r(NULL, "|", &save))
		add_message(x, m);
	return x;
}

static void with_tool(struct exchange *x, const char *name)
{
	struct tool *t = request_tool(x);

	set_string(&t->name, span_str(name));
	t->schema = json_pack("{s:s}", "type", "object");
}

static void with_system(struct exchange *x, const char *text)
{
	set_string(&x->system.role, SPAN_LIT("system"));
	message_text(x, &x->system, PART_TEXT, span_str(text));
}

static void with_header(struct exchange *x, const char *name, const char *value)
{
	struct headers *h = &x->request_headers;

	h->items = xgrow(h->items, h->count, sizeof(*h->items));
	h->items[h->count].name = xstrdup(name);
	h->items[h->count++].value = xstrdup(value);
}

static void with_param(struct exchange *x, const char *name, json_t *value)
{
	request_param(x, name, value);
	json_decref(value);
}

/* The request, and an answer of that status with usage. Returns a copy of what was told. */
static struct conversation play(struct conversations *t, struct exchange *x, unsigned status)
{
	struct conversation k;

	conversations_request(t, x);
	x->response_seen = status != 0;
	x->status = status;
	x->response_body.state = BODY_COMPLETE;
	conversations_answer(t, x);
	k = x->conversation;
	k.session = NULL;
	exchange_unref(x);
	return k;
}

static struct conversation say(struct conversations *t, const char *list)
{
	return play(t, call(list), 200);
}

static void is_talk(struct conversation k, const char *id, unsigned turn, size_t repeated,
		    const char *what)
{
	is_str(k.id, id, "%s: conversation", what);
	is_int(k.turn, turn, "%s: turn", what);
	is_int(k.repeated, repeated, "%s: messages repeated", what);
}

static bool is_new(struct conversation k, struct conversation old)
{
	return k.id[0] && strcmp(k.id, old.id) != 0;
}

static struct limits lim;

static struct conversations *begin(void)
{
	limits_init(&lim);
	return conversations_new(&lim);
}

static void test_growth(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "sbe brief|uhello"), k;

	is_int(strlen(one.id), 16, "an id has 16 digits");
	is_talk(one, one.id, 1, 0, "first turn");
	k = say(t, "sbe brief|uhello|ahi|uhow are you");
	is_talk(k, one.id, 2, 2, "second turn");
	ok(!k.broke && !k.retry && !k.parent[0] && k.same_system && k.same_tools,
	   "nothing else to tell");
	is_talk(say(t, "sbe brief|uhello|ahi|uhow are you|afine|tok|ugood"), one.id, 3, 4,
		"third turn");
	/* The answer comes back altered, or the calls between were not seen. */
	k = say(t,
		"sbe brief|uhello|ahi|uhow are you|afine|tok|ugood|aother than it was|ubye|a|u2");
	is_talk(k, one.id, 4, 7, "answer altered");
	ok(!k.broke, "an altered answer breaks nothing");
	conversations_free(t);
	conversations_free(NULL);
}

static void test_strangers(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "sbe brief|uhello"), k;
	struct exchange *x;

	ok(is_new(say(t, "sbe brief|uother"), one),
	   "the same system message alone is no conversation");
	ok(!say(t, "sbe brief").id[0], "nor one by itself");
	x = call("sbe brief|uhello|ahi|unext");
	x->uid = 1001;
	ok(is_new(play(t, x, 200), one), "another user's");
	x = call("sbe brief|uhello|ahi|unext");
	set_string(&x->host, SPAN_LIT("api.groq.com"));
	ok(is_new(play(t, x, 200), one), "another host's");
	x = call("sbe brief|uhello|ahi|unext");
	x->is_server = true;
	ok(is_new(play(t, x, 200), one), "the other end of the call");
	x = call("sbe brief|uhello");
	x->tgid = 8;
	k = play(t, x, 200);
	ok(is_new(k, one) && !k.retry, "the same request of another process is its own");
	x = call("sbe brief|uhello|ahi|unext");
	x->tgid = 8;
	is_str(play(t, x, 200).id, k.id, "and goes on there");
	is_talk(say(t, "sbe brief|uhello|ahi|unext"), one.id, 2, 2, "while the first goes on here");
	x = call("sbe brief|uhello|ahi|unext|a3|ulast");
	x->tgid = 9;
	k = play(t, x, 200);
	ok(k.turn == 3 && k.repeated == 4 && !k.parent[0],
	   "a conversation may move to a new process");
	conversations_free(t);
}

static void test_few_shots(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "uexample|aanswer|ufirst question"), k;

	k = say(t, "uexample|aanswer|usecond question");
	ok(is_new(k, one) && !k.parent[0] && k.repeated == 0,
	   "examples in front are no conversation");
	is_talk(say(t, "uexample|aanswer|usecond question|ayes|uwhy"), k.id, 2, 3, "each goes on");
	is_talk(say(t, "uexample|aanswer|ufirst question|ano|uwhy not"), one.id, 2, 3, "by itself");
	conversations_free(t);
}

static void test_retry(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "uhello"), k;
	struct exchange *x;

	k = say(t, "uhello");
	is_talk(k, one.id, 1, 1, "the same again");
	ok(k.retry && !k.broke, "is a retry");
	k = play(t, call("uhello|ahi|unext"), 529);
	is_talk(k, one.id, 2, 1, "it goes on");
	x = call("uhello|ahi|unext");
	set_string(&x->model_asked, SPAN_LIT("fallback"));
	k = play(t, x, 200);
	is_talk(k, one.id, 2, 3, "after a failure, with another model");
	ok(k.retry, "is a retry too");
	x = call("uhello|ahi|unext");
	k = play(t, x, 200);
	ok(is_new(k, one) && !k.retry && k.turn == 2,
	   "after an answer, another model's is a branch");
	is_str(k.parent, one.id, "of the conversation");
	x = call("uhello");
	x->stream_requested = true;
	ok(is_new(play(t, x, 200), one), "with another parameter it is none");
	x = call("uhello|ahi|unext|afine|umore");
	with_header(x, "X-Stainless-Retry-Count", "2");
	ok(play(t, x, 200).retry, "the header says that it is one");
	x = call("usomething new");
	with_header(x, "X-Stainless-Retry-Count", "0");
	ok(!play(t, x, 200).retry, "or that it is none");
	conversations_free(t);
}

static struct exchange *in_session(const char *list, const char *session)
{
	struct exchange *x = call(list);

	with_header(x, "X-Claude-Code-Session-Id", session);
	return x;
}

static void check_title(struct conversations *t, struct exchange *x, const char *title,
			const char *what)
{
	conversations_request(t, x);
	is_str(x->conversation.title, title, "%s", what);
	x->response_seen = true;
	x->status = 200;
	conversations_answer(t, x);
	exchange_unref(x);
}

static void test_titles(void)
{
	static const char *const sentence = "The parser hangs.";
	struct conversations *t = begin();
	struct exchange *x;

	check_title(t, call("sbe brief|uThe parser hangs. Fix it."), sentence,
		    "a conversation is called like the user's first sentence");
	check_title(t, call("sbe brief|uThe parser hangs. Fix it.|aWhy?|uBecause."), sentence,
		    "in its later turns too");
	check_title(t, call("u<environment_context>x</environment_context>|uWhy is it so?"),
		    "Why is it so?", "not like what the client says");
	check_title(t, call("utry sk-ant-api03-0123456789abcdefghijABCDEFGHIJ0123456789 now"),
		    "try sk-*** now", "and without credentials");
	check_title(t, call("aonly this|uhello"), "hello", "whoever speaks first");

	x = in_session("uThe parser hangs. Fix it.", "s1");
	check_title(t, x, sentence, "before the client has a title");
	x = in_session("sGenerate a concise title.|u<session>The parser hangs. Fix it.</session>",
		       "s1");
	answer_text(x, 0, PART_TEXT, SPAN_LIT("{\"title\": \"Fix the parser\"}"));
	check_title(t, x, sentence, "the call that makes one");
	x = in_session("uThe parser hangs. Fix it.|aDone.|uThanks.", "s1");
	check_title(t, x, "Fix the parser", "and then");
	x = in_session("uFind the file.", "s1");
	check_title(t, x, "Find the file.", "not of another conversation of that session");
	x = in_session("uThe parser hangs. Fix it.", "s2");
	check_title(t, x, sentence, "nor of another session");
	x = in_session("uWhy is the sky blue?", "s3");
	check_title(t, x, "Why is the sky blue?", "another client");
	x = in_session("sYou are a title generator.|uWhy is the sky blue?", "s3");
	answer_text(x, 0, PART_TEXT, SPAN_LIT("\"Colour of the sky\""));
	check_title(t, x, "Why is the sky blue?", "its call");
	x = in_session("uWhy is the sky blue?|aAir.|uThanks.", "s3");
	check_title(t, x, "Colour of the sky", "and its title");
	conversations_free(t);
}

/* The same words of another process are no sign that it knows of the failure. */
static void test_failed_elsewhere(void)
{
	struct conversations *t = begin();
	struct conversation one = play(t, call("sbe brief|uhello"), 500), k;
	struct exchange *x = call("sbe brief|uhello");

	x->tgid = 8;
	k = play(t, x, 200);
	ok(is_new(k, one) && !k.retry && !k.parent[0],
	   "what failed is not tried by another process");
	is_talk(k, k.id, 1, 0, "and is shown there");
	k = say(t, "sbe brief|uhello");
	ok(k.retry, "the process itself may try again");
	is_talk(k, one.id, 1, 2, "after the other's success");

	say(t, "uhi|ahello|uone");
	one = say(t, "uhi|ahello|uone|atwo|uthree");
	play(t, call("uhi|ahello|uone|atwo|uthree|afour|ufive"), 0);
	x = call("uhi|ahello|uone|atwo|uthree|afour|ufive");
	x->tgid = 8;
	k = play(t, x, 200);
	ok(is_new(k, one) && k.turn == 3 && k.parent_turn == 2, "it branches off the last answer");
	is_str(k.parent, one.id, "of the conversation");
	is_int(k.repeated, 5, "and what it asks is shown");
	x = call("uhi|ahello|uone|atwo|uthree|afour|ufive|asix|useven");
	x->tgid = 9;
	is_talk(play(t, x, 200), k.id, 4, 7, "a third goes on where there was an answer");

	one = play(t, in_session("uin a session", "S1"), 500);
	x = in_session("uin a session", "S1");
	x->tgid = 8;
	k = play(t, x, 200);
	ok(k.retry, "a session tells that another process tries again");
	is_talk(k, one.id, 1, 1, "there");
	conversations_free(t);
}

static void test_branch(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "uhello"), two, k;

	say(t, "uhello|ahi|uleft");
	two = say(t, "uhello|ahi|uright");
	ok(is_new(two, one), "a second way from the first turn has its own id");
	is_str(two.parent, one.id, "its parent");
	is_int(two.parent_turn, 1, "its parent's turn");
	is_talk(two, two.id, 2, 2, "branch");
	is_talk(say(t, "uhello|ahi|uleft|a|uleft again"), one.id, 3, 3, "the first goes on");
	is_talk(say(t, "uhello|ahi|uright|a|uright again"), two.id, 3, 3, "and the branch");
	k = say(t, "uhello|ahello|umiddle");
	is_str(k.parent, one.id, "a third one is the first's too");
	ok(k.turn == 2 && is_new(k, two), "and has its own id");
	k = say(t, "uhello|ahi|uright|a|uother");
	is_str(k.parent, two.id, "a branch of the branch");
	is_int(k.parent_turn, 2, "at its second turn");
	k = say(t, "uhello");
	ok(is_new(k, one) && !k.retry && !k.parent[0],
	   "what a gone-on conversation began with is a new one");
	is_talk(say(t, "uhello|ayes|unew way"), k.id, 2, 1, "and goes on");
	conversations_free(t);
}

static void test_session(void)
{
	struct conversations *t = begin();
	struct conversation one = play(t, in_session("umain task", "S1"), 200), sub, k;
	struct exchange *x;

	sub = play(t, in_session("usub task", "S1"), 200);
	ok(is_new(sub, one) && !sub.parent[0],
	   "a sub-agent of the same session is another conversation");
	is_talk(play(t, in_session("umain task|ause the tool|tdone", "S1"), 200), one.id, 2, 1,
		"main");
	is_talk(play(t, in_session("usub task|ause it|tdone", "S1"), 200), sub.id, 2, 1,
		"sub-agent");
	k = play(t, in_session("umain task|ause the tool|tdone|aok|unow", "S2"), 200);
	ok(is_new(k, one) && k.turn == 3, "the same beginning in another session is a fork");
	is_str(k.parent, one.id, "of the first");
	x = in_session("umain task|tthe rest is forgotten|acut|t1|a2|t3", "S2");
	x->tgid = 99;
	with_system(x, "resumed");
	is_talk(play(t, x, 200), k.id, 4, 1, "a session's latest is found anywhere, though edited");
	x = call("uhello");
	with_param(x, "metadata", json_pack("{s:s}", "user_id", "user_1_account_2_session_abc"));
	conversations_request(t, x);
	is_str(x->conversation.session, "abc", "a session in metadata.user_id");
	exchange_unref(x);
	x = call("uhello");
	with_header(x, "session_id", "codex");
	x->request_parsed = false;
	conversations_request(t, x);
	is_str(x->conversation.session, "codex", "a session is told of an unreadable request");
	is_str(x->conversation.id, "", "a conversation is not");
	exchange_unref(x);
	conversations_free(t);
}

/* An agent that is run again on the same task says the same: each session is one conversation, in
 * whatever order their requests come. */
static void test_sessions_alike(void)
{
	static const char *const turns[] = { "utask", "utask|athink|tdone",
					     "utask|athink|tdone|amore|tdone too" };
	static const char *const names[] = { "S1", "S2", "S3" };
	struct conversations *t = begin();
	struct conversation first[3], k;

	for (size_t turn = 0; turn < 3; turn++)
		for (size_t s = 0; s < 3; s++) {
			k = play(t, in_session(turns[turn], names[s]), 200);
			if (!turn) {
				first[s] = k;
				ok(!s || is_new(k, first[s - 1]), "a session of its own");
				continue;
			}
			is_talk(k, first[s].id, turn + 1, 2 * turn - 1, "of its session");
		}
	for (size_t turn = 0; turn < 3; turn++) {
		k = play(t, in_session(turns[turn], "S4"), 200);
		first[0] = turn ? first[0] : k;
		is_talk(k, first[0].id, turn + 1, turn ? 2 * turn - 1 : 0, "after them");
	}
	conversations_free(t);
}

#define LONG "u1|a2|t3|a4|t5|a6|t7|a8"

static void test_edited(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, LONG "|ulast, and a reminder"), k;

	k = say(t, LONG "|ulast|a10|t11");
	is_talk(k, one.id, 2, 8, "the end was rewritten");
	ok(k.broke && k.broke_by == BREAK_MESSAGES, "that breaks the prefix");
	is_int(k.broke_at, 8, "at its first message that differs");
	is_talk(say(t, LONG "|ulast|a10|t11|a12|t13"), one.id, 3, 11, "and it goes on");
	k = say(t, "u1|a2|tcleared|a4|tcleared|a6|t7|a8|ulast|a10|t11|a12|t13|a14|t15");
	is_talk(k, one.id, 4, 2, "old results were cleared");
	ok(k.broke && k.broke_at == 2, "where");
	k = say(t, "u1|a2|tcleared|a4|tcleared|a6|t7|a8|ulast|a10|t11|a12|t13|a14|t15|aend|ubye");
	is_talk(k, one.id, 5, 15, "the edited form is what is remembered");
	ok(!k.broke, "nothing breaks then");
	k = say(t,
		"u1|a2|tcleared|aone|ttwo|athree|tfour|a5|u6|a7|u8|a9|u10|a11|u12|a13|u14|a|u|a|u");
	ok(is_new(k, one) && k.repeated == 0,
	   "a beginning in common with nothing after it is too little");
	conversations_free(t);
}

static struct conversation with_both(struct conversations *t, const char *list, const char *system,
				     const char *tool)
{
	struct exchange *x = call(list);

	with_system(x, system);
	with_tool(x, tool);
	return play(t, x, 200);
}

static void test_prompt(void)
{
	struct conversations *t = begin();
	struct conversation one = with_both(t, "u1", "S", "T"), k;
	struct exchange *x;

	k = with_both(t, "u1|a2|u3", "S", "U");
	is_talk(k, one.id, 2, 1, "other tools");
	ok(k.broke && k.broke_by == BREAK_TOOLS && k.broke_at == 0, "break the prefix");
	ok(k.same_system && !k.same_tools, "the system prompt is the same");
	k = with_both(t, "u1|a2|u3|a4|u5", "S2", "U");
	is_talk(k, one.id, 3, 3, "another system prompt");
	ok(k.broke && k.broke_by == BREAK_SYSTEM && k.same_tools, "breaks the prefix");
	k = with_both(t, "u1|a2|u3|a4|u5|a6|u7", "S2", "U");
	ok(k.turn == 4 && !k.broke && k.same_system && k.same_tools, "and then it stays so");
	k = with_both(t, "u1|a2|u3|a|uother", "S2", "U");
	is_str(k.parent, one.id, "turns are still known to branch off");
	is_int(k.parent_turn, 2, "which");
	/* Another agent's call with the same first message stands beside it. */
	one = with_both(t, "utitle", "S", "T");
	k = with_both(t, "utitle", "make a title", "none");
	ok(is_new(k, one) && !k.retry, "the same words to another prompt");
	is_talk(with_both(t, "utitle|a|umore", "S", "T"), one.id, 2, 1, "do not lead astray");
	/* System messages at the front are the system prompt. */
	one = say(t, "sit is noon|ua|ab|uc");
	k = say(t, "sit is one|ua|ab|uc|ad|ue");
	is_talk(k, one.id, 2, 3, "a changed system message");
	is_int(k.repeated_from, 1, "is not among the repeated ones");
	ok(k.broke && k.broke_by == BREAK_SYSTEM && k.broke_at == 0, "and breaks the prefix");
	x = call("uclaude");
	x->provider = "anthropic";
	with_system(x, "x-anthropic-billing-header: cch=1;");
	one = play(t, x, 200);
	x = call("uclaude|a|unext");
	x->provider = "anthropic";
	with_system(x, "x-anthropic-billing-header: cch=2;");
	k = play(t, x, 200);
	ok(!is_new(k, one) && !k.broke, "what Anthropic takes out first is no change");
	conversations_free(t);
}

static struct conversation answered(struct conversations *t, struct exchange *x, const char *id)
{
	set_string(&x->response_id, span_str(id));
	return play(t, x, 200);
}

static struct exchange *after(const char *list, const char *id)
{
	struct exchange *x = call(list);

	with_param(x, "previous_response_id", json_string(id));
	return x;
}

static void test_response_id(void)
{
	struct conversations *t = begin();
	struct conversation one = answered(t, call("uhello"), "r1"), k;
	struct exchange *x;

	is_talk(answered(t, after("unext", "r1"), "r2"), one.id, 2, 0, "after the first answer");
	k = answered(t, after("unext", "r1"), "r2b");
	is_talk(k, one.id, 2, 1, "the same again");
	ok(k.retry, "is a retry");
	is_talk(answered(t, after("unext", "r2b"), "r3"), one.id, 3, 0,
		"the same words after another");
	k = answered(t, after("uother way", "r1"), "r4");
	ok(is_new(k, one) && k.turn == 2, "from an earlier answer on");
	is_str(k.parent, one.id, "it is a branch");
	ok(is_new(answered(t, after("unext", "never seen"), "r5"), one),
	   "an answer that was not seen");
	x = after("unext", "r3");
	x->uid = 0;
	ok(is_new(answered(t, x, "r6"), one), "another user's");
	x = call("uone");
	with_param(x, "conversation", json_pack("{s:s}", "id", "conv_1"));
	one = play(t, x, 200);
	x = call("uyes");
	with_param(x, "conversation", json_string("conv_1"));
	is_talk(play(t, x, 200), one.id, 2, 0, "the provider's conversation");
	x = call("uyes");
	with_param(x, "conversation", json_string("conv_1"));
	k = play(t, x, 200);
	ok(k.turn == 3 && !k.retry && !k.broke, "in which the same may be said twice");
	conversations_free(t);
}

static struct conversation counted(struct conversations *t, const char *list, int64_t input,
				   int64_t read, int64_t written)
{
	struct exchange *x = call(list);

	x->usage.input = input;
	x->usage.cached_read = read;
	x->usage.cache_write_5m = written;
	return play(t, x, 200);
}

static void test_lost_cache(void)
{
	struct conversations *t = begin();

	counted(t, LONG, 20000, 15000, 4000);
	is_int(counted(t, LONG "|u9", 20100, 19000, 100).lost_cache, COUNT_UNKNOWN,
	       "nothing broke");
	is_int(counted(t, LONG "|ux|a10|u11", 20200, 900, 19000).lost_cache, 18200,
	       "read and written");
	is_int(counted(t, LONG "|uy|a10|u11|a12|u13", 20200, COUNT_UNKNOWN, 0).lost_cache,
	       COUNT_UNKNOWN, "what was read is not told");
	conversations_free(t);
	t = begin();
	counted(t, LONG, 5000, 0, COUNT_UNKNOWN);
	is_int(counted(t, "u1|a2|t3|a4|t5|a6|tx|a8|u9|a10", 5100, 1024, COUNT_UNKNOWN).lost_cache,
	       3976, "where writing is not counted, all input");
	is_int(counted(t, "u1|a2|t3|a4|t5|a6|ty|a8|u9|a10|u11", 5100, 6000, COUNT_UNKNOWN)
		       .lost_cache,
	       0, "never less than none");
	counted(t, "uhuge|a|u", INT64_MAX, INT64_MAX, INT64_MAX);
	is_int(counted(t, "uhuge|a|ux|a|u", 1, 0, 1).lost_cache, INT64_MAX, "sums do not overflow");
	conversations_free(t);
}

static void test_partial(void)
{
	struct conversations *t = begin();
	struct conversation one = say(t, "u1|a2|u3"), k;
	struct exchange *x = call("u1|a2|u3|a4|uthis one is c");

	x->request_partial = true;
	k = play(t, x, 200);
	is_talk(k, one.id, 2, 3, "a request that was cut");
	is_talk(say(t, "u1|a2|u3|a4|uthis one is cut|a6|u7"), one.id, 3, 4, "and the next");
	x = call("u1|a2|u3");
	x->request_partial = true;
	k = play(t, x, 200);
	is_talk(k, one.id, 4, 2, "one that was cut before what is known");
	ok(!k.broke && !k.retry, "tells of no change");
	is_talk(say(t, "u1|a2|u3|a4|uthis one is cut|a6|u7|a8|u9"), one.id, 5, 7,
		"and none is forgotten");
	conversations_free(t);
}

static void test_eviction(void)
{
	struct conversations *t = begin();
	struct conversation one, two;

	lim.max[LIMIT_conversations] = 2;
	one = say(t, "u1");
	two = say(t, "u2");
	is_talk(say(t, "u1|a|u"), one.id, 2, 1, "below the ceiling");
	say(t, "u3");
	is_talk(say(t, "u1|a|u|a|u"), one.id, 3, 3, "the one used last stays");
	is_int(lim.hits[LIMIT_conversations], 0, "past it, one is dropped that nobody asks for");
	ok(is_new(say(t, "u2|a|u"), two), "the longest idle one is forgotten");
	is_int(lim.hits[LIMIT_conversations], 1, "and that counts when it goes on");
	say(t, "u2|a|u|a|u");
	is_int(lim.hits[LIMIT_conversations], 1, "once");
	conversations_free(t);
	t = begin();
	lim.max[LIMIT_messages] = 4;
	one = say(t, LONG "|u9");
	ok(lim.hits[LIMIT_messages] > 0, "a long conversation's first messages are not remembered");
	is_talk(say(t, LONG "|u9|a10|u11"), one.id, 2, 9, "but its end is");
	conversations_free(t);
	t = begin();
	lim.max[LIMIT_fingerprints] = 25;
	one = say(t, LONG);
	two = say(t, "u" LONG);
	say(t, "uu" LONG);
	is_int(lim.hits[LIMIT_fingerprints], 0, "all messages have a ceiling, which costs nothing");
	ok(is_new(say(t, LONG "|u9"), one), "past it, whole conversations are forgotten");
	is_int(lim.hits[LIMIT_fingerprints], 1, "which counts when one goes on");
	for (size_t max = 1; max < 12; max++) {
		lim.max[LIMIT_fingerprints] = max;
		say(t, LONG "|u9|a10|u11");
		say(t, "u" LONG);
	}
	ok(true, "tiny ceilings");
	conversations_free(t);
}

/* What is dropped and never asked for again is no loss. */
static void test_single_turns(void)
{
	struct conversations *t = begin();
	struct exchange *late = call("ulate");
	struct conversation first = { 0 };
	char text[32];

	conversations_request(t, late);
	for (unsigned i = 0; i < 5000; i++) {
		struct conversation k;

		snprintf(text, sizeof(text), "uquestion %u", i);
		k = say(t, text);
		first = i ? first : k;
	}
	is_int(lim.hits[LIMIT_conversations], 0, "5,000 conversations of one turn lose nothing");
	conversations_answer(t, late);
	is_int(lim.hits[LIMIT_conversations], 1, "an answer whose conversation is gone counts");
	exchange_unref(late);
	ok(is_new(say(t, "uquestion 0|a|uand"), first), "so does the first of them,");
	is_int(lim.hits[LIMIT_conversations], 2, "which would have gone on");
	conversations_free(t);
}

static struct exchange *of_length(size_t count)
{
	struct exchange *x = call("");
	char text[32];

	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%c%zu", i % 2 ? 'a' : 'u', i);
		add_message(x, text);
	}
	return x;
}

static void test_long(void)
{
	struct conversations *t = begin();
	struct conversation one = play(t, of_length(10001), 200), k;

	for (size_t i = 1; i < 10; i++)
		k = play(t, of_length(10001 + 2 * i), 200);
	is_talk(k, one.id, 10, 10017, "10,000 messages");
	is_int(lim.hits[LIMIT_messages] + lim.hits[LIMIT_fingerprints], 0, "fit");
	k = play(t, of_length(20001), 200);
	is_talk(k, one.id, 11, 10019, "twice as many");
	ok(lim.hits[LIMIT_messages] > 0, "do not all");
	is_talk(play(t, of_length(20003), 200), one.id, 12, 20001, "and it goes on");
	conversations_free(t);
}

/* What comes again and again neither grows nor slows. */
static void test_hostile(void)
{
	struct conversations *t = begin();
	struct conversation k = { 0 }, one = say(t, "uping");
	struct exchange *x;

	for (unsigned i = 0; i < 20000; i++)
		k = say(t, "uping");
	is_talk(k, one.id, 1, 1, "the same in a loop");
	for (unsigned i = 0; i < 20000; i++) {
		x = call(i % 2 ? "uping|a|u1" : "uping|a|u2");
		x->tgid = i % 5000;
		x->uid = 1000 + i % 3;
		k = play(t, x, i % 7 ? 200 : 500);
	}
	ok(k.id[0] && lim.hits[LIMIT_conversations] > 0, "the same from many processes");
	x = of_length(3000);
	for (size_t i = 0; i < 3000; i++)
		buf_reset(&x->messages[i].parts[0].text);
	k = play(t, x, 200);
	ok(k.turn == 1, "3,000 empty messages");
	x = call("uhello");
	x->kind = EXCHANGE_HTTP;
	ok(!play(t, x, 200).id[0], "what is no model call has no conversation");
	ok(!play(t, call(""), 200).id[0], "nor has a call without messages");
	conversations_free(t);
}

/* What `verbose` shows of a request; the caller frees it. */
static char *shown(const struct exchange *x, bool full)
{
	struct sink_config config = { .mode = SHOW_SMART, .full = full };
	struct sink *s = NULL;
	struct error e;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	config.out = f;
	sink_verbose.open(&s, &config, &e);
	sink_verbose.request(s, x, &e);
	sink_verbose.free(s);
	fclose(f);
	return out;
}

static void test_shown(void)
{
	struct conversations *t = begin();
	struct exchange *x = call("snoon|uhello|ahi|ubye");
	AUTO_FREE char *first = NULL, *second = NULL, *full = NULL;

	with_tool(x, "hammer");
	say(t, "sit is morning|uhello");
	conversations_request(t, x);
	first = shown(x, false);
	ok(strstr(first, "Messages: 4\n  [1] system: noon\n  1 earlier message not repeated\n"
			 "  [3] assistant: hi\n  [4] user: bye\n"),
	   "a changed system message is shown");
	ok(strstr(first, " turn 2\n") && strstr(first, "hammer"), "so are turn and new tools");
	x->conversation.same_tools = true;
	x->conversation.repeated_from = 0;
	x->conversation.repeated = 4;
	second = shown(x, false);
	ok(strstr(second, "  4 earlier messages not repeated\nTools: 1 unchanged\n"),
	   "all repeated");
	full = shown(x, true);
	ok(strstr(full, "[2] user: hello\n") && strstr(full, "hammer") && !strstr(full, "repeated"),
	   "--full shows all");
	exchange_unref(x);
	conversations_free(t);
}

/* Answers that a first request carries were turns, where something proves it. */
static void test_joined_late(void)
{
	struct conversations *t = begin();
	struct exchange *x = call("uhello|ahi|uhow|afine|agood|tok|uand");
	struct conversation k;

	is_int(say(t, "uq|aexample|uq2|aexample|uask").turns_before, 0,
	       "answers that may be made up are no turns");
	x->from_middle = true;
	k = play(t, x, 200);
	is_int(k.turn, 1, "joined late: the first turn that was seen");
	is_int(k.turns_before, 2, "joined late: two answers before it");
	k = say(t, "uhello|ahi|uhow|afine|agood|tok|uand|amore|uend");
	is_int(k.turn, 2, "the next turn");
	is_int(k.turns_before, 2, "and as many before it");
	x = call("ucall it|a|t42");
	message_part(x, &x->messages[1], PART_TOOL_CALL)->id = xstrdup("call_1");
	is_int(play(t, x, 200).turns_before, 1, "a tool was called before");
	x = call("uhello again");
	with_param(x, "previous_response_id", json_string("resp_unseen"));
	is_int(play(t, x, 200).turns_before, 1, "an answer that was not seen");
	conversations_free(t);
}

int main(void)
{
	test_joined_late();
	test_growth();
	test_strangers();
	test_few_shots();
	test_retry();
	test_failed_elsewhere();
	test_titles();
	test_branch();
	test_session();
	test_sessions_alike();
	test_edited();
	test_prompt();
	test_response_id();
	test_lost_cache();
	test_partial();
	test_eviction();
	test_single_turns();
	test_long();
	test_hostile();
	test_shown();
	return tap_done();
}

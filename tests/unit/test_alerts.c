/* SPDX-License-Identifier: MIT */
/* Which calls an alert is given for, how often, and what it says. */
#include <stdlib.h>

#include "alert/alerts.h"
#include "base/xalloc.h"
#include "exchange/alerts.h"
#include "exchange/builder.h"
#include "exchange/redact.h"
#include "tests/unit/tap.h"

#define AWS "AKIAZZZZ2345ABCDEFGH"
#define DAY 86400000000000ll

/* ---- what is told ---- */

static struct buf said; /* "rule (where)", with blanks between */

static void on_alert(void *arg, const struct alert *a, const struct exchange *x)
{
	buf_addf(&said, "%s%s (%s)", said.len ? " " : "", a->rule, a->where ? a->where : "");
}

struct desk {
	struct rules rules;
	struct alerting *alerting;
	uint64_t ids;
};

static void desk_init(struct desk *d, const char *rules)
{
	struct error e = { 0 };

	*d = (struct desk){ 0 };
	ok(rules_read(&d->rules, rules, NULL, &e) == 0, "rules: %s", rules);
	d->alerting = alerting_new(&d->rules, false, on_alert, NULL);
}

static void desk_done(struct desk *d)
{
	alerting_free(d->alerting);
	rules_done(&d->rules);
}

/* ---- calls ---- */

static struct exchange *call(struct desk *d, const char *conversation)
{
	struct exchange *x = builder_new(++d->ids, 1 << 16, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->request_seen = x->request_parsed = true;
	x->tgid = 7;
	x->provider = "openai";
	x->wall_offset = 1000 * DAY;
	x->t.request_first = 1;
	set_string(&x->process, SPAN_LIT("agent"));
	set_string(&x->user, SPAN_LIT("alice"));
	set_string(&x->model_asked, SPAN_LIT("gpt-5"));
	snprintf(x->conversation.id, sizeof(x->conversation.id), "%s", conversation);
	return x;
}

static void say(struct exchange *x, const char *text)
{
	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, span_str(text));
}

static struct part *part_of(struct exchange *x, struct message *m, enum part_kind kind,
			    const char *name, const char *text)
{
	struct part *p = message_part(x, m, kind);

	set_string(&p->name, span_str(name));
	buf_adds(&p->text, text);
	return p;
}

static void use(struct exchange *x, const char *name, const char *arguments)
{
	part_of(x, request_message(x, SPAN_LIT("assistant")), PART_TOOL_CALL, name, arguments);
}

static void request(struct desk *d, struct exchange *x)
{
	alerting_before_masks(d->alerting, x);
	redact_exchange(x, NULL);
	alerting_observer.request(d->alerting, x);
}

static void end(struct desk *d, struct exchange *x)
{
	x->ended = true;
	alerting_observer.ended(d->alerting, x);
	exchange_unref(x);
}

static void expect(const char *want, const char *what)
{
	is_str(said.len ? said.ptr : "", want, "%s", what);
	buf_reset(&said);
}

/* ---- credentials ---- */

static void test_places(void)
{
	json_t *v = json_pack("{s:[s]}", "a", "x " AWS);
	struct exchange *x;
	struct tool *t;
	struct desk d;

	desk_init(&d, "secrets,/acme-[0-9]+/");
	x = call(&d, "c1");
	message_text(x, &x->system, PART_TEXT, SPAN_LIT("use " AWS));
	say(x, "acme-7 and " AWS);
	request(&d, x);
	expect("aws-key (system prompt) pattern-1 (message 1)", "the first place of each");
	is_int(x->alerts.count, 2, "which the record has");
	ok(!strstr(x->messages[0].parts[0].text.ptr, AWS), "and which is masked there");
	end(&d, x);
	expect("", "the end says nothing more");

	x = call(&d, "c2");
	part_of(x, request_message(x, SPAN_LIT("tool")), PART_TOOL_RESULT, "", "acme-8");
	use(x, "f", "{\"a\":\"" AWS "\"}");
	request(&d, x);
	expect("pattern-1 (message 1, tool result) aws-key (message 2, tool call)",
	       "of tools' calls and results");
	end(&d, x);

	x = call(&d, "c3");
	t = request_tool(x);
	set_string(&t->name, SPAN_LIT("f"));
	t->schema = json_incref(v);
	request_param(x, "metadata", v);
	request(&d, x);
	expect("aws-key (tool 1)", "of tools");
	end(&d, x);

	x = call(&d, "c4");
	request_param(x, "metadata", v);
	request(&d, x);
	expect("aws-key (parameters)", "of what else there is");
	end(&d, x);

	x = call(&d, "c5");
	x->kind = EXCHANGE_HTTP;
	say(x, AWS);
	request(&d, x);
	end(&d, x);
	expect("", "of calls to models alone");
	json_decref(v);
	desk_done(&d);
}

static void one(struct desk *d, const char *conversation, uint32_t tgid, const char *text)
{
	struct exchange *x = call(d, conversation);

	x->tgid = tgid;
	say(x, text);
	request(d, x);
	end(d, x);
}

static void test_once(void)
{
	struct exchange *x;
	struct desk d;

	desk_init(&d, "secrets");
	one(&d, "c1", 1, AWS);
	expect("aws-key (message 1)", "it is told");
	one(&d, "c1", 1, AWS);
	one(&d, "c1", 2, AWS);
	expect("", "once of a conversation");
	one(&d, "c2", 1, AWS);
	expect("aws-key (message 1)", "and of another one");
	one(&d, "c1", 1, "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");
	expect("github-token (message 1)", "and another rule of the same");
	one(&d, "", 1, AWS);
	one(&d, "", 1, AWS);
	one(&d, "", 2, AWS);
	expect("aws-key (message 1) aws-key (message 1)", "without one, once of a process");

	/* Of a replay only the end is told. */
	x = call(&d, "c9");
	say(x, AWS);
	alerting_before_masks(d.alerting, x);
	redact_exchange(x, NULL);
	end(&d, x);
	expect("aws-key (message 1)", "at the end, if nothing came before");
	desk_done(&d);
}

/* ---- loops ---- */

static void answer(struct exchange *x, const char *arguments)
{
	answer_text(x, 0, PART_TEXT, SPAN_LIT("well"));
	part_of(x, &x->choices[0].msg, PART_TOOL_CALL, "ls", arguments);
}

static void test_loops(void)
{
	struct exchange *x;
	struct desk d;

	desk_init(&d, "loop:3");
	x = call(&d, "c1");
	say(x, "go");
	use(x, "ls", "{\"a\":1}");
	use(x, "ls", "{\"a\":2}");
	use(x, "cat", "{\"a\":1}");
	use(x, "ls", "{\"a\":1}");
	request(&d, x);
	expect("", "twice is not three times");
	use(x, "ls", "{\"a\":1}");
	use(x, "ls", "{\"a\":1}");
	x->judged = false;
	request(&d, x);
	expect("loop:3 (message 6, tool call)", "the third");
	end(&d, x);

	/* Where the provider keeps the conversation. */
	for (unsigned i = 0; i < 4; i++) {
		x = call(&d, "c2");
		say(x, "on");
		request(&d, x);
		answer(x, "{}");
		end(&d, x);
		expect(i == 2 ? "loop:3 (answer, tool call)" : "", "of answers");
	}
	for (unsigned i = 0; i < 4; i++) {
		x = call(&d, i % 2 ? "c3" : "c4");
		answer(x, "{}");
		end(&d, x);
	}
	expect("", "each conversation by itself");
	desk_done(&d);
}

/* ---- budgets ---- */

static void spend(struct desk *d, const char *user, const char *program, const char *conversation,
		  double usd, int day)
{
	struct exchange *x = call(d, conversation);

	free(x->user);
	x->user = xstrdup(user);
	free(x->process);
	x->process = xstrdup(program);
	x->wall_offset += day * DAY;
	x->cost.usd = usd;
	x->cost.source = COST_TABLE;
	request(d, x);
	end(d, x);
}

static void test_budgets(void)
{
	struct exchange *x;
	struct desk d;

	desk_init(&d, "budget:user=5,budget:user=9,budget:conversation=4");
	spend(&d, "alice", "a", "c1", 3, 0);
	spend(&d, "bob", "a", "c2", 3, 0);
	expect("", "within all budgets");
	spend(&d, "alice", "b", "c3", 2.5, 0);
	expect("budget:user=5 ($5.50 today)", "past one");
	spend(&d, "alice", "b", "c3", 2, 0);
	expect("budget:conversation=4 ($4.50 today)", "past another one, and the first once only");
	spend(&d, "alice", "b", "c4", 2, 0);
	expect("budget:user=9 ($9.50 today)", "past the second of the user's");
	spend(&d, "alice", "b", "c5", 4, 1);
	expect("", "another day");
	spend(&d, "alice", "b", "c6", 4, 1);
	expect("budget:user=5 ($8.00 today)", "which has its own");
	desk_done(&d);

	desk_init(&d, "budget:program=1,budget:all=2");
	spend(&d, "alice", "a", "c1", 0.8, 0);
	spend(&d, "bob", "a", "c2", 0.8, 0);
	expect("budget:program=1 ($1.60 today)", "of a program, whoever runs it");
	spend(&d, "bob", "b", "c2", 0.8, 0);
	expect("budget:all=2 ($2.40 today)", "of all together");
	for (int i = 0; i < 3; i++) {
		x = call(&d, "c9");
		x->cost.usd = 100;
		x->cost.source = i == 0 ? COST_UNKNOWN : COST_TABLE;
		x->twin_of = i == 1 ? 5 : 0;
		x->via.tgid = i == 2 ? 6 : 0;
		end(&d, x);
	}
	expect("", "what is unknown, or counted for another record, is not spent");
	desk_done(&d);
}

/* ---- what was before ---- */

struct past {
	unsigned asked;
	int64_t since_ns, until_ns;
	const struct exchange *told; /* NULL: nothing */
};

static void on_day(void *arg, struct alerting *a, int64_t since_ns, int64_t until_ns)
{
	struct past *p = arg;

	p->since_ns = since_ns;
	p->until_ns = until_ns;
	if (p->asked++)
		return;
	alerting_spent(a, BUDGET_USER, "alice", 3);
	alerting_spent(a, BUDGET_USER, "7", 1);
	alerting_spent(a, BUDGET_PROGRAM, "a", 2);
	if (p->told)
		alerting_told(a, p->told);
}

static void test_past_sums(void)
{
	struct past p = { 0 };
	struct exchange *x;
	struct desk d;

	desk_init(&d, "budget:user=5,budget:program=9");
	alerting_set_past(d.alerting, on_day, &p);
	alerting_begin_day(d.alerting, 1000 * DAY);
	is_int(p.asked, 1, "a day that begins is asked for");
	ok(p.since_ns <= 1000 * DAY && 1000 * DAY < p.until_ns, "which the moment is in");
	spend(&d, "alice", "b", "c1", 2.5, 0);
	expect("budget:user=5 ($5.50 today)", "what was spent before counts");
	spend(&d, "bob", "a", "c2", 4, 0);
	expect("", "for whom it was");
	is_int(p.asked, 1, "once");
	x = call(&d, "c3");
	free(x->user);
	x->user = NULL;
	x->uid = 7;
	x->cost.usd = 4.5;
	x->cost.source = COST_TABLE;
	end(&d, x);
	expect("budget:user=5 ($5.50 today)", "a user without a name goes by number");
	spend(&d, "alice", "a", "c4", 4, 2);
	expect("", "another day");
	is_int(p.asked, 2, "is asked for too");
	desk_done(&d);
}

static void ask_in(struct desk *d, const char *session, const char *text, const char *before)
{
	static unsigned talks;
	char talk[16];
	struct exchange *x;

	snprintf(talk, sizeof(talk), "n%u", ++talks);
	x = call(d, talk);
	set_string(&x->conversation.session, span_str(session));
	if (before)
		say(x, before);
	say(x, text);
	request(d, x);
	end(d, x);
}

static void test_past_alerts(void)
{
	struct desk d;
	struct exchange *x;
	struct past p = { 0 };

	desk_init(&d, "secrets,budget:user=4");
	x = call(&d, "c1");
	set_string(&x->conversation.session, SPAN_LIT("s1"));
	alerts_add(&x->alerts, "aws-key", "message 1");
	alerts_add(&x->alerts, "budget:user=4", "$4.50 today");
	p.told = x;
	alerting_set_past(d.alerting, on_day, &p);
	ask_in(&d, "s1", "use " AWS, NULL);
	expect("", "what was told of a session is not told again");
	ask_in(&d, "s1", "use " AWS, "hello");
	expect("aws-key (message 2)", "in another place it is");
	ask_in(&d, "s2", "use " AWS, NULL);
	expect("aws-key (message 1)", "and of another session");
	spend(&d, "alice", "a", "c2", 2, 0);
	expect("", "nor is a budget");
	spend(&d, "alice", "a", "c2", 5, 1);
	expect("budget:user=4 ($5.00 today)", "of that day");
	desk_done(&d);

	p.asked = 0;
	desk_init(&d, "secrets");
	alerting_free(d.alerting);
	d.alerting = alerting_new(&d.rules, true, on_alert, NULL);
	alerting_set_past(d.alerting, on_day, &p);
	ask_in(&d, "s1", "use " AWS, NULL);
	expect("aws-key (message 1)", "a recording is told of anew");
	desk_done(&d);
	exchange_unref(x);
}

/* ---- lists ---- */

static void ask(struct desk *d, const char *model, const char *provider, const char *conversation)
{
	struct exchange *x = call(d, conversation);

	free(x->model_asked);
	x->model_asked = model ? xstrdup(model) : NULL;
	x->provider = provider;
	request(d, x);
	end(d, x);
}

static void test_lists(void)
{
	struct exchange *x;
	struct desk d;

	desk_init(&d, "model-not:gpt-5*|claude-*,provider-not:openai");
	ask(&d, "gpt-5-mini", "openai", "c1");
	ask(&d, "Claude-opus", "openai", "c1");
	expect("", "what is on the lists");
	ask(&d, "gpt-4o", "openai", "c1");
	expect("model-not (model gpt-4o)", "a model that is not");
	ask(&d, "gpt-4o", "groq", "c1");
	expect("provider-not (provider groq)", "a provider that is not");
	ask(&d, "gpt-5", NULL, "c2");
	expect("provider-not (provider unknown)", "or is not known");
	ask(&d, "\x1b[2J", "openai", "c3");
	expect("model-not (model \\x1b[2J)", "names are safe for terminals");
	ask(&d, NULL, "openai", "c4");
	expect("", "no model, no alert");
	x = call(&d, "c5");
	free(x->model_asked);
	x->model_asked = NULL;
	request(&d, x);
	set_string(&x->model_answered, SPAN_LIT("llama"));
	end(&d, x);
	expect("model-not (model llama)", "some name it only in the answer");
	desk_done(&d);
}

int main(void)
{
	buf_init(&said, 1 << 16);
	test_places();
	test_once();
	test_loops();
	test_budgets();
	test_past_sums();
	test_past_alerts();
	test_lists();
	buf_done(&said);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* What an output hides besides credentials: content, and what matches patterns. */
#include <stdlib.h>

#include "exchange/builder.h"
#include "exchange/redact.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

/* ---- settings ---- */

static void test_settings(void)
{
	static const char *const bad[] = { "", "all", "/", "//", "/(/", "/a" };
	struct redact_policy p = { 0 };
	struct error e;

	is_int(redact_policy_add(&p, "credentials", &e), 0, "credentials");
	ok(redact_policy_is_empty(&p), "asks for nothing more");
	is_int(redact_policy_add(&p, "content", &e), 0, "content");
	ok(p.content && !redact_policy_is_empty(&p), "asks for more");
	is_int(redact_policy_add(&p, "/acme-[0-9]+/", &e), 0, "a pattern");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(redact_policy_add(&p, bad[i], &e) < 0 && e.text[0], "\"%s\" is refused: %s",
		   bad[i], e.text);
	redact_policy_done(&p);
	ok(redact_policy_is_empty(&p), "a policy that is done with is empty");
}

/* ---- patterns ---- */

struct sink {
	struct pattern_stream *s;
	struct buf out;
};

static void on_piece(void *arg, struct span s)
{
	struct sink *k = arg;

	pattern_stream_feed(k->s, s, &k->out);
}

static void check_pattern(const struct patterns *p, const char *name, struct span text,
			  const char *want)
{
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct sink k = { .s = pattern_stream_new(p) };

		buf_init(&k.out, 1 << 20);
		cut_feed(way, text, on_piece, &k);
		pattern_stream_end(k.s, &k.out);
		ok(k.out.ptr && strcmp(k.out.ptr, want) == 0, "%s, %s", name, cut_name(way));
		buf_done(&k.out);
		pattern_stream_free(k.s);
	}
}

static void test_patterns(void)
{
	struct patterns *p = patterns_new();
	struct buf text, want;
	struct error e;

	is_int(patterns_add(p, "acme-[0-9]+", &e), 0, "a pattern");
	is_int(patterns_add(p, "^secret.*$", &e), 0, "one of whole lines");
	is_int(patterns_add(p, "x*", &e), 0, "one that may match nothing");
	check_pattern(p, "lines", SPAN_LIT("an acme-12 and\nsecret: a b\n a secret\nacme-1\nxx-"),
		      "an *** and\n***\n a secret\n***\n***-");
	check_pattern(p, "no text but a line's end", SPAN_LIT("\n"), "\n");
	buf_init(&text, 1 << 20);
	buf_init(&want, 1 << 20);
	/* A match at each place of a long line, windows' ends among them. */
	for (unsigned i = 0; i < 3000; i++) {
		buf_adds(&text, i % 7 ? "words, " : "acme-1234567890 ");
		buf_adds(&want, i % 7 ? "words, " : "*** ");
	}
	check_pattern(p, "a long line", buf_span(&text), want.ptr);
	buf_done(&text);
	buf_done(&want);
	patterns_free(p);
}

/* ---- a record ---- */

#define WORD "a planted acme-77 word"

/* A record with the word wherever there is text. */
static struct exchange *make(void)
{
	struct exchange *x = builder_new(1, 1 << 16, NULL, NULL);
	json_t *v = json_pack("{s:s, s:[s], s:i}", "a", WORD, "b", WORD, "n", 5);
	json_t *s = json_string(WORD);
	struct tool *t;

	set_string(&x->target, SPAN_LIT("/v1/x?q=" WORD));
	set_string(&x->cmdline, SPAN_LIT("claude -p " WORD));
	set_string(&x->process, SPAN_LIT("claude"));
	set_string(&x->model_asked, SPAN_LIT("model-1"));
	set_string(&x->conversation.session, SPAN_LIT("acme-5"));
	x->usage.input = 7;
	message_text(x, &x->system, PART_TEXT, SPAN_LIT(WORD));
	message_text(x, request_message(x, SPAN_LIT("user")), PART_TOOL_RESULT, SPAN_LIT(WORD));
	t = request_tool(x);
	set_string(&t->name, SPAN_LIT("tool-1"));
	set_string(&t->description, SPAN_LIT(WORD));
	t->schema = json_incref(v);
	request_param(x, "metadata", v);
	answer_text(x, 0, PART_TEXT, SPAN_LIT(WORD));
	answer_finish(x, 0, SPAN_LIT("stop"), FINISH_STOP);
	answer_error(x, NULL, NULL, s);
	answer_end(x);
	buf_adds(&x->request_body.text, WORD);
	buf_adds(&x->response_body.text, WORD);
	json_decref(v);
	json_decref(s);
	return x;
}

/* All texts of a record, a line each. */
static void list_texts(const struct exchange *x, struct buf *out)
{
	char *schema = json_dumps(x->tools[0].schema, JSON_COMPACT | JSON_ENCODE_ANY);
	char *param = json_dumps(x->params[0].value, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *const texts[] = { x->target,
				      x->cmdline,
				      x->process,
				      x->model_asked,
				      x->conversation.session,
				      x->system.parts[0].text.ptr,
				      x->messages[0].parts[0].text.ptr,
				      x->tools[0].name,
				      x->tools[0].description,
				      schema,
				      param,
				      x->choices[0].msg.parts[0].text.ptr,
				      x->choices[0].finish_raw,
				      x->error->message,
				      x->request_body.text.ptr,
				      x->response_body.text.ptr };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_adds(out, texts[i]);
		buf_addc(out, '\n');
	}
	free(schema);
	free(param);
}

static void check_policy(const struct redact_policy *p, const char *want, const char *what)
{
	struct exchange *x = make();
	struct buf once, twice;

	buf_init(&once, 1 << 16);
	buf_init(&twice, 1 << 16);
	redact_exchange(x, p);
	list_texts(x, &once);
	is_str(once.ptr, want, "%s", what);
	redact_exchange(x, p);
	list_texts(x, &twice);
	is_str(twice.ptr, once.ptr, "%s, again: nothing changes", what);
	is_int(x->usage.input, 7, "tokens stay");
	buf_done(&once);
	buf_done(&twice);
	exchange_unref(x);
}

/* The digests are sha256sum's. */
#define SIZE "[22 bytes, sha256 72f041d2fa627056]\n"
#define JSON "\"[67 bytes, sha256 3e804b7ea6cc9852]\"\n"

static void test_record(void)
{
	struct redact_policy content = { .content = true }, patterns = { 0 };
	struct error e;

	check_policy(
		&content,
		"/v1/x?[24 bytes, sha256 e4217890905b773f]\n"
		"claude [25 bytes, sha256 cf1f1b116b4765b9]\nclaude\nmodel-1\nacme-5\n" SIZE SIZE
		"tool-1\n" SIZE JSON "{\"a\":\"[22 bytes, sha256 72f041d2fa627056]\","
		"\"b\":[\"[22 bytes, sha256 72f041d2fa627056]\"],\"n\":5}\n" SIZE
		"stop\n" SIZE SIZE SIZE,
		"content");
	is_int(redact_policy_add(&patterns, "/acme-[0-9]+/", &e), 0, "a pattern");
	check_policy(
		&patterns,
		"/v1/x?q=a planted *** word\nclaude -p a planted *** word\nclaude\nmodel-1\n***\n"
		"a planted *** word\na planted *** word\ntool-1\na planted *** word\n"
		"{\"a\":\"a planted *** word\",\"b\":[\"a planted *** word\"],\"n\":5}\n"
		"{\"a\":\"a planted *** word\",\"b\":[\"a planted *** word\"],\"n\":5}\n"
		"a planted *** word\nstop\na planted *** word\na planted *** word\n"
		"a planted *** word\n",
		"patterns");
	redact_policy_done(&patterns);
}

static void test_deltas(void)
{
	struct redact_policy patterns = { 0 }, content = { .content = true };
	struct redact_deltas *d;
	struct buf out[2];
	unsigned choice;
	struct error e;
	size_t part;

	redact_policy_add(&patterns, "/acme-[0-9]+/", &e);
	d = redact_deltas_new(&patterns);
	buf_init(&out[0], 1000);
	buf_init(&out[1], 1000);
	redact_deltas_feed(d, 0, 0, SPAN_LIT("an ac"), &out[0]);
	redact_deltas_feed(d, 0, 1, SPAN_LIT("other acme-"), &out[1]);
	redact_deltas_feed(d, 0, 0, SPAN_LIT("me-12 and\n ac"), &out[0]);
	redact_deltas_feed(d, 0, 1, SPAN_LIT("5\n"), &out[1]);
	is_str(out[0].ptr, "an *** and\n", "a line is shown when it is whole");
	is_str(out[1].ptr, "other ***\n", "parts are matched apart");
	is_int(redact_deltas_end(d, &choice, &part, &out[1]) + (int)part, 2, "the last part first");
	is_int(redact_deltas_end(d, &choice, &part, &out[0]) + (int)part, 1, "then the other");
	ok(!redact_deltas_end(d, &choice, &part, &out[0]), "then none");
	is_str(out[0].ptr, "an *** and\n ac", "what was held back is shown at the end");
	redact_deltas_free(d);
	d = redact_deltas_new(&content);
	buf_reset(&out[0]);
	redact_deltas_feed(d, 0, 0, SPAN_LIT("text"), &out[0]);
	is_int(out[0].len, 0, "no content is shown as it comes");
	redact_deltas_free(d);
	buf_done(&out[0]);
	buf_done(&out[1]);
	redact_policy_done(&patterns);
}

int main(void)
{
	test_settings();
	test_patterns();
	test_record();
	test_deltas();
	return tap_done();
}

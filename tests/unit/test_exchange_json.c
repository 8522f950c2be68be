/* SPDX-License-Identifier: MIT */
/* What test_cases.c has no traffic for: members that a limit sets, and JSON that is no record. With
 * a file of records, they are read back. */
#include "exchange/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/read.h"
#include "json/write.h"
#include "tests/unit/keep_record.h"

static struct exchange *read_line(const char *line, struct error *reterr)
{
	json_t *v = json_read_own(span_str(line));
	struct exchange *x = exchange_from_json(v, reterr);

	json_decref(v);
	return x;
}

static char *line_of(const struct exchange *x)
{
	json_t *v = exchange_to_json(x, EXCHANGE_JSON_BODIES);
	char *line = json_write_text(v);

	json_decref(v);
	return line;
}

/* A record whose members all have the least that is allowed, with `more` before the end. */
static char *least(const char *more)
{
	return xasprintf("{\"v\":1,\"id\":7,\"kind\":\"llm\"%s%s}", *more ? "," : "", more);
}

static void check_taken(const char *more, const char *part_of_line)
{
	AUTO_FREE char *line = least(more);
	struct error e = { 0 };
	struct exchange *x = read_line(line, &e);
	AUTO_FREE char *out = x ? line_of(x) : NULL;
	struct exchange *again = out ? read_line(out, &e) : NULL;
	AUTO_FREE char *out2 = again ? line_of(again) : NULL;

	ok(out && strstr(out, part_of_line), "%s is read and written again: %s", more, e.text);
	is_str(out2, out, "and is the same after another time");
	if (out && !strstr(out, part_of_line))
		printf("#   got %s\n", out);
	if (out)
		keep_record(out);
	exchange_unref(x);
	exchange_unref(again);
}

static void check_refused(const char *more, const char *why)
{
	AUTO_FREE char *line = least(more);
	struct error e = { 0 };
	struct exchange *x = read_line(line, &e);

	ok(!x && e.code == -EPROTO && strstr(e.text, why), "%s is refused: %s", more, e.text);
	exchange_unref(x);
}

static void test_taken(void)
{
	check_taken("", "\"usage\":{\"input\":null");
	check_taken("\"process\":{\"pid\":1,\"user\":\"bob\",\"script\":\"agent.py\","
		    "\"container\":{\"runtime\":\"docker\",\"id\":\"ab\",\"name\":\"web\",\"pod\":"
		    "\"ns/p\",\"unit\":\"a.service\"}}",
		    "\"container\":{\"runtime\":\"docker\",\"id\":\"ab\",\"name\":\"web\",\"pod\":"
		    "\"ns/p\",\"unit\":\"a.service\"}");
	check_taken("\"process\":{\"pid\":4,\"parent\":9,\"ancestors\":[3,2,1]}",
		    "\"pid\":4,\"parent\":3,\"ancestors\":[3,2,1]");
	check_taken("\"process\":{\"pid\":4,\"parent\":9}",
		    "\"pid\":4,\"parent\":null,\"ancestors\":[]");
	check_taken("\"conversation\":{\"session\":\"s\",\"title\":\"Fix it.\"}",
		    "\"title\":\"Fix it.\"");
	check_taken("\"no_such_member\":{\"a\":[1]}", "\"id\":7");
	check_taken("\"request\":{\"messages\":[{\"role\":\"tool\",\"parts\":[{\"kind\":\"tool_"
		    "result\","
		    "\"is_error\":true,\"cut\":true,\"text\":\"a\\u0000b\"}]}]}",
		    "\"is_error\":true,\"cut\":true,\"text\":\"a\\u0000b\"");
	check_taken("\"response\":{\"body\":{\"kept\":9,\"binary\":true}}", "\"binary\":true");
	check_taken("\"times\":{\"monotonic_ns\":7},\"response\":{\"body\":{\"kept\":4,\"text\":"
		    "\"a\\nb\\n\",\"arrivals\":[[1,5],[2,5]]}}",
		    "\"arrivals\":[[1,5],[2,5]]");
	check_taken("\"response\":{\"body\":{\"kept\":9,\"decoded\":10,\"cut\":true}}",
		    "\"kept\":9,\"cut\":true,");
	check_taken("\"response\":{\"body\":{\"gap_count\":9,\"gaps\":[{\"offset\":1,\"bytes\":2},{"
		    "},{},{},"
		    "{},{},{},{}]}}",
		    "\"gap_count\":9,\"gaps\":[{\"offset\":1,\"bytes\":2},");
	check_taken("\"http\":{\"request_headers\":[[\"A\",\"\"],[\"a\",\"b\"]]}",
		    "[[\"A\",\"\"],[\"a\",\"b\"]]");
	check_taken("\"process\":{\"pid\":4294967295},\"connection\":{\"id\":\"4294967295-"
		    "ffffffffffffffff-fffffffffffffffe\"}",
		    "4294967295-ffffffffffffffff-fffffffffffffffe");
	check_taken("\"times\":{\"start\":\"2026-11-24T14:02:11.093481223Z\",\"monotonic_ns\":5,"
		    "\"first_token_ns\":9223372036854775806}",
		    "\"first_token_ns\":9223372036854775806");
	check_taken("\"request\":{\"key\":{\"id\":\"00ff00ff00ff00ff\",\"hint\":\"sk-ant-\"}}",
		    "\"key\":{\"id\":\"00ff00ff00ff00ff\",\"hint\":\"sk-ant-\"}");
	check_taken("\"alerts\":[{\"rule\":\"aws-key\",\"where\":\"message 1\"},{\"rule\":\"x\"}]",
		    "\"alerts\":[{\"rule\":\"aws-key\",\"where\":\"message 1\"},"
		    "{\"rule\":\"x\",\"where\":null}]");
	check_taken("\"cost\":{\"usd\":0.1,\"source\":\"table\",\"input_usd\":1e-300}",
		    "\"usd\":0.1,");
}

/* An answer at 09:00:00.5 with these header fields. */
static void check_wait(const char *name, const char *value, const char *want)
{
	AUTO_FREE char *more = xasprintf(
		"\"times\":{\"start\":\"2026-11-29T09:00:00.000000000Z\",\"monotonic_ns\":5,"
		"\"response_first_ns\":500000000},\"request\":{\"seen\":true},"
		"\"http\":{\"response_headers\":[[\"%s\",\"%s\"]]}",
		name, value);
	AUTO_FREE char *part = xasprintf("\"retry_after\":%s,", want);

	check_taken(more, part);
}

static void test_wait(void)
{
	check_wait("Retry-After", "20", "20.0");
	check_wait("retry-after", " 0 ", "0.0");
	check_wait("retry-after-ms", "1250", "1.25");
	check_wait("x-ms-retry-after-ms", "7", "0.007");
	check_wait("Retry-After", "Sun, 29 Nov 2026 09:00:21 GMT", "20.5");
	check_wait("Retry-After", "Sun, 29 Nov 2026 08:59:59 GMT", "0.0");
	check_wait("Retry-After", "Sun, 29 Nov 2026 09:00:21 CET", "null");
	check_wait("Retry-After", "Sun, 29 Non 2026 09:00:21 GMT", "null");
	check_wait("Retry-After", "Sunday, 29-Nov-26 09:00:21 GMT", "null");
	check_wait("Retry-After", "-1", "null");
	check_wait("Retry-After", "", "null");
	check_wait("Retry-After", "1.5", "null");
	check_wait("Retry-After", "99999999999999999999", "null");
}

static void test_durations(void)
{
	const char *times = "\"request\":{\"seen\":true},\"response\":{\"stream\":true},"
			    "\"times\":{\"monotonic_ns\":5,\"first_token_ns\":1234567,"
			    "\"response_last_ns\":2000000}";

	check_taken(times, "\"duration_ms\":2.0,\"ttft_ms\":1.234,");
	check_taken("\"request\":{\"parsed\":true,\"messages\":[{\"role\":\"a\",\"parts\":[]},"
		    "{\"role\":\"b\",\"parts\":[]}]},\"conversation\":{\"id\":"
		    "\"0123456789abcdef\",\"turn\":2,\"repeated\":1}",
		    "\"new_messages\":1,");
}

static void test_refused(void)
{
	check_refused("\"process\":[]", "process");
	check_refused("\"process\":{\"pid\":4294967296}", "pid");
	check_refused("\"process\":{\"pid\":\"7\"}", "pid");
	check_refused("\"api\":7", "api");
	check_refused("\"complete\":1,\"lost_events\":1", "lost_events");
	check_refused("\"http\":{\"request_headers\":[[\"A\"]]}", "request_headers");
	check_refused("\"http\":{\"request_headers\":[[\"A\",null]]}", "request_headers");
	check_refused("\"request\":{\"body\":{\"sha256\":\"abc\"}}", "sha256");
	check_refused("\"request\":{\"body\":{\"state\":\"half\"}}", "state");
	check_refused("\"request\":{\"body\":{\"gap_count\":1}}", "gaps");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[1]]}}", "arrivals");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[1,2.5]]}}", "arrivals");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[0,1]]}}", "arrivals");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[2,5],[2,6]]}}", "arrivals");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[2,5],[3,4]]}}", "arrivals");
	check_refused("\"response\":{\"body\":{\"arrivals\":[[-2,5]]}}", "arrivals");
	check_refused("\"request\":{\"messages\":[7]}", "messages");
	check_refused("\"request\":{\"params\":[]}", "params");
	check_refused("\"conversation\":{\"repeated\":1}", "repeated");
	check_refused("\"conversation\":{\"id\":\"0123456789ABCDEF\"}", "id");
	check_refused("\"usage\":{\"input\":-1}", "input");
	check_refused("\"usage\":{\"input\":1e3}", "input");
	check_refused("\"usage\":{\"input\":9223372036854775807}", "input");
	check_refused("\"cost\":{\"usd\":\"1\"}", "usd");
	check_refused("\"times\":{\"start\":\"2026-11-24T14:02:11Z\"}", "start");
	check_refused("\"times\":{\"start\":\"2026-11-24T14:02:11.09348122xZ\"}", "start");
	check_refused("\"times\":{\"start\":\"9999-11-24T14:02:11.093481223Z\"}", "start");
	check_refused("\"connection\":{\"id\":\"7-x\"}", "id");
}

static void check_no_record(const char *line, int code)
{
	struct error e = { 0 };
	struct exchange *x = read_line(line, &e);

	ok(!x && e.code == code, "%.40s is no record: %s", line, e.text);
	exchange_unref(x);
}

static void test_no_records(void)
{
	check_no_record("null", -EPROTO);
	check_no_record("7", -EPROTO);
	check_no_record("[]", -EPROTO);
	check_no_record("{}", -EPROTO);
	check_no_record("{\"v\":1,\"id\":1}", -EPROTO);
	check_no_record("{\"v\":1,\"id\":1,\"kind\":\"smtp\"}", -EPROTO);
	check_no_record("{\"v\":2,\"id\":1,\"kind\":\"llm\"}", -ENOTSUP);
}

/* Deeper than any text that jansson reads. */
static void test_depth(void)
{
	json_t *v = json_pack("{s:i, s:i, s:s}", "v", 1, "id", 1, "kind", "llm"), *at = v;
	struct error e = { 0 };

	for (int i = 0; i < 100000; i++) {
		json_t *next = json_array();

		if (i == 0)
			json_object_set_new(at, "params", next);
		else
			json_array_append_new(at, next);
		at = next;
	}
	ok(!exchange_from_json(v, &e) && e.code == -EPROTO, "100000 arrays in each other: %s",
	   e.text);
	/* json_decref recurses: take it apart from the top. */
	for (at = json_incref(json_object_get(v, "params")), json_decref(v); at;) {
		json_t *next = json_incref(json_array_get(at, 0));

		json_array_clear(at);
		json_decref(at);
		at = next;
	}
}

/* The records of a file, or of standard input: test_recordings.py. */
static void test_file(const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (f && (len = getline(&line, &size, f)) > 0) {
		struct error e = { 0 };
		struct exchange *x;
		AUTO_FREE char *out = NULL;

		line[strcspn(line, "\n")] = '\0';
		x = read_line(line, &e);
		out = x ? line_of(x) : NULL;
		ok(out && strcmp(out, line) == 0, "%.60s is the same after it %s", line, e.text);
		exchange_unref(x);
	}
	free(line);
	if (f && f != stdin)
		fclose(f);
}

/* A copy outlives what its record was charged to. */
static void test_charged(void)
{
	struct limits lim = { .memory = 100 };
	struct exchange *x = exchange_new(1, 1000), *copy;

	exchange_charge(x, &lim, 100);
	copy = exchange_copy(x, EXCHANGE_CONTENT);
	exchange_unref(copy);
	is_int(limits_memory(&lim), 100, "a copy gives back no memory");
	copy = exchange_copy(x, 0);
	exchange_unref(x);
	is_int(limits_memory(&lim), 0, "its record does, once");
	exchange_unref(copy);
	is_int(limits_memory(&lim), 0, "and nobody again");
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		test_file(argv[1]);
		return tap_done();
	}
	test_taken();
	test_wait();
	test_durations();
	test_refused();
	test_no_records();
	test_depth();
	test_charged();
	return tap_done();
}

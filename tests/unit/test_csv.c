/* SPDX-License-Identifier: MIT */
/* The csv sink writes tests/unit/csv.golden of the records beside tests/fuzz/corpus/record, and of
 * texts that a spreadsheet would run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "json/read.h"
#include "sink/sink.h"
#include "tests/unit/tap.h"

static char *slurp(const char *dir, const char *name)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (f && getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

static void write_record(struct sink *s, const char *text)
{
	json_t *v = json_read_own(span_str(text));
	struct error e = { 0 };
	struct exchange *x = exchange_from_json(v, &e);

	if (ok(x != NULL, "a record is read %s", e.text))
		ok(sink_csv.end(s, x, &e) == 0, "and written");
	exchange_unref(x);
	json_decref(v);
}

static void write_corpus(struct sink *s, const char *dir)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		AUTO_FREE char *text =
			entries[i]->d_name[0] != '.' ? slurp(dir, entries[i]->d_name) : NULL;

		if (text)
			write_record(s, text);
		free(entries[i]);
	}
	free(entries);
}

static void write_hostile(struct sink *s)
{
	static const char *const models[] = {
		"=HYPERLINK(\\\"http://x\\\")",
		"+1",
		"-1",
		"@SUM(A1)",
		"'quoted",
		"\\uff1d1",
		"a,b \\\"c\\\"",
		"two\\nlines\\r\\u001b[2Jand\\ttabs\\u009b31m",
		"",
		" =1",
	};

	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
		AUTO_FREE char *text = xasprintf(
			"{\"v\":1,\"id\":%zu,\"kind\":\"llm\",\"request\":{\"model\":\"%s\"},"
			"\"usage\":{\"input\":0},\"cost\":{\"source\":\"local\",\"usd\":0}}",
			i, models[i]);

		write_record(s, text);
	}
	/* The server's view of a call that has two records is no row. */
	write_record(s, "{\"v\":1,\"id\":99,\"kind\":\"llm\",\"twin_of\":1}");
	write_record(s, "{\"v\":1,\"id\":98,\"kind\":\"llm\",\"alerts\":["
			"{\"rule\":\"aws-key\",\"where\":\"message 2\"},{\"rule\":\"loop:3\"}]}");
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir") ? getenv("srcdir") : ".";
	AUTO_FREE char *corpus = xasprintf("%s/tests/fuzz/corpus/record", srcdir);
	AUTO_FREE char *want = slurp(srcdir, "tests/unit/csv.golden");
	AUTO_FREE char *got = NULL;
	struct sink_config c = { 0 };
	struct sink *s = NULL;
	struct error e;
	size_t len;

	c.out = open_memstream(&got, &len);
	ok(sink_csv.open(&s, &c, &e) == 0, "the table is begun");
	write_corpus(s, corpus);
	write_hostile(s);
	sink_csv.free(s);
	fclose(c.out);
	is_str(got, want, "it is as tests/unit/csv.golden");
	if (argc > 1)
		fputs(got, stderr);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* The reader of JSON against jansson's own, in one process: bytes a second of processor time, the
 * best of several turns of each, one after the other. jansson has its memory of malloc, the reader
 * of the pool, as in llm-spy. The texts are of the shapes that calls to models have. With the name
 * of a file: seconds that jansson takes for its lines, to compare a replay with. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "json/pool.h"
#include "json/read.h"

#define TURNS 10
#define BYTES (10u << 20) /* to read in a turn, at least */

static json_malloc_t pool_take;
static json_free_t pool_put;

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_by_jansson(struct span text)
{
	json_decref(json_loadb((const char *)text.ptr, text.len, JSON_ALLOW_NUL, NULL));
}

static void read_by_us(struct span text)
{
	bool partial;

	json_decref(json_read(NULL, text, &partial));
}

static double seconds(void (*read_text)(struct span), struct span text, unsigned times)
{
	double begin = cpu();

	for (unsigned i = 0; i < times; i++)
		read_text(text);
	return cpu() - begin;
}

static void compare(const char *name, const struct buf *b)
{
	struct span text = buf_span(b);
	unsigned times = (unsigned)(BYTES / text.len) + 1;
	double theirs = INFINITY, ours = INFINITY, bytes = (double)text.len * times;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		json_set_alloc_funcs(malloc, free);
		theirs = fmin(theirs, seconds(read_by_jansson, text, times));
		json_set_alloc_funcs(pool_take, pool_put);
		ours = fmin(ours, seconds(read_by_us, text, times));
	}
	printf("%-24s %8.0f MB/s %8.0f MB/s   %6.1f times\n", name, bytes / theirs / 1e6,
	       bytes / ours / 1e6, theirs / ours);
}

static void prompt(struct buf *b, const char *line)
{
	buf_adds(b, "{\"model\":\"m\",\"messages\":[");
	for (unsigned i = 0; i < 100; i++) {
		buf_adds(b, i ? ",{\"role\":\"user\",\"content\":\""
			      : "{\"role\":\"user\",\"content\":\"");
		for (unsigned k = 0; k < 100; k++)
			buf_adds(b, line);
		buf_adds(b, "\"}");
	}
	buf_adds(b, "]}");
}

/* As an agent asks: short texts and many members. */
static void agent(struct buf *b)
{
	buf_adds(b, "{\"model\":\"claude-sonnet-4\",\"max_tokens\":8192,\"messages\":[");
	for (int i = 0; i < 60; i++)
		buf_addf(
			b,
			"%s{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":"
			"\"toolu_%d\",\"name\":\"Read\",\"input\":{\"path\":\"/src/file%d.c\","
			"\"offset\":%d,\"limit\":200}}]},{\"role\":\"user\",\"content\":[{\"type\":"
			"\"tool_result\",\"tool_use_id\":\"toolu_%d\",\"content\":\"int\\tmain"
			"(void)\\n{\\n\\treturn 0;\\n}\\n\"}]}",
			i ? "," : "", i, i, 10 * i, i);
	buf_adds(b, "],\"stream\":true}");
}

static void embedding(struct buf *b, const char *format)
{
	buf_adds(b, "{\"embedding\":[");
	for (int i = 0; i < 10000; i++) {
		buf_adds(b, i ? "," : "");
		buf_addf(b, format, (i * 37 % 1000 - 500) / 7331.0);
	}
	buf_adds(b, "]}");
}

static void read_lines_by_jansson(struct span text)
{
	while (text.len) {
		size_t end = span_find(text, '\n');

		read_by_jansson(span_first(text, end));
		text = span_from(text, end + 1);
	}
}

static int file(const char *path)
{
	struct buf b;
	char piece[65536];
	double best = INFINITY;
	size_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		return 1;
	buf_init(&b, 1 << 30);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, span_of(piece, n));
	fclose(f);
	for (unsigned turn = 0; turn < TURNS; turn++)
		best = fmin(best, seconds(read_lines_by_jansson, buf_span(&b), 1));
	printf("%f\n", best);
	buf_done(&b);
	return 0;
}

int main(int argc, char **argv)
{
	struct buf b;

	if (argc > 1)
		return file(argv[1]);
	json_pool_begin();
	json_get_alloc_funcs(&pool_take, &pool_put);
	printf("%-24s %13s %13s\n", "reading JSON", "jansson", "llm-spy");
	buf_init(&b, 64 << 20);
	buf_adds(&b, "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat."
		     "completion.chunk\","
		     "\"created\":1741569952,\"model\":\"gpt-4.1-2025-04-14\",\"service_tier\":"
		     "\"default\","
		     "\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":"
		     "{\"content\":\" "
		     "world\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}");
	compare("event of Chat Completions", &b);
	buf_reset(&b);
	buf_adds(&b, "{\"type\":\"content_block_delta\",\"index\":0,"
		     "\"delta\":{\"type\":\"text_delta\",\"text\":\" Hello there\"}}");
	compare("event of Messages", &b);
	buf_reset(&b);
	prompt(&b, "A line of a file has some \\\"quoted\\\" text.\\n");
	compare("prompt with escapes", &b);
	buf_reset(&b);
	prompt(&b, "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c\xe4\xb8\x96\xe7\x95\x8c");
	compare("prompt in Chinese", &b);
	buf_reset(&b);
	agent(&b);
	compare("request of an agent", &b);
	buf_reset(&b);
	embedding(&b, "%.8f");
	compare("embedding", &b);
	buf_reset(&b);
	embedding(&b, "%.17g");
	compare("embedding, all digits", &b);
	buf_done(&b);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Costs worked out by hand, against the builtin table and against tables of the test's own. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "cost/price.h"
#include "json/read.h"
#include "tests/unit/tap.h"

#define AUG_2026 1787000000 /* 2026-08-17 */
#define NOV_2026 1795500000 /* 2026-11-24 */

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

/* want < 0: the cost is unknown. Counts besides input and output are tried as 0 and, where they
 * are 0, as unknown, with the same outcome. */
struct row {
	const char *what, *provider, *answered, *asked;
	int64_t when;
	struct usage u;
	double want;
};

static void unstate(int64_t *count)
{
	*count = *count ? *count : COUNT_UNKNOWN;
}

static struct usage unstated(struct usage u)
{
	unstate(&u.cached_read);
	unstate(&u.cache_write_5m);
	unstate(&u.cache_write_1h);
	unstate(&u.reasoning);
	unstate(&u.audio_in);
	unstate(&u.audio_out);
	unstate(&u.image_in);
	unstate(&u.image_out);
	unstate(&u.total);
	return u;
}

static void check(const struct prices *p, const struct row *r, struct usage u)
{
	struct cost c = { .usd = -1 };
	bool known = price_of(p, r->provider, r->answered, r->asked, r->when, false, &u, &c);

	if (!ok(known == (r->want >= 0) && near(c.usd, r->want < 0 ? -1 : r->want), "%s", r->what))
		printf("#   got %.10g (%s), want %.10g\n", c.usd, c.row[0] ? c.row : "-", r->want);
	if (known)
		ok(c.source == COST_TABLE && !c.partial && c.row[0] &&
			   near(c.usd, c.input_usd + c.cached_usd + c.write_usd + c.output_usd +
					       c.request_usd),
		   "... of %s, in parts", c.row);
}

/* clang-format off */
static const struct row rows[] = {
	{ "plain: 1000 in at 2.5, 500 out at 10", "openai", "gpt-4o", "gpt-4o", NOV_2026,
	  { .input = 1000, .output = 500 }, 0.0025 + 0.005 },
	{ "a dated answer to an alias", "openai", "gpt-4o-2024-08-06", "gpt-4o", NOV_2026,
	  { .input = 1000, .output = 500 }, 0.0075 },
	{ "a date that the table lacks", "openai", "gpt-4o-2029-01-31", "x", NOV_2026,
	  { .input = 1000, .output = 500 }, 0.0075 },
	{ "month and day", "openai", "gpt-4.1-0613", NULL, NOV_2026,
	  { .input = 1000000, .output = 0 }, 2 },
	{ "but gpt-4 does not stand for what follows it", "openai", "gpt-4.7", "gpt-4.7", NOV_2026,
	  { .input = 1000, .output = 500 }, -1 },
	{ "nor is a size a date", "groq", "llama-3.3-70b-versatile-4096", NULL, NOV_2026,
	  { .input = 1000, .output = 500 }, -1 },
	{ "cached: 1000 in of which 600 at half", "openai", "gpt-4o-mini-2024-07-18", NULL,
	  NOV_2026,
	  { .input = 1000, .cached_read = 600, .output = 100 },
	  (400 * 0.15 + 600 * 0.075 + 100 * 0.6) / 1e6 },
	{ "cached beyond the input: nothing is read anew", "azure", "grok-x", "gpt-4o", NOV_2026,
	  { .input = 100, .cached_read = 300, .output = 0 }, 300 * 1.25 / 1e6 },
	{ "reasoning is part of the output", "openai", "o3-mini-2025-01-31", NULL, NOV_2026,
	  { .input = 10, .output = 1000, .reasoning = 900 }, (11 + 4400) / 1e6 },
	{ "Anthropic: cached, 5 minutes, 1 hour", "anthropic", "claude-sonnet-4-5-20250929", NULL,
	  NOV_2026,
	  { .input = 10000, .cached_read = 5000, .cache_write_5m = 2000, .cache_write_1h = 1000,
		.output = 400 },
	  (2000 * 3 + 5000 * 0.3 + 2000 * 3.75 + 1000 * 6 + 400 * 15) / 1e6 },
	{ "the same past 200000 tokens, cached ones included", "anthropic", "claude-sonnet-4-5",
	  NULL, NOV_2026,
	  { .input = 200001, .cached_read = 200000, .cache_write_1h = 1, .output = 10 },
	  (200000 * 0.6 + 1 * 12 + 10 * 22.5) / 1e6 },
	{ "Gemini up to 200000", "gemini", "gemini-2.5-pro", "models/gemini-2.5-pro", NOV_2026,
	  { .input = 200000, .output = 1000 }, 0.25 + 0.01 },
	{ "Gemini above", "gemini", NULL, "models/gemini-2.5-pro", NOV_2026,
	  { .input = 200001, .cached_read = 100001, .output = 1000 },
	  (100000 * 2.5 + 100001 * 0.25 + 1000 * 15) / 1e6 },
	{ "Vertex: a path", "vertex", NULL,
	  "projects/p/locations/us-east5/publishers/anthropic/models/claude-3-7-sonnet@20250219",
	  NOV_2026, { .input = 1000, .output = 100 }, 0.0045 },
	{ "Vertex sells Anthropic's models at its prices", "vertex", "claude-haiku-4-5@20251001",
	  NULL, NOV_2026, { .input = 1000, .cache_write_1h = 1000, .output = 0 }, 0.002 },
	{ "audio: 100 of 300 in, 50 of 80 out", "openai", "gpt-audio", NULL, NOV_2026,
	  { .input = 300, .audio_in = 100, .output = 80, .audio_out = 50 },
	  (200 * 2.5 + 100 * 32 + 30 * 10 + 50 * 64) / 1e6 },
	{ "audio without a price of its own", "openai", "gpt-4.1", NULL, NOV_2026,
	  { .input = 300, .audio_in = 100, .output = 0 }, 300 * 2 / 1e6 },
	{ "an image that was made", "gemini", "gemini-2.5-flash-image", NULL, NOV_2026,
	  { .input = 10, .output = 1300, .image_out = 1290 },
	  (10 * 0.3 + 10 * 2.5 + 1290 * 30) / 1e6 },
	{ "an embedding has no output", "openai", "text-embedding-3-small", NULL, NOV_2026,
	  { .input = 1000, .output = -1 }, 0.00002 },
	{ "nor has what totals its input", "mistral", "mistral-embed", NULL, NOV_2026,
	  { .input = 1000, .total = 1000, .output = -1 }, 0.0001 },
	{ "unknown output of a model that has some", "openai", "gpt-4o", NULL, NOV_2026,
	  { .input = 1000, .output = -1 }, -1 },
	{ "unknown input", "openai", "gpt-4o", NULL, NOV_2026, { .input = -1, .output = 1000 }, -1 },
	{ "unknown model", "openai", "muse-spark-1.1", "muse-spark-1.1", NOV_2026,
	  { .input = 1, .output = 1 }, -1 },
	{ "no model", "openai", NULL, NULL, NOV_2026, { .input = 1, .output = 1 }, -1 },
	{ "no provider", NULL, "gpt-4o", "gpt-4o", NOV_2026, { .input = 1, .output = 1 }, -1 },
	{ "a maker in front", "openai", "openai/gpt-4o", NULL, NOV_2026,
	  { .input = 1000, .output = 0 }, 0.0025 },
	{ "the maker by another name", "xai", "x-ai/grok-3", NULL, NOV_2026,
	  { .input = 1000, .output = 0 }, 0.003 },
	{ "another maker in front", "openai", "acme/gpt-4o", NULL, NOV_2026,
	  { .input = 1000, .output = 0 }, -1 },
	{ "Azure: a deployment's name, and the model that answers", "azure", "gpt-5-nano-2025-08-07",
	  "my-own", NOV_2026, { .input = 1000000, .output = 0 }, 0.05 },
	{ "Azure's own row comes first", "azure", "o4-mini-2025-04-16", "x", NOV_2026,
	  { .input = 1000000, .cached_read = 1000000, .output = 0 }, 0.28 },
	{ "Copilot sells no tokens", "copilot", "gpt-4o", "gpt-4o", NOV_2026,
	  { .input = 1, .output = 1 }, -1 },
	{ "a gateway's prices are its own", "vercel", "openai/gpt-5", NULL, NOV_2026,
	  { .input = 1, .output = 1 }, -1 },
	{ "Bedrock: the region that was asked for is dearer", "bedrock", "claude-haiku-4-5-20251001",
	  "us.anthropic.claude-haiku-4-5-20251001-v1:0", NOV_2026,
	  { .input = 1000000, .output = 0 }, 1.1 },
	{ "Bedrock: global", "bedrock", "claude-haiku-4-5-20251001",
	  "global.anthropic.claude-haiku-4-5-20251001-v1:0", NOV_2026,
	  { .input = 1000000, .output = 0 }, 1 },
	{ "Bedrock: an ARN", "bedrock", NULL,
	  "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
	  NOV_2026, { .input = 1000000, .output = 0 }, 0.72 },
	{ "Bedrock: region and version that no row has", "bedrock", NULL, "eu.openai.gpt-5.4-v1:0",
	  NOV_2026, { .input = 1000000, .output = 0 }, 2.75 },
	{ "OpenRouter by its own name", "openrouter", "anthropic/claude-4.5-haiku-20251001",
	  "anthropic/claude-haiku-4.5", NOV_2026, { .input = 1000000, .output = 0 }, 1 },
	{ "OpenRouter: thinking", "openrouter", NULL, "anthropic/claude-sonnet-4:thinking",
	  NOV_2026,
	  { .input = 1000000, .output = 0 }, 3 },
	{ "OpenRouter: nitro has other hosts and prices", "openrouter", NULL,
	  "anthropic/claude-sonnet-4:nitro", NOV_2026, { .input = 1, .output = 0 }, -1 },
	{ "OpenRouter went to another maker, whose model is not listed", "openrouter",
	  "acme/unheard-of", "openai/gpt-4o", NOV_2026, { .input = 1, .output = 1 }, -1 },
	{ "Hugging Face: who it went to is asked for, not answered", "huggingface",
	  "openai/gpt-oss-120b", "OpenAI/GPT-OSS-120B:groq", NOV_2026,
	  { .input = 1000000, .output = 0 }, 0.15 },
	{ "Hugging Face: who it went to is not known", "huggingface", "openai/gpt-oss-120b",
	  "openai/gpt-oss-120b", NOV_2026,
	  { .input = 1000000, .output = 0 }, -1 },
	{ "a price for the call", "perplexity", "sonar", "sonar", NOV_2026,
	  { .input = 1000, .output = 1000 }, 0.012 + 0.002 },
	{ "a price for reasoning", "perplexity", "sonar-deep-research", NULL, NOV_2026,
	  { .input = 0, .output = 1000, .reasoning = 400 }, (600 * 8 + 400 * 3) / 1e6 },
	{ "before prices rose", "anthropic", "claude-sonnet-5", NULL, AUG_2026,
	  { .input = 1000000, .output = 0 }, 2 },
	{ "and after", "anthropic", "claude-sonnet-5", NULL, NOV_2026,
	  { .input = 1000000, .output = 0 }, 3 },
	{ "at a time unknown the newest counts", "anthropic", "claude-sonnet-5", NULL, 0,
	  { .input = 1000000, .output = 0 }, 3 },
	{ "by day: 1758240000 is midnight", "deepseek", "deepseek-chat", NULL, 1758240000 + 3600,
	  { .input = 1000000, .output = 0 }, 0.27 },
	{ "by night", "deepseek", "deepseek-chat", NULL, 1758240000 + 17 * 3600,
	  { .input = 1000000, .output = 0 }, 0.135 },
	{ "counts without end", "openai", "gpt-4o", NULL, NOV_2026,
	  { .input = INT64_MAX, .cached_read = INT64_MAX, .cache_write_1h = INT64_MAX,
		.output = 0 },
	  (double)INT64_MAX * (1.25 + 2.5) / 1e6 },
};
/* clang-format on */

static void test_builtin(void)
{
	struct prices *p = prices_builtin();

	ok(prices_count(p) > 1000, "%zu rows are built in", prices_count(p));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check(p, &rows[i], rows[i].u);
		check(p, &rows[i], unstated(rows[i].u));
	}
	prices_free(p);
	prices_free(NULL);
}

static void test_free_and_local(void)
{
	struct prices *p = prices_builtin();
	const struct usage u = { .input = 100, .output = 100 }, none = { .input = -1 };
	struct cost c = { .usd = -1 };

	ok(price_of(p, "openrouter", "minimax/minimax-m2", "minimax/minimax-m2:free", 0, false, &u,
		    &c) &&
		   c.source == COST_TABLE && c.usd == 0 && c.row[0],
	   "OpenRouter's :free costs nothing");
	ok(!price_of(p, "groq", NULL, "qwen/qwen3-32b:free", 0, false, &u, &c),
	   "which means nothing elsewhere");
	ok(price_of(p, "ollama", "llama3", "llama3", 0, true, &none, &c) &&
		   c.source == COST_LOCAL && c.usd == 0,
	   "a server on this host costs nothing, whatever it counts");
	ok(price_of(p, "local", NULL, NULL, 0, false, &u, &c) && c.source == COST_LOCAL,
	   "nor does the provider local");
	ok(!price_of(p, "ollama", NULL, "gpt-oss:120b-cloud", 0, true, &u, &c),
	   "but Ollama's cloud models run elsewhere");
	ok(!price_of(p, "ollama", "llama3", "llama3", 0, false, &u, &c),
	   "and ollama.com is no server on this host");
	prices_free(p);
}

static double price(const struct prices *p, const char *provider, const char *model, int64_t input,
		    int64_t output)
{
	struct usage u = { .input = input, .output = output };
	struct cost c = { .usd = -1 };

	(void)price_of(p, provider, model, NULL, NOV_2026, false, &u, &c);
	return c.usd;
}

static void test_table(void)
{
	static const char first[] = "# mine\r\n"
				    "model\tprovider\tinput\toutput\tfrom\r\n"
				    "gpt-4o\topenai\t1 >10:2 >20:4\t0\r\n"
				    "m-*|n-##\tacme|bcme\t5\t-\r\n"
				    "m-special-*\tacme\t6\t6\r\n"
				    "m-special-1\tacme\t7\t7\r\n"
				    "old\tacme\t1\t1\t2026-01-01\r\n"
				    "old\tacme\t2\t2\t2026-06-01";
	struct prices *p = prices_builtin();
	struct error err = { .code = 0 };
	struct usage u = { .input = 1000000, .output = 10 };
	struct cost c = { .usd = -1 };
	size_t before = prices_count(p);

	is_int(prices_load(p, span_str(first), &err), 0, "a table of one's own%s", err.text);
	is_int(prices_count(p) - before, 6, "has its rows");
	ok(near(price(p, "openai", "gpt-4o", 10, 0), 10e-6), "it precedes the builtin one");
	ok(near(price(p, "openai", "gpt-4o-2024-08-06", 11, 0), 22e-6),
	   "also by a base name; first tier");
	ok(near(price(p, "openai", "gpt-4o", 21, 0), 84e-6), "second tier");
	ok(near(price(p, "openai", "gpt-4.1", 1000000, 0), 2), "others are still there");
	ok(near(price(p, "bcme", "N-07", 1000000, 0), 5),
	   "a pattern with digits, the case ignored");
	ok(price(p, "bcme", "n-7", 1, 0) < 0 && price(p, "acme", "n-0a", 1, 0) < 0,
	   "not fewer, not letters");
	ok(near(price(p, "acme", "m-x", 1000000, 0), 5), "a star");
	ok(near(price(p, "acme", "m-special-2", 1000000, 0), 6), "the longer pattern");
	ok(near(price(p, "acme", "m-special-1", 1000000, 0), 7), "the literal name");
	ok(price_of(p, "acme", "m-x", NULL, 0, false, &u, &c) && c.partial && near(c.usd, 5),
	   "tokens without a price are left out, and that is said");
	is_str(c.row, "acme m-*", "the row is named");
	ok(near(price(p, "acme", "old", 1000000, 0), 2), "the last that holds");
	ok(price_of(p, "acme", "old", NULL, 1767225600, false, &u, &c) && near(c.usd, 1.00001),
	   "from the midnight that begins the first of January");
	ok(!price_of(p, "acme", "old", NULL, 1767225599, false, &u, &c), "and not a second before");
	is_int(prices_load(p, SPAN_LIT("provider\tmodel\tinput\noddity\tx\t1\nopenai\tgpt-4o\t9\n"),
			   &err),
	       0, "another file");
	ok(near(price(p, "openai", "gpt-4o", 1000000, 0), 9), "precedes both");
	prices_free(p);
}

static const char genai[] =
	"[{\"id\":\"openai\",\"models\":[{\"id\":\"m\",\"match\":{\"or\":[{\"equals\":\"m\"},"
	"{\"starts_with\":\"m-\"},{\"contains\":\"-mm-\"},{\"ends_with\":\"-m\"},"
	"{\"regex\":\"^x\\\\.y-\\\\d{4}-\\\\d$\"},{\"regex\":\"^(a|b)$\"},"
	"{\"and\":[{\"equals\":\"q\"}]}]},"
	"\"prices\":{\"input_mtok\":{\"base\":2,\"tiers\":[{\"start\":200000,\"price\":4}]},"
	"\"cache_read_mtok\":0.2,\"cache_write_mtok\":2.5,\"cache_write_1h_mtok\":4,"
	"\"output_mtok\":8,\"requests_kcount\":5,\"web_searches_kcount\":10}},"
	"{\"id\":\"dated\",\"match\":{\"equals\":\"dated\"},\"prices\":["
	"{\"prices\":{\"input_mtok\":1}},"
	"{\"constraint\":{\"start_date\":\"2026-09-01\"},\"prices\":{\"input_mtok\":3}},"
	"{\"constraint\":{\"weather\":\"fine\"},\"prices\":{\"input_mtok\":9}}]},"
	"{\"id\":\"none\",\"match\":{\"equals\":\"none\"},\"prices\":{}}]},"
	"{\"id\":\"google\",\"models\":[{\"id\":\"g\",\"match\":{\"equals\":\"g\"},"
	"\"prices\":{\"input_mtok\":1}}]},"
	"{\"id\":\"huggingface_groq\",\"models\":[{\"id\":\"h\",\"match\":{\"equals\":\"a/h\"},"
	"\"prices\":{\"input_mtok\":1}}]}]";

static void test_genai(void)
{
	struct prices *p = prices_new();
	struct error err = { .code = 0 };
	struct usage u = { .input = 1000,
			   .cached_read = 100,
			   .cache_write_5m = 200,
			   .cache_write_1h = 300,
			   .output = 10 };
	struct cost c = { .usd = -1 };

	is_int(prices_load(p, span_str(genai), &err), 0, "the form of genai-prices%s", err.text);
	is_int(prices_count(p), 5, "has its rows");
	is_int(prices_skipped(p), 4,
	       "two rules, a condition and a model without a price are skipped");
	ok(price_of(p, "openai", "m", NULL, NOV_2026, false, &u, &c) &&
		   near(c.usd, (400 * 2 + 100 * 0.2 + 200 * 2.5 + 300 * 4 + 10 * 8) / 1e6 + 0.005),
	   "every price");
	ok(near(price(p, "openai", "m", 200001, 0), 200001 * 4 / 1e6 + 0.005), "a tier");
	ok(price(p, "openai", "m-1", 1, 0) > 0 && price(p, "openai", "a-mm-b", 1, 0) > 0 &&
		   price(p, "openai", "a-m", 1, 0) > 0,
	   "starts_with, contains, ends_with");
	ok(price(p, "openai", "x.y-1234-5", 1, 0) > 0 &&
		   price(p, "openai", "xzy-1234-5", 1, 0) < 0 &&
		   price(p, "openai", "x.y-123a-5", 1, 0) < 0 && price(p, "openai", "a", 1, 0) < 0,
	   "a regular expression of digits");
	ok(near(price(p, "openai", "dated", 1000000, 0), 3), "a date");
	ok(price(p, "gemini", "g", 1, 0) > 0 && price(p, "vertex", "g", 1, 0) > 0, "Google is two");
	ok(price(p, "huggingface", "a/h:groq", 1, 0) > 0 &&
		   price(p, "huggingface", "a/h", 1, 0) < 0,
	   "a router's provider stands behind the model");
	prices_free(p);
}

static const char litellm[] =
	"{\"sample_spec\":{\"input_cost_per_token\":0.0,\"litellm_provider\":\"one of them\","
	"\"max_tokens\":\"text\"},\"fallback_generalizations\":{\"rules\":[]},"
	"\"m\":{\"litellm_provider\":\"openai\",\"mode\":\"chat\",\"input_cost_per_token\":2e-06,"
	"\"output_cost_per_token\":8e-06,\"cache_read_input_token_cost\":2e-07,"
	"\"cache_creation_input_token_cost\":2.5e-06,"
	"\"cache_creation_input_token_cost_above_1hr\":4e-06,"
	"\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":8e-06,"
	"\"input_cost_per_token_above_272k_tokens\":6e-06,"
	"\"input_cost_per_token_above_200k_tokens\":4e-06,"
	"\"input_cost_per_token_above_200k_tokens_priority\":9e-06,"
	"\"output_cost_per_token_above_200k_tokens\":1.2e-05,"
	"\"output_cost_per_reasoning_token\":3e-06,\"input_cost_per_audio_token\":1e-05,"
	"\"output_cost_per_audio_token\":2e-05,\"input_cost_per_token_batches\":1e-06},"
	"\"gemini/g\":{\"litellm_provider\":\"gemini\",\"input_cost_per_token\":1e-06},"
	"\"g\":{\"litellm_provider\":\"vertex_ai-language-models\",\"input_cost_per_token\":5e-06},"
	"\"us.acme.b-v1:0\":{\"litellm_provider\":\"bedrock_converse\",\"input_cost_per_token\":1e-"
	"06},"
	"\"dashscope/q\":{\"litellm_provider\":\"dashscope\",\"mode\":\"chat\",\"tiered_pricing\":["
	"{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06,\"range\":[0,32000.0]},"
	"{\"input_cost_per_token\":3e-06,\"output_cost_per_token\":4e-06,\"range\":[32000.0,128000."
	"0]}]},"
	"\"dall-e-2\":{\"litellm_provider\":\"openai\",\"input_cost_per_pixel\":1e-08},"
	"\"openai/*\":{\"litellm_provider\":\"openai\",\"input_cost_per_token\":1e-06}}";

static void test_litellm(void)
{
	struct prices *p = prices_new();
	struct error err = { .code = 0 };
	struct usage u = { .input = 1000,
			   .cached_read = 100,
			   .cache_write_5m = 200,
			   .cache_write_1h = 300,
			   .audio_in = 50,
			   .output = 10,
			   .reasoning = 4,
			   .audio_out = 5 };
	struct cost c = { .usd = -1 };

	is_int(prices_load(p, span_str(litellm), &err), 0, "the form of LiteLLM%s", err.text);
	is_int(prices_count(p), 5, "has its rows");
	is_int(prices_skipped(p), 2, "a price per pixel and a name with a star are skipped");
	ok(price_of(p, "openai", "m", NULL, NOV_2026, false, &u, &c) &&
		   near(c.usd, (350 * 2 + 50 * 10 + 100 * 0.2 + 200 * 2.5 + 300 * 4 + 1 * 8 +
				4 * 3 + 5 * 20) /
				       1e6),
	   "every price");
	ok(near(price(p, "openai", "m", 272000, 1), (272000 * 4 + 12) / 1e6), "a tier");
	ok(near(price(p, "openai", "m", 272001, 1), (272001 * 6 + 12) / 1e6),
	   "the next one, out of order");
	u = (struct usage){ .input = 200001, .cache_write_1h = 200001, .output = 0 };
	ok(price_of(p, "openai", "m", NULL, NOV_2026, false, &u, &c) &&
		   near(c.usd, 200001 * 8 / 1e6),
	   "a tier of a price that itself says above");
	ok(near(price(p, "gemini", "g", 1000000, 0), 1) &&
		   near(price(p, "vertex", "g", 1000000, 0), 5),
	   "providers by their names there");
	ok(price(p, "bedrock", "us.acme.b-v1:0", 1, 0) > 0, "Bedrock");
	ok(near(price(p, "alibaba", "q", 32000, 1), 0.032002) &&
		   near(price(p, "alibaba", "q", 32001, 1), 0.096007),
	   "ranges");
	prices_free(p);
}

static void test_refused(void)
{
	static const struct {
		const char *text, *want;
	} broken[] = {
		{ "", "it contains no price" },
		{ "hello", "line 1, column \"hello\": is unknown" },
		{ "provider\tmodel\n", "it contains no price" },
		{ "input\toutput\na\tb\n", "line 1: the first line must name the columns" },
		{ "provider\tmodel\tmodel\n", "column \"model\": appears twice" },
		{ "provider\tmodel\tinput\na\tb\t-1\n", "line 2, input \"-1\": is not a price" },
		{ "provider\tmodel\tinput\na\tb\t1e99\n",
		  "line 2, input \"1e99\": is not a price" },
		{ "provider\tmodel\tinput\na\tb\tnan\n", "line 2, input \"nan\": is not a price" },
		{ "provider\tmodel\tinput\na\tb\t1.\n", "line 2, input" },
		{ "provider\tmodel\tinput\na\tb\t1 >5\n", "is not a price with tiers" },
		{ "provider\tmodel\tinput\na\tb\t1 >5:1 >4:2\n", "is not a price with tiers" },
		{ "provider\tmodel\tinput\na\tb\t1 >5:-1\n", "is not a price with tiers" },
		{ "provider\tmodel\tinput\n\tb\t1\n", "line 2: a row needs" },
		{ "provider\tmodel\tinput\na\tb\n", "line 2: a row needs" },
		{ "provider\tmodel\tinput\na\tb\t1\t2\n",
		  "line 2, cell \"2\": belongs to no column" },
		{ "provider\tmodel\tinput\na\tb\x01\t1\n", "line 2: contains a control character" },
		{ "provider\tmodel\tfrom\tinput\na\tb\t2026-13-01\t1\n", "is neither a date" },
		{ "provider\tmodel\tfrom\tinput\na\tb\t10:00-25:00\t1\n", "is neither a date" },
		{ "{", "line 1: invalid JSON" },
		{ "{\"a\":1,\n\"b\":[1,\n2}\n}\n", "line 3: invalid JSON" },
		{ "{\"a\":1}\n{}", "line 2: invalid JSON" },
		{ "{\"a\":1}", "it contains no price" },
		{ "[]", "it contains no price" },
		{ "[1]", "element 0 of the array is not a genai-prices provider" },
		{ "[{\"id\":\"o\",\"models\":[{}]}]", "o has a model without id" },
		{ "[{\"id\":\"o\",\"models\":[{\"id\":\"m\",\"match\":{\"equals\":\"m\"},"
		  "\"prices\":{\"input_mtok\":-1}}]}]",
		  "o, m: input_mtok is negative" },
		{ "[{\"id\":\"o\",\"models\":[{\"id\":\"m\",\"match\":{\"equals\":\"m\"},"
		  "\"prices\":{\"input_mtok\":\"1\"}}]}]",
		  "o, m: input_mtok is not a number" },
		{ "[{\"id\":\"o\",\"models\":[{\"id\":\"m\",\"match\":{\"equals\":\"m\"},"
		  "\"prices\":{\"input_mtok\":{\"base\":1,\"tiers\":[{\"price\":1}]}}}]}]",
		  "o, m: input_mtok has a tier without start" },
		{ "{\"m\":{\"litellm_provider\":\"o\",\"input_cost_per_token\":2}}",
		  "m: input_cost_per_token is too large" },
		{ "{\"m\":{\"litellm_provider\":\"o\",\"input_cost_per_token\":1e-6,"
		  "\"input_cost_per_token_above_200k_tokens\":-1}}",
		  "m: input_cost_per_token is negative" },
	};
	struct prices *p = prices_builtin();
	size_t before = prices_count(p);

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct error err = { .code = 0 };
		int got = prices_load(p, span_str(broken[i].text), &err);

		if (!ok(got == -EINVAL && strstr(err.text, broken[i].want), "refused: %s",
			broken[i].want))
			printf("#   got %d %s\n", got, err.text);
	}
	is_int(prices_count(p), before, "nothing of them was taken");
	ok(near(price(p, "openai", "gpt-4o", 1000, 0), 0.0025), "what was there is still there");
	prices_free(p);
}

static void test_too_large(void)
{
	struct prices *p = prices_new();
	struct error err = { .code = 0 };
	struct buf b;

	buf_init(&b, PRICES_FILE_MAX + 2);
	buf_adds(&b, "provider\tmodel\tinput\n");
	for (unsigned i = 0; i <= PRICES_ROWS_MAX; i++)
		buf_addf(&b, "a\tm%u\t1\n", i);
	is_int(prices_load(p, buf_span(&b), &err), -ENOBUFS, "too many rows are refused");
	while (!b.full)
		buf_adds(&b, "#########################################################\n");
	is_int(prices_load(p, buf_span(&b), &err), -ENOBUFS, "so is a file too large");
	is_int(prices_count(p), 0, "none is taken");
	buf_reset(&b);
	for (unsigned i = 0; i < 1000000; i++)
		buf_addc(&b, '[');
	is_int(prices_load(p, buf_span(&b), &err), -EINVAL, "a million brackets are refused");
	buf_done(&b);
	prices_free(p);
}

/* Names come from traced programs. */
static void test_hostile_names(void)
{
	struct prices *p = prices_builtin();
	struct error err = { .code = 0 };
	char name[5000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	is_int(prices_load(p, SPAN_LIT("provider\tmodel\tinput\nx\t*a*a*a*a*a*b|*\t1\n"), &err), 0,
	       "stars");
	ok(price(p, "x", name, 1, 0) < 0, "a name of 5000 bytes is not looked for");
	name[256] = '\0';
	ok(price(p, "x", name, 1, 0) > 0, "one of 256 is");
	ok(price(p, "openai", "*", 1, 0) < 0 && price(p, "openai", "gpt-4o|gpt-4o", 1, 0) < 0,
	   "the signs of patterns mean nothing in names");
	ok(price(p, "openai", "", 1, 0) < 0 && price(p, "openai", "-latest", 1, 0) < 0 &&
		   price(p, "openai", "openai/", 1, 0) < 0 && price(p, "bedrock", ".", 1, 0) < 0 &&
		   price(p, "bedrock", "arn:/", 1, 0) < 0 &&
		   price(p, "gemini", "models/", 1, 0) < 0,
	   "nothing but what is cut off");
	prices_free(p);
}

static void test_stated(void)
{
	static const struct {
		const char *usage;
		double want; /* below 0: not stated */
	} stated[] = {
		{ "{\"cost\":0.00021672,\"is_byok\":false,\"cost_details\":{\"upstream_inference_"
		  "cost\":0.00021672}}",
		  0.00021672 },
		{ "{\"cost\":0.001,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":"
		  "0.02}}",
		  0.021 },
		{ "{\"cost\":0,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":null}"
		  "}",
		  -1 },
		{ "{\"cost\":0,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":"
		  "null}}",
		  0 },
		{ "{\"cost\":\"0.0000702\",\"market_cost\":\"0.0000702\",\"is_byok\":false}",
		  0.0000702 },
		{ "{\"market_cost\":7.02e-5}", 0.0000702 },
		{ "{\"cost\":\"7.02e-05\"}", 0.0000702 },
		{ "{\"cost\":{\"input_tokens_cost\":1e-5,\"request_cost\":0.005,\"total_cost\":0."
		  "00507}}",
		  0.00507 },
		{ "{\"cost\":{\"currency\":\"USD\",\"total_cost\":2.8e-8}}", 2.8e-8 },
		{ "{\"cost\":{\"currency\":\"EUR\",\"total_cost\":2.8e-8}}", -1 },
		{ "{\"cost_in_usd_ticks\":3155600}", 0.00031556 },
		{ "{\"cost_in_usd_ticks\":\"4680000\"}", 0.000468 },
		{ "{\"cost_in_usd_ticks\":0}", -1 },
		{ "{\"pydantic_ai_gateway\":{\"cost_estimate\":3.11e-05}}", 3.11e-5 },
		{ "{\"cost\":0.0000145}", 1.45e-5 },
		{ "{\"cost\":1.50E-4}", 1.5e-4 },
		{ "{\"cost\":0.00014692499999999998}", 1.46925e-4 },
		{ "{\"prompt_tokens\":1}", -1 },
		{ "{\"cost\":-1}", -1 },
		{ "{\"cost\":1e300}", -1 },
		{ "{\"cost\":\"1.0 EUR\"}", -1 },
		{ "{\"cost\":true}", -1 },
		{ "{\"cost\":[0.1]}", -1 },
		{ "[0.1]", -1 },
		{ "0.1", -1 },
	};
	double usd = -1;

	for (size_t i = 0; i < sizeof(stated) / sizeof(*stated); i++) {
		AUTO_FREE char *text = xasprintf("[%s]", stated[i].usage);
		bool known, partial;
		json_t *all = json_read(NULL, span_str(text), &partial);
		json_t *v = json_array_get(all, 0);

		usd = -1;
		known = prices_stated(v, &usd);
		if (!ok(v && known == (stated[i].want >= 0) &&
				near(usd * 1e6, stated[i].want < 0 ? -1e6 : stated[i].want * 1e6),
			"%s", stated[i].usage))
			printf("#   got %.12g\n", usd);
		json_decref(all);
	}
	ok(!prices_stated(NULL, &usd), "no usage at all");
}

static void test_window(void)
{
	struct prices *p = prices_builtin();
	struct error err = { .code = 0 };

	is_int(price_window(p, "anthropic", "claude-opus-4-5-20251101"), 200000, "a window");
	is_int(price_window(p, "azure", "gpt-4o-2024-08-06"), 128000, "as its maker has it");
	is_int(price_window(p, "openai", "nobody-1"), 0, "of no model");
	is_int(price_window(p, "mistral", "codestral-latest"), 0, "of a row that does not say");
	ok(!price_window(p, NULL, "m") && !price_window(p, "openai", NULL), "of nothing");
	is_int(prices_load(p,
			   SPAN_LIT("provider\tmodel\tinput\twindow\nacme\tm\t1\t32000\n"
				    "acme\tn\t1\n"),
			   &err),
	       0, "a table of one's own has some%s", err.text);
	is_int(price_window(p, "acme", "m"), 32000, "which counts");
	is_int(price_window(p, "acme", "n"), 0, "another has none");
	is_int(prices_load(p, SPAN_LIT("provider\tmodel\tinput\twindow\nacme\tm\t1\tmuch\n"), &err),
	       -EINVAL, "no number is refused");
	is_int(prices_load(p,
			   SPAN_LIT("[{\"id\":\"openai\",\"models\":[{\"id\":\"m\",\"match\":"
				    "{\"equals\":\"m\"},\"context_window\":7000,\"prices\":"
				    "{\"input_mtok\":2}}]}]"),
			   &err),
	       0, "genai-prices has some%s", err.text);
	is_int(price_window(p, "openai", "m"), 7000, "which counts");
	is_int(prices_load(p,
			   SPAN_LIT("{\"k\":{\"litellm_provider\":\"openai\",\"max_input_tokens\":"
				    "9000,\"input_cost_per_token\":1e-6}}"),
			   &err),
	       0, "LiteLLM has some%s", err.text);
	is_int(price_window(p, "openai", "k"), 9000, "which counts");
	prices_free(p);
}

int main(void)
{
	test_builtin();
	test_free_and_local();
	test_table();
	test_genai();
	test_litellm();
	test_refused();
	test_too_large();
	test_hostile_names();
	test_stated();
	test_window();
	return tap_done();
}

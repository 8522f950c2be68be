/* SPDX-License-Identifier: MIT */
/* Hosts, paths and dialects: three tables. */
#include "base/nearest.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "llm/dialect.h"

const struct dialect *const dialects[] = {
#define DIALECT(symbol) &symbol,
#include "llm/dialects.def"
#undef DIALECT
	NULL,
};

static const struct {
	struct span pattern;
	struct provider provider;
} hosts[] = {
#define PROVIDER(pattern_, id_, label_)                                                            \
	{ .pattern = SPAN_LIT(pattern_), .provider = { .id = id_, .label = label_ } },
#include "llm/providers.def"
#undef PROVIDER
};

static const struct {
	const char *begin;
	struct provider provider;
} provider_paths[] = {
#define PROVIDER_PATH(begin_, id_, label_)                                                         \
	{ .begin = begin_, .provider = { .id = id_, .label = label_ } },
#include "llm/provider_paths.def"
#undef PROVIDER_PATH
};

static const struct {
	const char *within; /* before the end, somewhere; "": anything */
	const char *end;
	const struct dialect *dialect;
	bool path_is_proof;
} paths[] = {
#define PATH(within_, end_, dialect_, certain_)                                                    \
	{ .within = within_, .end = end_, .dialect = &dialect_, .path_is_proof = certain_ },
#include "llm/paths.def"
#undef PATH
};

static const struct {
	const char *end;
	const struct dialect *dialect;
} sockets[] = {
#define SOCKET(end_, dialect_) { .end = end_, .dialect = &dialect_ },
#include "llm/sockets.def"
#undef SOCKET
};

const struct provider *provider_of_host(struct span host)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (span_fits(host, hosts[i].pattern, 1))
			return &hosts[i].provider;
	return NULL;
}

const struct provider *provider_named(const char *id)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (strcmp(hosts[i].provider.id, id) == 0)
			return &hosts[i].provider;
	for (size_t i = 0; i < sizeof(provider_paths) / sizeof(*provider_paths); i++)
		if (strcmp(provider_paths[i].provider.id, id) == 0)
			return &provider_paths[i].provider;
	return NULL;
}

void providers_try(struct nearest *n)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		nearest_try(n, hosts[i].provider.id);
	for (size_t i = 0; i < sizeof(provider_paths) / sizeof(*provider_paths); i++)
		nearest_try(n, provider_paths[i].provider.id);
}

const struct provider *provider_of_path(struct span target)
{
	for (size_t i = 0; i < sizeof(provider_paths) / sizeof(*provider_paths); i++)
		if (span_starts(target, span_str(provider_paths[i].begin)))
			return &provider_paths[i].provider;
	return NULL;
}

/* Without the query and slashes at the end. */
static struct span path_of(struct span target)
{
	target = span_first(target, span_find(target, '?'));
	while (target.len && target.ptr[target.len - 1] == '/')
		target.len--;
	return target;
}

const struct dialect *dialect_of_socket(struct span target)
{
	target = path_of(target);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets); i++)
		if (span_ends(target, span_str(sockets[i].end)))
			return sockets[i].dialect;
	return NULL;
}

const struct dialect *dialect_of_path(struct span target, bool *ret_certain)
{
	target = path_of(target);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct span rest =
			*paths[i].within ? span_behind(target, span_str(paths[i].within)) : target;

		if (!rest.ptr)
			continue;
		if (span_ends(rest, span_str(paths[i].end))) {
			*ret_certain = paths[i].path_is_proof;
			return paths[i].dialect;
		}
	}
	return NULL;
}

/* ---- the model that a path names ---- */

/* Undoes percent-encoding. False when it is malformed, when what comes out
 * is no printable text, or when it is longer than `out` may be. */
static bool undo_percent(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c == '%') {
			int byte = percent_byte(span_from(s, i));

			if (byte < 0)
				return false;
			c = (uint8_t)byte;
			i += 2;
		}
		if (c < ' ' || c == 0x7f || buf_addc(out, (char)c) != 0)
			return false;
	}
	return out->len > 0 && utf8_valid(buf_span(out));
}

/* "ID/converse": all but the end, since an ARN may hold slashes. */
static struct span before_operation(struct span rest)
{
	static const char *const ends[] = { "/converse",     "/converse-stream",
					    "/invoke",	     "/invoke-with-response-stream",
					    "/count-tokens", "/invoke-with-bidirectional-stream",
					    "/invocations",  "/invocations-response-stream" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (span_ends(rest, span_str(ends[i])))
			return span_first(rest, rest.len - strlen(ends[i]));
	return span_of(NULL, 0);
}

static struct span segment(struct span rest)
{
	return span_first(rest, span_find(rest, '/'));
}

/* "NAME:verb", where the name may hold a colon too. */
static struct span before_verb(struct span rest)
{
	size_t end;

	rest = segment(rest);
	end = rest.len;
	while (end && rest.ptr[end - 1] != ':')
		end--;
	return span_first(rest, end ? end - 1 : 0);
}

/* "OWNER/NAME" or "NAME", up to the words that say what to do with it. */
static struct span repository(struct span rest)
{
	static const char *const words[] = {
		"v1",	  "chat",     "completions", "embeddings", "responses",
		"images", "pipeline", "predictions", "versions",
	};
	size_t len = 0;

	for (unsigned n = 0; len < rest.len; n++) {
		struct span next = segment(span_from(rest, len ? len + 1 : 0));
		bool word = !next.len;

		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			word |= span_eq(next, span_str(words[i]));
		if (word)
			break;
		if (n == 2)
			return span_of(NULL, 0); /* something else */
		len += next.len + (len > 0);
	}
	return span_first(rest, len);
}

/* All that follows: "@cf/meta/llama-3". */
static struct span whole(struct span rest)
{
	return rest;
}

/* The same where other paths follow too. */
static struct span at_sign(struct span rest)
{
	return span_starts(rest, SPAN_LIT("@")) ? rest : span_of(NULL, 0);
}

bool model_of_path(struct span target, struct buf *out)
{
	static const struct {
		const char *mark;
		struct span (*name)(struct span rest);
	} forms[] = {
		{ "/model/", before_operation },      /* Bedrock */
		{ "/deployments/", segment },	      /* Azure */
		{ "/engines/", segment },	      /* Copilot, and OpenAI once */
		{ "/tunedModels/", before_verb },     /* Gemini */
		{ "/models/", before_verb },	      /* Gemini, Vertex */
		{ "/endpoints/", before_operation },  /* SageMaker */
		{ "/endpoints/", before_verb },	      /* Vertex */
		{ "/models/", repository },	      /* Hugging Face, Replicate */
		{ "/serving-endpoints/", segment },   /* Databricks */
		{ "/v1/inference/", whole },	      /* DeepInfra */
		{ "/ai/run/", whole },		      /* Cloudflare */
		{ "/workers-ai/", at_sign },	      /* its gateway */
		{ "/wenxinworkshop/chat/", segment }, /* Baidu */
	};
	struct span path = path_of(target);

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct span rest = span_behind(path, span_str(forms[i].mark));
		struct span name = rest.len ? forms[i].name(rest) : rest;

		if (!name.len)
			continue;
		if (undo_percent(name, out))
			return true;
		buf_reset(out);
		return false;
	}
	return false;
}

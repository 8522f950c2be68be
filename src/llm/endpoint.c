/* SPDX-License-Identifier: MIT */
/* Hosts, paths and dialects: three tables. */
#include "llm/dialect.h"

const struct dialect *const dialects[] = {
#define DIALECT(symbol) &symbol,
#include "llm/dialects.def"
#undef DIALECT
	NULL,
};

static const struct {
	const char *pattern;
	struct provider provider;
} hosts[] = {
#define PROVIDER(pattern_, id_, label_) \
	{ .pattern = pattern_, .provider = { .id = id_, .label = label_ } },
#include "llm/providers.def"
#undef PROVIDER
};

static const struct {
	const char *within, *end;
	const struct dialect *dialect;
	bool certain;
} paths[] = {
#define PATH(within_, end_, dialect_, certain_) \
	{ .within = within_, .end = end_, .dialect = &dialect_, .certain = certain_ },
#include "llm/paths.def"
#undef PATH
};

/* At most one '*', which stands for one character or more. */
static bool host_fits(struct span host, struct span pattern)
{
	size_t star = span_find(pattern, '*');
	struct span head = span_first(pattern, star), tail = span_from(pattern, star + 1);

	if (star == pattern.len)
		return span_caseeq(host, pattern);
	return host.len > head.len + tail.len && span_caseeq(span_first(host, head.len), head) &&
	       span_caseeq(span_from(host, host.len - tail.len), tail);
}

const struct provider *provider_of_host(struct span host)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (host_fits(host, span_str(hosts[i].pattern)))
			return &hosts[i].provider;
	return NULL;
}

static bool holds(struct span path, const char *what)
{
	size_t len = strlen(what);

	return !len || (path.len && memmem(path.ptr, path.len, what, len));
}

const struct dialect *dialect_of_path(struct span target, bool *ret_certain)
{
	target = span_first(target, span_find(target, '?'));
	while (target.len && target.ptr[target.len - 1] == '/')
		target.len--;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (span_ends(target, span_str(paths[i].end)) && holds(target, paths[i].within)) {
			*ret_certain = paths[i].certain;
			return paths[i].dialect;
		}
	return NULL;
}

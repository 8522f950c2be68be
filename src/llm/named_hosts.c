/* SPDX-License-Identifier: MIT */
#include "llm/named_hosts.h"

#include <errno.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/xalloc.h"

static int refuse_provider(const char *id, struct error *reterr)
{
	struct nearest n;

	nearest_init(&n, id);
	providers_try(&n);
	if (n.best)
		return error_set(reterr, -EINVAL, "unknown provider %.60s. Did you mean %s?", id,
				 n.best);
	return error_set(reterr, -EINVAL,
			 "unknown provider %.60s: it is one of those that the records of calls "
			 "name, such as openai, anthropic, gemini or bedrock",
			 id);
}

/* Digits alone, up to 65535; 0: it is none. */
static unsigned port_of(struct span s)
{
	unsigned n = 0;

	if (s.len > 5)
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(s.ptr[i] - '0');
	}
	return n <= 65535 ? n : 0;
}

/* "[::1]:443" keeps its brackets, as in records. */
static bool read_host(struct span s, struct named_host *ret)
{
	bool v6 = s.len && s.ptr[0] == '[';
	size_t end = v6 ? span_find(s, ']') + 1 : span_find(s, ':');
	struct span port = span_from(s, end + 1), host = span_first(s, end);

	if (!host.len || span_find(host, ',') < host.len || (v6 && end > s.len) ||
	    (end < s.len && s.ptr[end] != ':'))
		return false;
	ret->port = port_of(port);
	if (end < s.len && !ret->port)
		return false;
	ret->host = xstrndup((const char *)host.ptr, host.len);
	return true;
}

int named_hosts_add(struct named_hosts *n, const char *text, struct error *reterr)
{
	const char *equals = strchr(text, '=');
	struct named_host one = { 0 };

	if (!equals || !equals[1] || !read_host(span_of(text, (size_t)(equals - text)), &one))
		return error_set(reterr, -EINVAL,
				 "expected a host and who answers there, e.g. "
				 "localhost:4000=anthropic");
	one.provider = provider_named(equals + 1);
	if (!one.provider) {
		free(one.host);
		return refuse_provider(equals + 1, reterr);
	}
	n->items = xgrow(n->items, n->count, sizeof(*n->items));
	n->items[n->count++] = one;
	return 0;
}

void named_hosts_done(struct named_hosts *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i].host);
	free(n->items);
	*n = (struct named_hosts){ 0 };
}

const struct provider *named_hosts_find(const struct named_hosts *n, struct span host,
					unsigned port)
{
	for (size_t i = n ? n->count : 0; i-- > 0;)
		if ((!n->items[i].port || n->items[i].port == port) && host.len &&
		    span_fits(host, span_str(n->items[i].host), 0))
			return n->items[i].provider;
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* In tables of which the first row that fits counts, each row can be that row. */
#include <stdlib.h>

#include "llm/dialect.h"
#include "redact/credential.h"
#include "redact/scrub_hpack.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* ---- providers.def ---- */

/* A host that the pattern is for. */
static void host_of(const char *pattern, struct buf *out)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*')
			buf_adds(out, "some-where9");
		else
			buf_addc(out, *pattern);
	}
}

/* Each row has a provider of its own in memory, so one that comes back for two hosts hides a row.
 */
static void test_providers(void)
{
	static const char *const patterns[] = {
#define PROVIDER(pattern, id, label) pattern,
#include "llm/providers.def"
#undef PROVIDER
	};
	const struct provider *found[COUNT(patterns)];
	struct buf host;

	buf_init(&host, 256);
	for (size_t i = 0; i < COUNT(patterns); i++) {
		size_t j = 0;

		buf_reset(&host);
		host_of(patterns[i], &host);
		found[i] = provider_of_host(buf_span(&host));
		while (found[j] != found[i])
			j++;
		ok(found[i] && j == i, "%s is found by its own row of providers.def", patterns[i]);
	}
	buf_done(&host);
}

static void test_provider_paths(void)
{
	static const struct {
		const char *begin, *id;
	} rows[] = {
#define PROVIDER_PATH(begin, id, label) { begin, id },
#include "llm/provider_paths.def"
#undef PROVIDER_PATH
	};
	struct buf path;

	buf_init(&path, 256);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct provider *p;

		buf_reset(&path);
		buf_addf(&path, "%sx", rows[i].begin);
		p = provider_of_path(buf_span(&path));
		ok(p && strcmp(p->id, rows[i].id) == 0, "%s is of %s", rows[i].begin, rows[i].id);
		buf_reset(&path);
		buf_addf(&path, "/x%s", rows[i].begin);
		ok(!provider_of_path(buf_span(&path)), "%s within a path is not", rows[i].begin);
	}
	buf_done(&path);
}

/* ---- paths.def and sockets.def ---- */

struct path_row {
	const char *within, *end;
};

/* Whether every path that fits `later` fits `earlier`. */
static bool covers(const struct path_row *earlier, const struct path_row *later)
{
	return span_ends(span_str(later->end), span_str(earlier->end)) &&
	       (!*earlier->within || strcmp(earlier->within, later->within) == 0);
}

static void test_paths(const char *table, const struct path_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < i && !covers(&rows[j], &rows[i]))
			j++;
		ok(j == i, "no row of %s precedes %s%s that fits it too: %s", table, rows[i].within,
		   rows[i].end, rows[j].end);
	}
}

static void test_all_paths(void)
{
	static const struct path_row paths[] = {
#define PATH(within, end, dialect, proof) { within, end },
#include "llm/paths.def"
#undef PATH
	};
	static const struct path_row sockets[] = {
#define SOCKET(end, dialect) { "", end },
#include "llm/sockets.def"
#undef SOCKET
	};
	static const struct path_row wrong[] = { { "", "/b" }, { "/x", "/a/b" } };

	ok(covers(&wrong[0], &wrong[1]) && !covers(&wrong[1], &wrong[0]),
	   "the test knows a row that hides another");
	test_paths("paths.def", paths, COUNT(paths));
	test_paths("sockets.def", sockets, COUNT(sockets));
}

/* ---- kept_fields.def ---- */

struct kept {
	const char *name;
	enum { IS_STATIC, IS_NAME, IS_PREFIX } kind;
};

static bool says_of(const struct kept *other, struct span name)
{
	struct span is = span_str(other->name);

	return other->kind == IS_PREFIX ? span_starts(name, is) : span_eq(name, is);
}

/* Fields of known_headers.def are kept by their rows there. */
static void test_kept_fields(void)
{
	static const struct kept rows[] = {
#define STATIC(name, value) { name, IS_STATIC },
#define NAME(name)	    { name, IS_NAME },
#define PREFIX(name)	    { name, IS_PREFIX },
#include "redact/kept_fields.def"
#undef STATIC
#undef NAME
#undef PREFIX
#define HEADER(name, roles) { name, IS_STATIC },
#include "http/known_headers.def"
#undef HEADER
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span name = span_str(rows[i].name);
		bool said = false;

		if (rows[i].kind == IS_STATIC)
			continue;
		for (size_t j = 0; j < COUNT(rows); j++)
			said |= j != i && says_of(&rows[j], name);
		ok(!said, "no other row keeps %s", rows[i].name);
		ok(!credential_header(name) && name.len <= FIELDBLANK_NAME,
		   "%s is no credential and short enough to be looked up", rows[i].name);
	}
}

int main(void)
{
	test_providers();
	test_provider_paths();
	test_all_paths();
	test_kept_fields();
	return tap_done();
}

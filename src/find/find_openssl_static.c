/* SPDX-License-Identifier: MIT */
/* OpenSSL 3 linked into a program without symbols (Rust programs, Python builds with OpenSSL
 * inside). Its errors carry the name of the function that raises them, so a function is the one
 * that refers to its own name. If several refer to it, it was inlined into them and cannot be
 * hooked. All reads and writes, plain and _ex, pass the two internal functions. Source: OpenSSL's
 * ssl/ssl_lib.c, include/openssl/err.h (ERR_raise). */
#include "find/code.h"
#include "find/finder.h"

#define R_UNINITIALIZED 276 /* SSL_R_UNINITIALIZED, which both raise */

enum wanted { WRITE, READ, NEW, HANDSHAKE, WANTED };
static const char *const names[WANTED] = { "ssl_write_internal", "ssl_read_internal", "SSL_new",
					   "SSL_do_handshake" };

struct search {
	uint64_t strings[CODE_STRINGS_MAX];
	enum wanted which[CODE_STRINGS_MAX]; /* by string */
	size_t nstrings;
	struct code_function fns[WANTED];
	bool several[WANTED];
};

static bool add_strings(struct search *s, const struct image *im, enum wanted w)
{
	uint64_t found[CODE_STRINGS_MAX];
	size_t n = code_strings(im, names[w], found);

	for (size_t i = 0; i < n && s->nstrings < CODE_STRINGS_MAX; i++) {
		s->which[s->nstrings] = w;
		s->strings[s->nstrings++] = found[i];
	}
	return n > 0;
}

static enum wanted name_of(const struct search *s, uint64_t string)
{
	size_t i = 0;

	while (i + 1 < s->nstrings && s->strings[i] != string)
		i++;
	return s->which[i];
}

static void note(struct search *s, enum wanted w, struct code_function f)
{
	if (s->fns[w].code.len && s->fns[w].addr != f.addr)
		s->several[w] = true;
	s->fns[w] = f;
}

static bool is_found(const struct search *s, enum wanted w)
{
	return s->fns[w].code.len && !s->several[w];
}

static bool is_sure(const struct search *s, const struct code *c, enum wanted w)
{
	static const uint32_t uninitialized = R_UNINITIALIZED;

	return is_found(s, w) && code_constants(c, &s->fns[w], &uninitialized, 1);
}

static void fill(const struct search *s, struct finding *ret)
{
	ret->implementation = "OpenSSL";
	ret->method = "strings";
	finding_add(ret, s->fns[WRITE].addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, s->fns[WRITE].addr, PROG_WRITE_RETURN, true);
	finding_add(ret, s->fns[READ].addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, s->fns[READ].addr, PROG_READ_RETURN, true);
	if (is_found(s, HANDSHAKE)) {
		finding_add(ret, s->fns[HANDSHAKE].addr, PROG_CALL, false);
		finding_add(ret, s->fns[HANDSHAKE].addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (is_found(s, NEW))
		finding_add(ret, s->fns[NEW].addr, PROG_NEW_RETURN, true);
}

static void find(const struct image *im, struct finding *ret)
{
	struct search s = { 0 };
	struct code code;

	if (!add_strings(&s, im, WRITE) || !add_strings(&s, im, READ))
		return;
	add_strings(&s, im, NEW);
	add_strings(&s, im, HANDSHAKE);
	if (code_open(&code, im, s.strings, s.nstrings)) {
		for (size_t i = 0; i < code.nrefs; i++) {
			struct code_function f = code_function(&code, code.refs[i].at);

			if (f.code.len)
				note(&s, name_of(&s, code.refs[i].to), f);
		}
		if (is_sure(&s, &code, WRITE) && is_sure(&s, &code, READ) &&
		    s.fns[WRITE].addr != s.fns[READ].addr)
			fill(&s, ret);
	}
	code_close(&code);
}

const struct finder finder_openssl_static = {
	.name = "openssl-strings",
	.group = "openssl",
	.family = "openssl",
	.signs = { "ssl_write_internal" },
	.guess = true,
	.find = find,
};

/* SPDX-License-Identifier: MIT */
/* OpenSSL 3 linked into a program without symbols (Rust programs, Python builds with OpenSSL
 * inside). Its errors carry the name of the function that raises them, so a function is the one
 * that refers to its own name. If several refer to it, it was inlined into them and cannot be
 * hooked. All reads and writes, plain and _ex, pass the two internal functions. Source: OpenSSL's
 * ssl/ssl_lib.c, include/openssl/err.h (ERR_raise). */
#include "find/finder.h"
#include "find/string_sites.h"

#define R_UNINITIALIZED 276 /* SSL_R_UNINITIALIZED, which both raise */

enum { WRITE, READ, NEW, HANDSHAKE, FUNCTIONS };

static void fill(const struct string_site *s, struct finding *ret)
{
	ret->implementation = "OpenSSL";
	ret->method = "strings";
	finding_add(ret, s[WRITE].f.addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, s[WRITE].f.addr, PROG_WRITE_RETURN, true);
	finding_add(ret, s[READ].f.addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, s[READ].f.addr, PROG_READ_RETURN, true);
	if (string_site_found(&s[HANDSHAKE])) {
		finding_add(ret, s[HANDSHAKE].f.addr, PROG_CALL, false);
		finding_add(ret, s[HANDSHAKE].f.addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (string_site_found(&s[NEW]))
		finding_add(ret, s[NEW].f.addr, PROG_NEW_RETURN, true);
}

static void find(const struct image *im, struct finding *ret)
{
	struct string_site s[FUNCTIONS] = {
		[WRITE] = { .string = "ssl_write_internal", .needed = true },
		[READ] = { .string = "ssl_read_internal", .needed = true },
		[NEW] = { .string = "SSL_new" },
		[HANDSHAKE] = { .string = "SSL_do_handshake" },
	};
	struct code code;

	if (string_sites_open(&code, im, s, FUNCTIONS) &&
	    string_site_loads(&code, &s[WRITE], R_UNINITIALIZED) &&
	    string_site_loads(&code, &s[READ], R_UNINITIALIZED) &&
	    s[WRITE].f.addr != s[READ].f.addr)
		fill(s, ret);
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

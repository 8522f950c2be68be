/* SPDX-License-Identifier: MIT */
/* Mbed TLS linked into a program without symbols. Its functions say at a debug level that they
 * begin and end, in builds with MBEDTLS_DEBUG_C, which the default configuration and distributions
 * have; so a function is the one that refers to its own word. Both return the error for arguments
 * that are no connection. Source: Mbed TLS's library/ssl_msg.c, ssl_tls.c, 2.28 and 3.x. */
#include "find/finder.h"
#include "find/string_sites.h"

#define BAD_INPUT_DATA ((uint32_t)-0x7100) /* MBEDTLS_ERR_SSL_BAD_INPUT_DATA */

enum { WRITE, READ, HANDSHAKE, FREE, FUNCTIONS };

static void fill(const struct string_site *s, struct finding *ret)
{
	ret->implementation = "Mbed TLS";
	ret->method = "strings";
	finding_add(ret, s[WRITE].f.addr, PROG_CALL, false);
	finding_add(ret, s[WRITE].f.addr, PROG_WRITE_RETURN, true);
	finding_add(ret, s[READ].f.addr, PROG_CALL, false);
	finding_add(ret, s[READ].f.addr, PROG_READ_RETURN, true);
	if (string_site_found(&s[HANDSHAKE])) {
		finding_add(ret, s[HANDSHAKE].f.addr, PROG_CALL, false);
		finding_add(ret, s[HANDSHAKE].f.addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (string_site_found(&s[FREE]))
		finding_add(ret, s[FREE].f.addr, PROG_FREE, false);
}

static void find(const struct image *im, struct finding *ret)
{
	struct string_site s[FUNCTIONS] = {
		[WRITE] = { .string = "=> write", .needed = true },
		[READ] = { .string = "=> read", .needed = true },
		[HANDSHAKE] = { .string = "=> handshake" },
		[FREE] = { .string = "=> free" },
	};
	struct code code;

	if (string_sites_open(&code, im, s, FUNCTIONS) &&
	    string_site_loads(&code, &s[WRITE], BAD_INPUT_DATA) &&
	    string_site_loads(&code, &s[READ], BAD_INPUT_DATA) && s[WRITE].f.addr != s[READ].f.addr)
		fill(s, ret);
	code_close(&code);
}

const struct finder finder_mbedtls = {
	.name = "mbedtls-strings",
	.group = "mbedtls",
	.family = "mbedtls",
	.signs = { "=> write" },
	.guess = true,
	.find = find,
};

/* SPDX-License-Identifier: MIT */
/* OpenSSL 1.1.1 linked into a program without symbols. Its errors name their file, and function and
 * reason by number, so a function is the one that has both numbers. If it was inlined into several
 * functions, none is hooked. All reads and writes pass the two internal functions, as in OpenSSL 3.
 * Source: OpenSSL 1.1.1's ssl/ssl_lib.c, include/openssl/sslerr.h. */
#include "find/error_sites.h"
#include "find/finder.h"

enum number {
	N_WRITE = 1 << 0,	  /* SSL_F_SSL_WRITE_INTERNAL */
	N_READ = 1 << 1,	  /* SSL_F_SSL_READ_INTERNAL */
	N_UNINITIALIZED = 1 << 2, /* SSL_R_UNINITIALIZED, of both */
	N_HANDSHAKE = 1 << 3,	  /* SSL_F_SSL_DO_HANDSHAKE */
	N_TYPE_NOT_SET = 1 << 4,  /* SSL_R_CONNECTION_TYPE_NOT_SET */
	N_NEW = 1 << 5,		  /* SSL_F_SSL_NEW */
	N_NULL_CTX = 1 << 6,	  /* SSL_R_NULL_SSL_CTX */
};
static const uint32_t numbers[] = { 524, 523, 276, 180, 144, 186, 195 };

static void fill(const struct error_sites *r, const struct error_site *write,
		 const struct error_site *read, struct finding *ret)
{
	const struct error_site *handshake = error_sites_only(r, N_HANDSHAKE | N_TYPE_NOT_SET);
	const struct error_site *new = error_sites_only(r, N_NEW | N_NULL_CTX);

	ret->implementation = "OpenSSL";
	ret->method = "strings and constants";
	finding_add(ret, write->f.addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, write->f.addr, PROG_WRITE_RETURN, true);
	finding_add(ret, read->f.addr, PROG_CALL_INTERNAL, false);
	finding_add(ret, read->f.addr, PROG_READ_RETURN, true);
	/* Both mark the beginning of a connection; neither is required. */
	if (handshake) {
		finding_add(ret, handshake->f.addr, PROG_CALL, false);
		finding_add(ret, handshake->f.addr, PROG_HANDSHAKE_RETURN, true);
	}
	if (new)
		finding_add(ret, new->f.addr, PROG_NEW_RETURN, true);
}

static void find(const struct image *im, struct finding *ret)
{
	struct error_sites r;

	if (error_sites_open(&r, im, "ssl/ssl_lib.c", 0, numbers,
			     sizeof(numbers) / sizeof(*numbers))) {
		const struct error_site *write = error_sites_only(&r, N_WRITE | N_UNINITIALIZED);
		const struct error_site *read = error_sites_only(&r, N_READ | N_UNINITIALIZED);

		if (write && read && write != read)
			fill(&r, write, read, ret);
	}
	error_sites_close(&r);
}

const struct finder finder_openssl1 = {
	.name = "openssl-numbers",
	.group = "openssl",
	.family = "openssl",
	.signs = { "ssl/ssl_lib.c" },
	.find = find,
};

/* SPDX-License-Identifier: MIT */
/* Erlang's crypto.so, through which its ssl, and so Elixir's, has records encrypted by libcrypto:
 * ssl itself is written in Erlang. What is hooked are the places through which crypto.so calls
 * libcrypto, in its procedure linkage table: hooked in libcrypto, everybody would pay who uses it.
 * Made for OpenSSL 3, since only there one function makes an HMAC, by which connections are told
 * (probes/erlang.bpf.c). Only x86-64. Sources: System V ABI, AMD64 supplement, section 5.2; OTP's
 * lib/crypto/c_src/aead.c and mac.c. Measured on OTP 25 of Debian 12. */
#include "find/finder.h"
#include "find/imports.h"

#define SIGN "aead_cipher_nif" /* the function of crypto.so that calls libcrypto for a record */

enum import { INIT, UPDATE, ENCRYPTED, DECRYPTED, MAC, IMPORTS };

/* Whoever sees a connection's keys made must see all of its records, so that is hooked last. */
static void fill(const struct import_site *s, struct finding *ret)
{
	finding_add(ret, s[INIT].addr, PROG_ERL_INIT, false);
	finding_add(ret, s[UPDATE].addr, PROG_ERL_UPDATE, false);
	finding_add(ret, s[ENCRYPTED].addr, PROG_ERL_ENCRYPTED, false);
	finding_add(ret, s[DECRYPTED].addr, PROG_CALL, false);
	finding_add(ret, s[DECRYPTED].addr, PROG_ERL_DECRYPTED, true);
	finding_add(ret, s[MAC].addr, PROG_ERL_MAC_RETURN, true);
	finding_add(ret, s[MAC].addr, PROG_ERL_MAC, false);
}

static void find(const struct image *im, struct finding *ret)
{
	struct import_site s[IMPORTS] = {
		[INIT] = { .name = "EVP_CipherInit_ex" },
		[UPDATE] = { .name = "EVP_CipherUpdate" },
		[ENCRYPTED] = { .name = "EVP_CipherFinal_ex" },
		[DECRYPTED] = { .name = "EVP_DecryptFinal_ex" },
		[MAC] = { .name = "EVP_Q_mac" },
	};
	struct symbol crypto[] = { { .name = SIGN }, { .name = "nif_init" } };
	size_t found = 0;

	image_symbols(im, crypto, 2);
	if (!crypto[0].addr || !crypto[1].addr)
		return;
	imports_find(im, s, IMPORTS);
	for (size_t i = 0; i < IMPORTS; i++)
		found += s[i].addr != 0;
	ret->implementation = "Erlang's ssl";
	ret->method = "imports";
	if (found == IMPORTS)
		fill(s, ret);
	else
		ret->problem = "was not built for OpenSSL 3 as a library, or not for x86-64";
}

const struct finder finder_erlang = {
	.name = "erlang-imports",
	.group = "erlang",
	.signs = { SIGN },
	.find = find,
};

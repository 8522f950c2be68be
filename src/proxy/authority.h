/* SPDX-License-Identifier: MIT */
/* The proxy's own certificate authority, and leaves for the hosts that it answers for. The
 * authority is made when it is first needed; its key is readable by its user alone. Sources:
 * RFC 5280 sections 4.2.1.1 to 4.2.1.12; CA/Browser Forum, Baseline Requirements 6.3.2. */
#ifndef SPY_PROXY_AUTHORITY_H
#define SPY_PROXY_AUTHORITY_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/error.h"

struct authority;

/* From the files ca.pem and ca-key.pem of a directory that is the user's own, mode 0700; both are
 * made if there are none. NULL with reterr filled. */
struct authority *authority_open(const char *dir, struct error *reterr);
/* Its certificate; borrowed. */
X509 *authority_certificate(const struct authority *a);
void authority_free(struct authority *a); /* accepts NULL */

/* Lets a connection answer for a host, a name or an address. False: no certificate can be made. */
bool authority_use(struct authority *a, SSL *ssl, const char *host);

#endif

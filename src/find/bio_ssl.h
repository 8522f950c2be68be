/* SPDX-License-Identifier: MIT */
/* OpenSSL's BIO of type "ssl" (BIO_f_ssl(3)): TLS as a filter, which Tcl and programs that follow
 * the manual's first example use. Its functions pass by SSL_write and SSL_read to what those call
 * themselves. Pure. Source: OpenSSL's ssl/bio_ssl.c and include/internal/bio.h, 1.1.1 to 3.5. */
#ifndef SPY_FIND_BIO_SSL_H
#define SPY_FIND_BIO_SSL_H

#include "find/finder.h"

/* Adds the places in the BIO's functions where they call the internal write and read; nothing is
 * seen there that passes SSL_write or SSL_read. Adds none if any step is not sure. */
void bio_ssl_add(const struct image *im, struct finding *ret);

#endif

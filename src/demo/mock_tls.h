/* SPDX-License-Identifier: MIT */
#ifndef SPY_DEMO_MOCK_TLS_H
#define SPY_DEMO_MOCK_TLS_H

#include <openssl/ssl.h>

/* A server's context with a certificate for localhost under a CA of its own; both are fresh. The
 * CA's certificate is written to ca_file for clients to trust. NULL, and a message, when that
 * fails. */
SSL_CTX *mock_tls_context(const char *ca_file);

#endif

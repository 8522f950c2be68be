/* SPDX-License-Identifier: MIT */
/* Files by which programs trust the authority beside the system's: bundle.pem, and for Java
 * truststore.jks. Source of the latter's layout: sun.security.provider.JavaKeyStore of OpenJDK, the
 * comment at engineStore. */
#ifndef SPY_PROXY_BUNDLE_H
#define SPY_PROXY_BUNDLE_H

#include <openssl/x509.h>

/* In the directory `dir`. 0 or -errno. */
int bundle_write(const char *dir, X509 *authority);

#endif

/* SPDX-License-Identifier: MIT */
#include "proxy/about.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "proxy/authority.h"
#include "proxy/bundle.h"

static const char help[] =
	"`llm-spy --proxy -- COMMAND` needs none of this: it tells the command alone.\n"
	"\n"
	"Otherwise a program has to trust the certificate\n"
	"  %1$s/ca.pem\n"
	"or, where it takes one file for all it trusts, the system's and this one:\n"
	"  %1$s/bundle.pem\n"
	"\n"
	"curl        curl --cacert %1$s/ca.pem, or CURL_CA_BUNDLE\n"
	"Python      SSL_CERT_FILE and REQUESTS_CA_BUNDLE: bundle.pem\n"
	"Node.js     NODE_EXTRA_CA_CERTS: ca.pem (and NODE_USE_ENV_PROXY=1, from 22.21 on)\n"
	"Deno        DENO_CERT: ca.pem\n"
	"Java        -Djavax.net.ssl.trustStore=%1$s/truststore.jks\n"
	"            -Djavax.net.ssl.trustStorePassword=changeit\n"
	"Go, Rust    SSL_CERT_FILE: bundle.pem, if it uses the system's certificates\n"
	"Chromium    certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n llm-spy -i %1$s/ca.pem\n"
	"Firefox     Settings, Certificates, Import; or policies.json\n"
	"Debian      cp %1$s/ca.pem /usr/local/share/ca-certificates/llm-spy.crt\n"
	"            and update-ca-certificates: for all programs of this host\n"
	"\n"
	"Whoever can read %1$s/ca-key.pem can pretend to be any\n"
	"server to a program that trusts ca.pem. Take the trust back when you are done.\n";

static void show(const char *dir, X509 *cert)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
	unsigned len = 0;

	printf("%s/ca.pem\nname:        ", dir);
	X509_NAME_print_ex_fp(stdout, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	printf("\nvalid until: ");
	if (out)
		ASN1_TIME_print(out, X509_get0_notAfter(cert));
	printf("\nSHA-256:     ");
	if (X509_digest(cert, EVP_sha256(), sum, &len))
		for (unsigned i = 0; i < len; i++)
			printf("%s%02X", i ? ":" : "", sum[i]);
	printf("\n");
	BIO_free(out);
}

int about_authority(const char *dir, const char *what)
{
	struct error e = { 0 };
	struct authority *a = authority_open(dir, &e);
	X509 *cert = a ? authority_certificate(a) : NULL;
	int code = 0;

	if (!a || bundle_write(dir, cert) != 0) {
		log_say("%s", e.code ? e.text : "the bundle of certificates cannot be written");
		code = 1;
	} else if (strcmp(what, "show") == 0) {
		show(dir, cert);
	} else if (strcmp(what, "export") == 0) {
		PEM_write_X509(stdout, cert);
	} else if (strcmp(what, "bundle") == 0) {
		printf("%s/bundle.pem\n", dir);
	} else if (strcmp(what, "trust-help") == 0) {
		printf(help, dir);
	} else {
		log_say("llm-spy ca show, export, bundle or trust-help; not '%.60s'", what);
		code = 2;
	}
	authority_free(a);
	return code;
}

/* SPDX-License-Identifier: MIT */
#include "demo/mock_tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#define DAY (24L * 3600)

struct extension {
	int nid;
	const char *value;
};

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

/* An authority and a leaf are apart: some clients refuse a certificate that is both, and some
 * refuse one without these extensions. */
static const struct extension authority_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_undef, NULL },
};
static const struct extension leaf_extensions[] = {
	{ NID_basic_constraints, "critical,CA:FALSE" },
	{ NID_key_usage, "critical,digitalSignature" },
	{ NID_ext_key_usage, "serverAuth" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_authority_key_identifier, "keyid:always" },
	{ NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1" },
	{ NID_undef, NULL },
};

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (c && EVP_PKEY_keygen_init(c) == 1 &&
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(c, NID_X9_62_prime256v1) == 1)
		EVP_PKEY_keygen(c, &key);
	EVP_PKEY_CTX_free(c);
	return key;
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct extension *e)
{
	X509V3_CTX c;
	X509_EXTENSION *x;
	bool ok = true;

	X509V3_set_ctx(&c, issuer, cert, NULL, NULL, 0);
	for (; ok && e->value; e++) {
		x = X509V3_EXT_conf_nid(NULL, &c, e->nid, e->value);
		ok = x && X509_add_ext(cert, x, -1);
		X509_EXTENSION_free(x);
	}
	return ok;
}

static bool set_fields(X509 *cert, const char *name, long serial)
{
	return X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), 7 * DAY) &&
	       X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
					  (const unsigned char *)name, -1, -1, 0);
}

/* Without an issuer it signs itself. */
static bool identity_init(struct identity *id, const char *name, const struct identity *issuer,
			  const struct extension *extensions)
{
	const struct identity *by = issuer ? issuer : id;

	*id = (struct identity){ .key = make_key(), .cert = X509_new() };
	return id->key && id->cert && set_fields(id->cert, name, issuer ? 2 : 1) &&
	       X509_set_pubkey(id->cert, id->key) &&
	       X509_set_issuer_name(id->cert, X509_get_subject_name(by->cert)) &&
	       add_extensions(id->cert, by->cert, extensions) &&
	       X509_sign(id->cert, by->key, EVP_sha256());
}

static void identity_done(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

static bool write_certificate(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "we");
	bool ok = f && PEM_write_X509(f, cert);

	if (f && fclose(f) != 0)
		ok = false;
	return ok;
}

static bool use_new_identity(SSL_CTX *ctx, const char *ca_file)
{
	struct identity ca = { 0 }, leaf = { 0 };
	bool ok = identity_init(&ca, "llm-spy mock CA", NULL, authority_extensions) &&
		  identity_init(&leaf, "localhost", &ca, leaf_extensions) &&
		  SSL_CTX_use_certificate(ctx, leaf.cert) == 1 &&
		  SSL_CTX_use_PrivateKey(ctx, leaf.key) == 1 && write_certificate(ca_file, ca.cert);

	identity_done(&leaf);
	identity_done(&ca);
	return ok;
}

SSL_CTX *mock_tls_context(const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx && use_new_identity(ctx, ca_file))
		return ctx;
	ERR_print_errors_fp(stderr);
	fprintf(stderr, "llm-spy-mock: keys, certificates or %s could not be made\n", ca_file);
	SSL_CTX_free(ctx);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "proxy/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define BYTES_MAX (32u << 20)
/* Java's own trust stores have it; it protects nothing, since nothing in them is secret. */
#define PASSWORD "changeit"
#define SALT	 "Mighty Aphrodite"

/* Where distributions keep all roots in one file. */
static const char *const roots[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
};

static FILE *open_roots(void)
{
	const char *own = getenv("SSL_CERT_FILE");
	FILE *f = own ? fopen(own, "re") : NULL;

	for (size_t i = 0; !f && i < sizeof(roots) / sizeof(*roots); i++)
		f = fopen(roots[i], "re");
	return f;
}

/* ---- PEM ---- */

static void add_pem(struct buf *out, X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (b && PEM_write_bio_X509(b, cert) && (len = BIO_get_mem_data(b, &text)) > 0)
		buf_add(out, span_of(text, (size_t)len));
	BIO_free(b);
}

/* ---- JKS: big-endian ---- */

static void add_be(struct buf *out, uint64_t v, size_t nbytes)
{
	while (nbytes--)
		buf_addc(out, (char)(v >> (8 * nbytes)));
}

static void add_utf(struct buf *out, const char *text)
{
	add_be(out, strlen(text), 2);
	buf_adds(out, text);
}

#define TRUSTED 2 /* an entry that is a certificate alone */

static void add_entry(struct buf *out, size_t number, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	char alias[32];

	snprintf(alias, sizeof(alias), "root-%zu", number);
	add_be(out, TRUSTED, 4);
	add_utf(out, alias);
	add_be(out, (uint64_t)time(NULL) * 1000, 8);
	add_utf(out, "X.509");
	add_be(out, len > 0 ? (uint64_t)len : 0, 4);
	buf_add(out, span_of(der, len > 0 ? (size_t)len : 0));
	OPENSSL_free(der);
}

static void add_digest(struct buf *out)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned len = 0;

	EVP_DigestInit_ex(c, EVP_sha1(), NULL);
	for (const char *p = PASSWORD; *p; p++)
		EVP_DigestUpdate(c, (const char[]){ 0, *p }, 2);
	EVP_DigestUpdate(c, SALT, sizeof(SALT) - 1);
	EVP_DigestUpdate(c, out->ptr, out->len);
	EVP_DigestFinal_ex(c, sum, &len);
	EVP_MD_CTX_free(c);
	buf_add(out, span_of(sum, len));
}

static void finish_jks(struct buf *out, const struct buf *entries, size_t count)
{
	add_be(out, 0xfeedfeed, 4);
	add_be(out, 2, 4); /* version */
	add_be(out, count, 4);
	buf_add(out, buf_span(entries));
	add_digest(out);
}

/* ---- both ---- */

static void add(struct buf *pem, struct buf *entries, size_t *count, X509 *cert)
{
	add_pem(pem, cert);
	add_entry(entries, (*count)++, cert);
}

int bundle_write(const char *dir, X509 *authority)
{
	struct buf pem, entries, jks;
	FILE *f = open_roots();
	size_t count = 0;
	X509 *cert;
	int fd, err;

	buf_init(&pem, BYTES_MAX);
	buf_init(&entries, BYTES_MAX);
	buf_init(&jks, BYTES_MAX);
	add(&pem, &entries, &count, authority);
	while (f && (cert = PEM_read_X509(f, NULL, NULL, NULL))) {
		add(&pem, &entries, &count, cert);
		X509_free(cert);
	}
	finish_jks(&jks, &entries, count);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 ? -errno : file_replace(fd, "bundle.pem", buf_span(&pem));
	if (!err)
		err = file_replace(fd, "truststore.jks", buf_span(&jks));
	if (fd >= 0)
		close(fd);
	if (f)
		fclose(f);
	buf_done(&pem);
	buf_done(&entries);
	buf_done(&jks);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include "proxy/authority.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"

#define CERT_FILE "ca.pem"
#define KEY_FILE  "ca-key.pem"
#define DAY	  (24L * 3600)
#define CA_DAYS	  3650
/* Clients may refuse a leaf that is valid for more than 199 days; one is made anew at each start.
 */
#define LEAF_DAYS  90
#define LEAVES	   512
#define SERIAL_LEN 16

struct leaf {
	char *host;
	X509 *cert;
	time_t made;
};

struct authority {
	EVP_PKEY *key, *leaf_key;
	X509 *cert;
	struct leaf leaves[LEAVES];
	size_t next;
};

struct extension {
	int nid;
	const char *value;
};

static const struct extension ca_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
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
	{ NID_undef, NULL },
};

/* ---- certificates ---- */

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX c;
	bool done;

	X509V3_set_ctx(&c, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	done = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return done;
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct extension *e)
{
	for (; e->value; e++)
		if (!add_extension(cert, issuer, e->nid, e->value))
			return false;
	return true;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_LEN];
	BIGNUM *n;
	bool done;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return done;
}

static X509 *new_certificate(const char *name, EVP_PKEY *key, long days)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, 2) && set_serial(cert) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY) &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
				       (const unsigned char *)name, -1, -1, 0) &&
	    X509_set_pubkey(cert, key))
		return cert;
	X509_free(cert);
	return NULL;
}

static X509 *make_ca(EVP_PKEY *key)
{
	char name[128], host[64] = "this host";
	X509 *cert;

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "llm-spy proxy of %.40s", host);
	cert = key ? new_certificate(name, key, CA_DAYS) : NULL;
	if (cert && X509_set_issuer_name(cert, X509_get_subject_name(cert)) &&
	    add_extensions(cert, cert, ca_extensions) && X509_sign(cert, key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

/* A name of letters, digits, '-', '.' and '_' alone: nothing else goes into an extension's text. */
static bool is_name(const char *host)
{
	return *host && strlen(host) < 254 &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
		       strlen(host);
}

static bool is_address(const char *host)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static X509 *make_leaf(const struct authority *a, const char *host)
{
	char alt[300];
	X509 *cert;

	if (!is_address(host) && !is_name(host))
		return NULL;
	snprintf(alt, sizeof(alt), "%s:%s", is_address(host) ? "IP" : "DNS", host);
	/* A common name has at most 64 characters; the alternative name is what counts. */
	cert = new_certificate(strlen(host) <= 64 ? host : "llm-spy", a->leaf_key, LEAF_DAYS);
	if (cert && X509_set_issuer_name(cert, X509_get_subject_name(a->cert)) &&
	    add_extensions(cert, a->cert, leaf_extensions) &&
	    add_extension(cert, a->cert, NID_subject_alt_name, alt) &&
	    X509_sign(cert, a->key, EVP_sha256()))
		return cert;
	X509_free(cert);
	return NULL;
}

static bool is_fresh(const struct leaf *l, const char *host)
{
	return l->host && strcasecmp(l->host, host) == 0 &&
	       time(NULL) - l->made < LEAF_DAYS / 2 * DAY;
}

static X509 *leaf_of(struct authority *a, const char *host)
{
	struct leaf *l;
	X509 *cert;

	for (size_t i = 0; i < LEAVES; i++)
		if (is_fresh(&a->leaves[i], host))
			return a->leaves[i].cert;
	cert = make_leaf(a, host);
	if (!cert)
		return NULL;
	l = &a->leaves[a->next++ % LEAVES];
	free(l->host);
	X509_free(l->cert);
	*l = (struct leaf){ .host = xstrdup(host), .cert = cert, .made = time(NULL) };
	return cert;
}

bool authority_use(struct authority *a, SSL *ssl, const char *host)
{
	X509 *cert = leaf_of(a, host);

	return cert && SSL_use_certificate(ssl, cert) == 1 &&
	       SSL_use_PrivateKey(ssl, a->leaf_key) == 1;
}

/* ---- files ---- */

static FILE *open_at(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, flags & O_CREAT ? "w" : "r");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* The key comes first, so that no certificate is without one. Two that start at once: the second
 * uses what the first made. */
static int make_files(int dir)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = make_ca(key);
	FILE *f = cert ? open_at(dir, KEY_FILE, O_WRONLY | O_CREAT | O_EXCL) : NULL;
	int err = !cert ? -EIO : !f ? -errno : 0;

	if (f && !PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL))
		err = -EIO;
	if (f && fclose(f) != 0 && !err)
		err = -errno;
	f = err ? NULL : open_at(dir, CERT_FILE, O_WRONLY | O_CREAT | O_TRUNC);
	if (!err)
		err = !f ? -errno : !PEM_write_X509(f, cert) ? -EIO : 0;
	if (f && fclose(f) != 0 && !err)
		err = -errno;
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

static bool read_files(struct authority *a, int dir)
{
	FILE *key = open_at(dir, KEY_FILE, O_RDONLY), *cert = open_at(dir, CERT_FILE, O_RDONLY);

	if (key)
		a->key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
	if (cert)
		a->cert = PEM_read_X509(cert, NULL, NULL, NULL);
	if (key)
		fclose(key);
	if (cert)
		fclose(cert);
	return a->key && a->cert && X509_check_private_key(a->cert, a->key) == 1 &&
	       X509_cmp_current_time(X509_get0_notAfter(a->cert)) > 0;
}

static void make_parents(const char *dir)
{
	AUTO_FREE char *path = xstrdup(dir);

	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
}

struct authority *authority_open(const char *dir, struct error *reterr)
{
	struct authority *a = xcalloc(1, sizeof(*a));
	int fd, err;

	make_parents(dir);
	fd = file_open_own_dir(dir, true, 077);
	err = fd < 0 ? fd : 0;
	if (!err && faccessat(fd, KEY_FILE, F_OK, 0) != 0)
		err = make_files(fd);
	if (err == -EEXIST)
		err = 0;
	if (err)
		error_set(reterr, err, "cannot make a certificate authority in %.200s: %s", dir,
			  err == -EPERM
				  ? "it is another user's, or open to others (chmod 700 helps)"
				  : strerror(-err));
	else if (!read_files(a, fd))
		err = error_set(reterr, -EINVAL,
				"the certificate authority in %.200s cannot be used; remove its "
				"files and it is made anew",
				dir);
	if (fd >= 0)
		close(fd);
	a->leaf_key = err ? NULL : EVP_EC_gen("P-256");
	if (a->leaf_key)
		return a;
	if (!err)
		error_set(reterr, -EIO, "cannot make a key");
	authority_free(a);
	return NULL;
}

X509 *authority_certificate(const struct authority *a)
{
	return a->cert;
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < LEAVES; i++) {
		free(a->leaves[i].host);
		X509_free(a->leaves[i].cert);
	}
	EVP_PKEY_free(a->key);
	EVP_PKEY_free(a->leaf_key);
	X509_free(a->cert);
	free(a);
}

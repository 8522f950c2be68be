/* SPDX-License-Identifier: MIT */
/* What a program does all day: one thread writes over TLS, another reads, in one process over a
 * socketpair. Prints nanoseconds per round (one SSL_write and the SSL_reads that take it).
 * Usage: bench-sslw BYTES ROUNDS */
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct side {
	SSL *ssl;
	size_t bytes, rounds;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-sslw: %s\n", what);
	exit(1);
}

static void read_all(SSL *ssl, char *room, size_t bytes)
{
	while (bytes) {
		int n = SSL_read(ssl, room, (int)bytes);

		if (n <= 0)
			die("SSL_read");
		bytes -= (size_t)n;
	}
}

/* Reads each message and answers with one byte, so that a round is a round trip. */
static void *serve(void *arg)
{
	struct side *s = arg;
	char *room = malloc(s->bytes);

	if (SSL_accept(s->ssl) != 1)
		die("SSL_accept");
	for (size_t i = 0; i < s->rounds; i++) {
		read_all(s->ssl, room, s->bytes);
		if (SSL_write(s->ssl, "!", 1) != 1)
			die("SSL_write");
	}
	free(room);
	return NULL;
}

static SSL_CTX *server_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, EVP_sha256()) || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		die("certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

int main(int argc, char **argv)
{
	struct side server = { 0 };
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024;
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
	char *data = calloc(1, bytes), one;
	SSL_CTX *sctx = server_context(), *cctx = SSL_CTX_new(TLS_client_method());
	pthread_t thread;
	double begin;
	int fds[2];
	SSL *ssl = SSL_new(cctx);

	if (!data || !bytes || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		die("start");
	server = (struct side){ .ssl = SSL_new(sctx), .bytes = bytes, .rounds = rounds };
	SSL_set_fd(server.ssl, fds[0]);
	SSL_set_fd(ssl, fds[1]);
	pthread_create(&thread, NULL, serve, &server);
	if (SSL_connect(ssl) != 1)
		die("SSL_connect");
	begin = now_ns();
	for (size_t i = 0; i < rounds; i++) {
		if (SSL_write(ssl, data, (int)bytes) != (int)bytes)
			die("SSL_write");
		read_all(ssl, &one, 1);
	}
	printf("%.0f\n", (now_ns() - begin) / (double)rounds);
	pthread_join(thread, NULL);
	SSL_free(ssl);
	SSL_free(server.ssl);
	SSL_CTX_free(sctx);
	SSL_CTX_free(cctx);
	free(data);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A client with its TLS linked in, whose names are then stripped: noiseclient PORT CA. For each
 * line on standard input it makes a connection and says 1 KiB over it: random bytes for "noise", a
 * request for "plain". Then it reads until the other side closes, and says "done". */
#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

static int say(SSL_CTX *ctx, int port, const unsigned char *what, int len)
{
	SSL *ssl = SSL_new(ctx);
	unsigned char bytes[4096];
	int fd = dial(port);

	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1 || SSL_write(ssl, what, len) != len)
		return 0;
	while (SSL_read(ssl, bytes, sizeof(bytes)) > 0)
		;
	SSL_free(ssl);
	close(fd);
	return 1;
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	unsigned char bytes[1024];
	char line[64];

	if (argc < 3 || SSL_CTX_load_verify_locations(ctx, argv[2], NULL) != 1)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "plain\n") == 0)
			memset(bytes + snprintf((char *)bytes, sizeof(bytes),
						"GET /plain HTTP/1.1\r\nHost: localhost\r\n"
						"Content-Length: 0\r\n\r\n"),
			       '\n', 900);
		else if (RAND_bytes(bytes, sizeof(bytes)) != 1)
			return 3;
		if (!say(ctx, atoi(argv[1]), bytes, sizeof(bytes)))
			return 4;
		puts("done");
		fflush(stdout);
	}
	SSL_CTX_free(ctx);
	return 0;
}

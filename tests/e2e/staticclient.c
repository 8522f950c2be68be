/* SPDX-License-Identifier: MIT */
/* A client whose TLS is linked in: staticclient PORT CA-FILE. One call to a model, on loopback. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int dial(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
	static const char body[] =
		"{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"static\"}]}";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	char text[4096];
	int n;

	if (argc < 3 || SSL_CTX_load_verify_locations(ctx, argv[2], NULL) != 1)
		return 2;
	SSL_set_fd(ssl, dial(atoi(argv[1])));
	if (SSL_connect(ssl) != 1)
		return 3;
	n = snprintf(text, sizeof(text),
		     "POST /v1/chat/completions?close=1 HTTP/1.1\r\nHost: localhost\r\nConnection: "
		     "close\r\n"
		     "Content-Length: %zu\r\n\r\n%s",
		     sizeof(body) - 1, body);
	if (SSL_write(ssl, text, n) != n)
		return 4;
	while (SSL_read(ssl, text, sizeof(text)) > 0)
		;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Early data of TLS 1.3, on loopback:
 *
 *   earlyclient serve KEY CERT accept|refuse    says its port; answers requests
 *   earlyclient call PORT CA N                  a call for the ticket, then N requests as early
 * data of a second connection, again where they are refused; then one more. Says how often its
 * early data was accepted. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 16384

static SSL_SESSION *session;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* What is left in `text` of what came before counts. The head ends with an empty line; the length
 * of the whole. */
static size_t message_length(const char *text, size_t have)
{
	const char *end = memmem(text, have, "\r\n\r\n", 4), *length;

	if (!end)
		return 0;
	length = strcasestr(text, "\r\nContent-Length:");
	must(length && length < end, "no length");
	return (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
}

struct reader {
	SSL *ssl;
	char text[MAX + 1];
	size_t have;
};

/* True once a whole message was read; it is taken out. */
static bool next_message(struct reader *r)
{
	for (;;) {
		size_t whole = message_length(r->text, r->have);
		int n;

		if (whole && whole <= r->have) {
			r->have -= whole;
			memmove(r->text, r->text + whole, r->have + 1);
			return true;
		}
		n = SSL_read(r->ssl, r->text + r->have, (int)(MAX - r->have));
		if (n <= 0)
			return false;
		r->have += (size_t)n;
		r->text[r->have] = '\0';
	}
}

/* ---- the server ---- */

static void accept_early(struct reader *r)
{
	for (;;) {
		size_t n = 0;
		int state = SSL_read_early_data(r->ssl, r->text + r->have, MAX - r->have, &n);

		must(state != SSL_READ_EARLY_DATA_ERROR, "early data");
		r->have += n;
		r->text[r->have] = '\0';
		if (state == SSL_READ_EARLY_DATA_FINISH)
			return;
	}
}

static void serve_one(SSL *ssl, bool accept)
{
	struct reader r = { .ssl = ssl };
	char text[MAX], body[] = "{\"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"gpt-"
				 "4o\",\"choices\":[{\"index\":0,"
				 "\"message\":{\"role\":\"assistant\",\"content\":\"early\"},"
				 "\"finish_reason\":\"stop\"}],"
				 "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1,\"total_"
				 "tokens\":8}}";

	if (accept)
		accept_early(&r);
	must(SSL_accept(ssl) == 1, "accept");
	while (next_message(&r)) {
		int n = snprintf(text, sizeof(text),
				 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				 "Content-Length: %zu\r\n\r\n%s",
				 sizeof(body) - 1, body);
		must(SSL_write(ssl, text, n) == n, "answer");
	}
	SSL_shutdown(ssl);
}

static void serve(const char *key, const char *cert, bool accept_it)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
		     SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) == 1,
	     "certificate");
	SSL_CTX_set_max_early_data(ctx, MAX);
	SSL_CTX_set_recv_max_early_data(ctx, MAX);
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 16) == 0 &&
		     getsockname(fd, (struct sockaddr *)&a, &len) == 0,
	     "listen");
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		SSL *ssl = SSL_new(ctx);
		int peer = accept(fd, NULL, NULL);

		SSL_set_fd(ssl, peer);
		serve_one(ssl, accept_it);
		SSL_free(ssl);
		close(peer);
	}
}

/* ---- the client ---- */

static int on_session(SSL *ssl, SSL_SESSION *s)
{
	SSL_SESSION_free(session);
	session = s;
	return 1;
}

static SSL *dial(SSL_CTX *ctx, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(ctx);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0, "connect");
	SSL_set_fd(ssl, fd);
	SSL_set_tlsext_host_name(ssl, "localhost");
	return ssl;
}

static int request(char text[MAX], int number)
{
	char body[256];
	int n = snprintf(body, sizeof(body),
			 "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":"
			 "\"request %d\"}]}",
			 number);

	return snprintf(text, MAX,
			"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			n, body);
}

static void ask(SSL *ssl, int number)
{
	char text[MAX];
	int n = request(text, number);

	must(SSL_write(ssl, text, n) == n, "write");
}

static void hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void call(int port, const char *ca, int count)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct reader r = { 0 };
	char text[MAX];
	size_t written;

	must(SSL_CTX_load_verify_locations(ctx, ca, NULL) == 1, "authority");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	r.ssl = dial(ctx, port);
	must(SSL_connect(r.ssl) == 1, "handshake");
	ask(r.ssl, 0);
	must(next_message(&r) && session, "the first answer, and a ticket");
	hang_up(r.ssl);

	r = (struct reader){ .ssl = dial(ctx, port) };
	SSL_set_session(r.ssl, session);
	for (int i = 1; i <= count; i++) {
		size_t n = (size_t)request(text, i);

		must(SSL_write_early_data(r.ssl, text, n, &written) == 1 && written == n,
		     "early data");
	}
	must(SSL_connect(r.ssl) == 1, "the second handshake");
	printf("%s\n", SSL_get_early_data_status(r.ssl) == SSL_EARLY_DATA_ACCEPTED ? "accepted"
										   : "refused");
	for (int i = 1; SSL_get_early_data_status(r.ssl) != SSL_EARLY_DATA_ACCEPTED && i <= count;
	     i++)
		ask(r.ssl, i);
	for (int i = 1; i <= count; i++)
		must(next_message(&r), "an answer");
	ask(r.ssl, count + 1);
	must(next_message(&r), "the last answer");
	hang_up(r.ssl);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	must(argc == 5, "usage");
	if (strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv[3], strcmp(argv[4], "accept") == 0);
	call(atoi(argv[2]), argv[3], atoi(argv[4]));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* A client with Mbed TLS linked in, whose names are then stripped: mbedclient PORT CA. Sends what
 * it reads from standard input, and prints what the server answers until that closes. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>

static mbedtls_net_context net;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context random_numbers;
static mbedtls_ssl_config config;
static mbedtls_x509_crt trust;
static mbedtls_ssl_context tls;
static unsigned char bytes[1 << 16];

static int set_up(const char *port, const char *ca)
{
	mbedtls_net_init(&net);
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&random_numbers);
	mbedtls_ssl_config_init(&config);
	mbedtls_x509_crt_init(&trust);
	mbedtls_ssl_init(&tls);
	if (mbedtls_ctr_drbg_seed(&random_numbers, mbedtls_entropy_func, &entropy, NULL, 0) != 0 ||
	    mbedtls_x509_crt_parse_file(&trust, ca) != 0 ||
	    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT,
					MBEDTLS_SSL_TRANSPORT_STREAM,
					MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		return 0;
	mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random_numbers);
	mbedtls_ssl_conf_ca_chain(&config, &trust, NULL);
	return mbedtls_ssl_setup(&tls, &config) == 0 &&
	       mbedtls_ssl_set_hostname(&tls, "localhost") == 0 &&
	       mbedtls_net_connect(&net, "127.0.0.1", port, MBEDTLS_NET_PROTO_TCP) == 0;
}

int main(int argc, char **argv)
{
	size_t len, sent = 0;
	int n;

	if (argc != 3 || !set_up(argv[1], argv[2]))
		return 1;
	mbedtls_ssl_set_bio(&tls, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
	if (mbedtls_ssl_handshake(&tls) != 0)
		return 1;
	len = fread(bytes, 1, sizeof(bytes), stdin);
	while (sent < len && (n = mbedtls_ssl_write(&tls, bytes + sent, len - sent)) > 0)
		sent += (size_t)n;
	while ((n = mbedtls_ssl_read(&tls, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stdout);
	mbedtls_ssl_free(&tls);
	return sent == len ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/* Tells the API keys of requests apart without keeping them: the first 64 bits of HMAC-SHA-256 of
 * the key, under a secret of this host. Without that secret nobody can try keys against an id, and
 * ids of two hosts have nothing in common. Pure. */
#ifndef SPY_EXCHANGE_KEY_PRINT_H
#define SPY_EXCHANGE_KEY_PRINT_H

#include "exchange/exchange.h"
#include "http/message.h"

#define KEY_SECRET_LEN 32

struct key_secret {
	uint8_t bytes[KEY_SECRET_LEN];
};

/* Fills *k from the header fields and the target of a request, as they came; it is left alone where
 * there is no key. Of a signature (AWS), the name of the key that signed counts. */
void key_print_take(struct key_print *k, const struct key_secret *s, const struct http_head *h);

/* As a recording keeps it: the id, a blank and the hint. */
#define KEY_PRINT_TEXT 64
size_t key_print_write(const struct key_print *k, char ret[KEY_PRINT_TEXT]);
/* False, and nothing is changed: it is none. */
bool key_print_read(struct span text, struct key_print *ret);

#endif

/* SPDX-License-Identifier: MIT */
#include "web/auth.h"

#include <errno.h>
#include <nettle/memops.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int web_auth_init(struct web_auth *a, unsigned port, struct error *reterr)
{
	uint8_t bytes[WEB_TOKEN_DIGITS / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_set(reterr, -EIO, "the kernel has no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(a->token + 2 * i, 3, "%02x", bytes[i]);
	snprintf(a->cookie, sizeof(a->cookie), "llm_spy_%u", port);
	return 0;
}

bool web_auth_is_token(const struct web_auth *a, struct span given)
{
	return given.len == WEB_TOKEN_DIGITS && memeql_sec(a->token, given.ptr, WEB_TOKEN_DIGITS);
}

bool web_auth_has_cookie(const struct web_auth *a, struct span cookies)
{
	struct span name = span_str(a->cookie);
	bool has = false;

	while (cookies.len) {
		size_t end = span_find(cookies, ';');
		struct span one = span_trim(span_first(cookies, end));

		cookies = span_from(cookies, end + 1);
		if (span_starts(one, name) && one.len > name.len && one.ptr[name.len] == '=')
			has |= web_auth_is_token(a, span_from(one, name.len + 1));
	}
	return has;
}

bool web_auth_is_own_origin(struct span origin, struct span host)
{
	static const char scheme[] = "http://";

	return !origin.len || (span_starts(origin, SPAN_LIT("http://")) &&
			       span_caseeq(span_from(origin, sizeof(scheme) - 1), host));
}

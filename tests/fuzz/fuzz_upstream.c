/* SPDX-License-Identifier: MIT */
/* What another proxy answers, and lists of what is reached without one. */
#include <stdlib.h>

#include "proxy/upstream.h"
#include "tests/fuzz/fuzz.h"

static void talk(struct span in, enum upstream_kind kind, bool has_user)
{
	struct upstream u = { .kind = kind, .has_user = has_user, .user = "u", .password = "p" };
	struct upstream_talk t = { 0 };
	bool stands = false;
	struct buf out;
	int used = 1;

	buf_init(&out, 4096);
	while (used > 0 && !stands) {
		used = upstream_answer(&u, "api.example", 443, &t, in, &out, &stands);
		if (used > 0 && (size_t)used > in.len)
			abort();
		in = span_from(in, used > 0 ? (size_t)used : 0);
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct upstream u;
	char text[512];

	talk(in, UPSTREAM_HTTP, false);
	talk(in, UPSTREAM_SOCKS, false);
	talk(in, UPSTREAM_SOCKS, true);
	if (upstream_read(in, &u) && (!u.port || u.port > 65535 || !u.host[0]))
		abort();
	for (size_t i = 0; i <= size && i < 64; i++)
		if (upstream_take(&u, &(struct upstream_talk){ 0 }, span_first(in, i),
				  span_from(in, i)) > size - i)
			abort();
	size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	upstream_excepts(text, "10.1.2.3", 443);
	upstream_excepts(text, "2001:db8::1", 443);
	upstream_excepts(text, "api.example", 443);
	return 0;
}

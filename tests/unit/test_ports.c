/* SPDX-License-Identifier: MIT */
/* Lists of ports and the filter that they become. */
#include <errno.h>
#include <string.h>

#include "capture/ports.h"
#include "tests/unit/tap.h"

static const struct {
	const char *list, *want; /* NULL: refused */
} rows[] = {
	{ "8000", "(p) == 8000" },
	{ "1,65535", "(p) == 1 || (p) == 65535" },
	{ "8000,9000-9010", "(p) == 8000 || ((p) >= 9000 && (p) <= 9010)" },
	{ "7-7", "(p) == 7" },
	{ "all", "1" },
	{ "", NULL },
	{ "0", NULL },
	{ "65536", NULL },
	{ "99999999999999999999999", NULL },
	{ "-1", NULL },
	{ "8000,", NULL },
	{ ",8000", NULL },
	{ "8000;1", NULL },
	{ "9-8", NULL },
	{ "8-", NULL },
	{ "8000-9000-9001", NULL },
	{ " 8000", NULL },
	{ "1)||(1", NULL },
	{ "ALL", NULL },
};

static void test_lists(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool near = true;
		struct buf b;
		int err;

		buf_init(&b, 4096);
		err = ports_expression(rows[i].list, &b, &near);
		is_int(err, rows[i].want ? 0 : -EINVAL, "\"%s\" is %s", rows[i].list,
		       rows[i].want ? "a list" : "refused");
		if (rows[i].want)
			is_str(b.ptr, rows[i].want, "and becomes a filter");
		ok(!near, "not only within this host");
		buf_done(&b);
	}
}

static void test_long(void)
{
	char list[2 * PORTS_MAX + 3];
	struct buf b;
	bool near;

	for (size_t i = 0; i <= PORTS_MAX; i++)
		memcpy(list + 2 * i, "1,", 2);
	list[2 * PORTS_MAX - 1] = '\0';
	buf_init(&b, 4096);
	is_int(ports_expression(list, &b, &near), 0, "as many as there may be");
	buf_reset(&b);
	list[2 * PORTS_MAX - 1] = ',';
	list[2 * PORTS_MAX + 1] = '\0';
	is_int(ports_expression(list, &b, &near), -EINVAL, "one more is refused");
	buf_done(&b);
}

static void test_well_known(void)
{
	struct buf b;
	bool near = false;

	buf_init(&b, 4096);
	is_int(ports_expression(NULL, &b, &near), 0, "without a list");
	ok(near && strstr(b.ptr, "(p) == 11434"), "Ollama's port is there, within this host");
	buf_done(&b);
}

int main(void)
{
	test_lists();
	test_long();
	test_well_known();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
#include "capture/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const unsigned well_known[] = {
#define PORT(number, who) number,
#include "capture/plainports.def"
#undef PORT
};

static int read_port(const char **at, unsigned *ret)
{
	char *end;
	unsigned long n;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	n = strtoul(*at, &end, 10);
	*at = end;
	*ret = (unsigned)n;
	return n >= 1 && n <= 65535 ? 0 : -EINVAL;
}

static void add_range(struct buf *out, bool first, unsigned low, unsigned high)
{
	if (low == high)
		buf_addf(out, "%s(p) == %u", first ? "" : " || ", low);
	else
		buf_addf(out, "%s((p) >= %u && (p) <= %u)", first ? "" : " || ", low, high);
}

int ports_list(const char *list, struct port_range ret[PORTS_MAX], size_t *ret_count)
{
	for (size_t n = 0; n < PORTS_MAX; n++) {
		struct port_range r;

		if (read_port(&list, &r.low) != 0)
			return -EINVAL;
		r.high = r.low;
		if (*list == '-') {
			list++;
			if (read_port(&list, &r.high) != 0 || r.high < r.low)
				return -EINVAL;
		}
		ret[n] = r;
		if (*list == '\0') {
			*ret_count = n + 1;
			return 0;
		}
		if (*list++ != ',')
			return -EINVAL;
	}
	return -EINVAL;
}

static int add_list(const char *list, struct buf *out)
{
	struct port_range ranges[PORTS_MAX];
	size_t count;
	int err = ports_list(list, ranges, &count);

	for (size_t i = 0; !err && i < count; i++)
		add_range(out, i == 0, ranges[i].low, ranges[i].high);
	return err;
}

int ports_expression(const char *list, struct buf *out, bool *ret_near)
{
	*ret_near = !list;
	if (list && strcmp(list, "all") == 0)
		return buf_adds(out, "1");
	if (list)
		return add_list(list, out);
	for (size_t i = 0; i < sizeof(well_known) / sizeof(*well_known); i++)
		add_range(out, i == 0, well_known[i], well_known[i]);
	return 0;
}

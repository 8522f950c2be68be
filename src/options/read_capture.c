/* SPDX-License-Identifier: MIT */
/* How events are captured, and where recordings come from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ports.h"
#include "options/read.h"
#include "select/amount.h"

/* Nobody waits longer for a program. */
#define HOLD_MAX_NS 60000000000ull

int read_ports(struct options *o, const char *arg, struct error *reterr)
{
	struct buf text;
	int err = 0;

	buf_init(&text, 16 << 10);
	o->plain_unix = !arg || strcmp(arg, "all") == 0 || strncmp(arg, "unix", 4) == 0;
	if (arg && strncmp(arg, "unix,", 5) == 0)
		arg += 5;
	if (arg && strcmp(arg, "unix") == 0)
		buf_adds(&text, "0");
	else
		err = ports_expression(arg, &text, &o->plain_near);
	free(o->plain);
	o->plain = buf_take(&text);
	if (err)
		return error_set(reterr, err,
				 "ports are numbers or ranges, e.g. 8000,9000-9010, or 'all'; "
				 "'unix' stands for Unix sockets");
	return 0;
}

int read_as(struct options *o, const char *arg, struct error *reterr)
{
	return named_hosts_add(&o->named, arg, reterr);
}

int read_buffer(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "BUFFER", &choice, reterr);

	o->buffer = (enum buffer_kind)choice;
	return err;
}

int read_replay(struct options *o, const char *arg, struct error *reterr)
{
	o->replay = arg;
	if (!options_view(o))
		o->action = ACTION_REPLAY;
	return 0;
}

int read_hold(struct options *o, const char *arg, struct error *reterr)
{
	int err = strcmp(arg, "0") == 0 ? 0 : amount_time(arg, &o->hold_ns);

	if (strcmp(arg, "0") == 0)
		o->hold_ns = 0;
	if (err || o->hold_ns > HOLD_MAX_NS)
		return error_set(reterr, -EINVAL,
				 "expected a time up to 60s, e.g. 500ms or 2s, or 0 for none");
	return 0;
}

int read_limit(struct options *o, const char *arg, struct error *reterr)
{
	if (limits_set(&o->limits, arg) != 0)
		return error_set(reterr, -EINVAL,
				 "expected the name of a limit and a number, e.g. connections=1000 "
				 "or body=64M; llm-spy(8) lists them");
	return 0;
}

int read_port(struct options *o, const char *arg, struct error *reterr)
{
	unsigned long n;

	if (read_number(arg, 65535, &n) || n == 0)
		return error_set(reterr, -EINVAL, "expected a port from 1 to 65535");
	o->port = (unsigned)n;
	return 0;
}

int read_proxy(struct options *o, const char *arg, struct error *reterr)
{
	o->proxy = true;
	o->transparent = arg != NULL;
	if (arg && strcmp(arg, "transparent") != 0)
		return error_set(reterr, -EINVAL, "expected nothing or 'transparent'");
	return 0;
}

int read_proxy_ports(struct options *o, const char *arg, struct error *reterr)
{
	if (ports_list(arg, o->proxy_ports, &o->nproxy_ports) != 0)
		return error_set(reterr, -EINVAL,
				 "ports are numbers or ranges, e.g. 443,8000-8010");
	return 0;
}

int read_upstream_proxy(struct options *o, const char *arg, struct error *reterr)
{
	if (strcmp(arg, "none") != 0 && strncmp(arg, "http://", 7) != 0 &&
	    strncmp(arg, "socks5://", 9) != 0 && strncmp(arg, "socks5h://", 10) != 0)
		return error_set(reterr, -EINVAL,
				 "expected the proxy's URL, http:// or socks5://, or 'none'");
	o->upstream_proxy = arg;
	return 0;
}

int read_reverse(struct options *o, const char *arg, struct error *reterr)
{
	if (strncmp(arg, "https://", 8) != 0 && strncmp(arg, "http://", 7) != 0)
		return error_set(reterr, -EINVAL,
				 "expected the server's URL, e.g. https://api.openai.com");
	o->reverse = arg;
	return 0;
}

int read_pace(struct options *o, const char *arg, struct error *reterr)
{
	unsigned choice = 0;
	int err = read_choice(arg, "PACE", &choice, reterr);

	o->paced = choice == 1;
	return err;
}

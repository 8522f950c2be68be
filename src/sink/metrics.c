/* SPDX-License-Identifier: MIT */
/* Metrics of calls that a Prometheus fetches over HTTP. All is done on the output's thread: calls
 * are counted and the server is served in turns, so nothing is locked. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "sink/metrics_server.h"
#include "sink/sink.h"

static const struct sink_setting settings[] = {
	{ "sets", "combinations of provider, model, program and user that are told apart (500)" },
	{ "name", "a name by which this host may be asked, beside addresses and localhost" },
	{ NULL, NULL },
};

#ifdef HAVE_MICROHTTPD

struct sink {
	struct metrics *metrics;
	const struct health *health;
	struct metrics_server *server;
};

static void write_metrics(void *arg, enum exposition_format format, struct buf *out)
{
	const struct sink *s = arg;
	struct health h = health_read(s->health);

	h.merged = s->metrics->merged;
	exposition_write(out, s->metrics, &h, PACKAGE_VERSION, format);
}

static int read_sets(const struct sink_config *c, size_t *ret, struct error *reterr)
{
	const char *value = sink_value(c, "sets");
	char *end;

	*ret = METRICS_SETS;
	if (!value)
		return 0;
	*ret = strtoul(value, &end, 10);
	if (*value >= '0' && *value <= '9' && !*end && *ret > 0 && *ret <= METRICS_SETS_MAX)
		return 0;
	return error_set(reterr, -EINVAL, "sets=%.100s: expected a number from 1 to %d", value,
			 METRICS_SETS_MAX);
}

static int metrics_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct metrics_server *server;
	struct sink *s;
	size_t sets;
	int err = read_sets(c, &sets, reterr);

	if (err)
		return err;
	s = xcalloc(1, sizeof(*s));
	err = metrics_server_open(&server, c->target, sink_value(c, "name"), write_metrics, s,
				  reterr);
	if (err) {
		free(s);
		return err;
	}
	*s = (struct sink){ .metrics = metrics_new(sets), .health = c->health, .server = server };
	log_say("metrics at %s", metrics_server_url(server));
	*ret = s;
	return 0;
}

static int metrics_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	metrics_add(s->metrics, x);
	return 0;
}

static size_t metrics_pollfds(struct sink *s, struct pollfd *fds, size_t max, unsigned *ret_ms)
{
	fds[0] = (struct pollfd){ .fd = metrics_server_fd(s->server, ret_ms), .events = POLLIN };
	return 1;
}

static int metrics_tick(struct sink *s, uint64_t now_ns, struct error *reterr)
{
	metrics_server_serve(s->server);
	return 0;
}

static void metrics_free_sink(struct sink *s)
{
	if (!s)
		return;
	metrics_server_free(s->server);
	metrics_free(s->metrics);
	free(s);
}

#else

static int metrics_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without libmicrohttpd");
}

static int metrics_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	return -ENOTSUP;
}

#endif

const struct sink_ops sink_metrics = {
	.name = "metrics",
	.help = "counters and histograms for Prometheus, served over HTTP",
	.settings = settings,
	.open = metrics_open,
	.end = metrics_end,
#ifdef HAVE_MICROHTTPD
	.pollfds = metrics_pollfds,
	.tick = metrics_tick,
	.free = metrics_free_sink,
#endif
};

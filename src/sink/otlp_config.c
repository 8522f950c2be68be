/* SPDX-License-Identifier: MIT */
/* Source: OpenTelemetry's specification, "OpenTelemetry Protocol Exporter" and "Environment
 * Variable Specification". A variable of one signal stands before the one of all; what is empty is
 * not set. */
#include "sink/otlp_config.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/comma.h"
#include "base/log.h"
#include "base/xalloc.h"

#define ENDPOINT    "http://127.0.0.1:4318"
#define TIMEOUT_MS  10000
#define RETRY_MS    60000
#define INTERVAL_MS 60000
#define HOUR_MS	    3600000

static const struct {
	const char *name, *path;
} signals[OTLP_SIGNALS] = {
	[OTLP_TRACES] = { "TRACES", "/v1/traces" },
	[OTLP_LOGS] = { "LOGS", "/v1/logs" },
	[OTLP_METRICS] = { "METRICS", "/v1/metrics" },
};

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS. */
static const char *of_signal(enum otlp_signal s, const char *what)
{
	AUTO_FREE char *one = xasprintf("OTEL_EXPORTER_OTLP_%s_%s", signals[s].name, what);
	AUTO_FREE char *all = xasprintf("OTEL_EXPORTER_OTLP_%s", what);
	const char *value = variable(one);

	return value ? value : variable(all);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static bool is_true(const char *value)
{
	return value && strcasecmp(value, "true") == 0;
}

/* ---- where ---- */

static char *below(const char *base, const char *path)
{
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	return xasprintf("%.*s%s", (int)len, base, path);
}

/* What the command line says stands before variables; that of a signal is used as it is. */
static char *url_of(const struct sink_config *c, enum otlp_signal s)
{
	AUTO_FREE char *name = xasprintf("OTEL_EXPORTER_OTLP_%s_ENDPOINT", signals[s].name);
	const char *own = variable(name), *all = variable("OTEL_EXPORTER_OTLP_ENDPOINT");

	if (c->target)
		return below(c->target, signals[s].path);
	return own ? xstrdup(own) : below(all ? all : ENDPOINT, signals[s].path);
}

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* Outputs are named in summaries, by their targets. */
static bool has_password(const char *target)
{
	const char *host = target ? strstr(target, "://") : NULL;

	return host && memchr(host + 3, '@', strcspn(host + 3, "/?#"));
}

static int check_protocol(const struct sink_config *c, enum otlp_signal s, struct error *reterr)
{
	const char *protocol = of_signal(s, "PROTOCOL");

	if (!protocol || strcmp(protocol, "http/json") == 0)
		return 0;
	if (!c->target)
		return error_set(
			reterr, -ENOTSUP,
			"OTEL_EXPORTER_OTLP_PROTOCOL=%.40s: llm-spy sends http/json; name a "
			"receiver of that with -o otlp:URL",
			protocol);
	log_warn("output",
		 "OTEL_EXPORTER_OTLP_PROTOCOL=%.40s is not followed: llm-spy sends "
		 "http/json",
		 protocol);
	return 0;
}

/* ---- how ---- */

static int read_compression(const char *value, bool *ret, struct error *reterr)
{
	*ret = value && strcmp(value, "gzip") == 0;
	if (!value || *ret || strcmp(value, "none") == 0)
		return 0;
	return error_set(reterr, -EINVAL, "compression %.40s: expected gzip or none", value);
}

/* A number of milliseconds; `unit` of them make one of the value. */
static int read_ms(const char *what, const char *value, uint64_t unit, uint64_t *ret,
		   struct error *reterr)
{
	unsigned long long n;
	char *end;

	if (!value)
		return 0;
	n = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || n > HOUR_MS / unit)
		return error_set(reterr, -EINVAL, "%s=%.40s: expected a number of %s", what, value,
				 unit == 1 ? "milliseconds" : "seconds");
	*ret = n * unit;
	return 0;
}

static int read_target(struct otlp_config *ret, const struct sink_config *c, enum otlp_signal s,
		       struct error *reterr)
{
	const char *compression = sink_value(c, "compression");
	struct otlp_target *t = &ret->targets[s];
	uint64_t timeout = TIMEOUT_MS;
	int err = check_protocol(c, s, reterr);

	t->url = url_of(c, s);
	t->headers = copy(of_signal(s, "HEADERS"));
	t->certificate = copy(of_signal(s, "CERTIFICATE"));
	if (!err && !is_http(t->url))
		err = error_set(reterr, -EINVAL, "otlp:%.100s: expected a URL such as " ENDPOINT,
				t->url);
	if (!err)
		err = read_compression(compression ? compression : of_signal(s, "COMPRESSION"),
				       &t->gzip, reterr);
	if (!err)
		err = read_ms("OTEL_EXPORTER_OTLP_TIMEOUT", of_signal(s, "TIMEOUT"), 1, &timeout,
			      reterr);
	t->timeout_ms = (long)timeout;
	return err;
}

/* OTEL_TRACES_EXPORTER=none. */
static bool is_on(const struct otlp_config *c, enum otlp_signal s)
{
	AUTO_FREE char *name = xasprintf("OTEL_%s_EXPORTER", signals[s].name);
	const char *value = variable(name);

	return !(value && strcmp(value, "none") == 0) && (s != OTLP_LOGS || c->content);
}

static bool opts_in(const char *word)
{
	struct span rest = span_str(variable("OTEL_SEMCONV_STABILITY_OPT_IN")), one;

	while (comma_next(&rest, ",", &one))
		if (span_eq(one, span_str(word)))
			return true;
	return false;
}

int otlp_config_read(struct otlp_config *ret, const struct sink_config *c, struct error *reterr)
{
	int err;

	*ret = (struct otlp_config){
		.disabled = is_true(variable("OTEL_SDK_DISABLED")),
		.newer = opts_in("gen_ai_latest_experimental"),
		.service = variable("OTEL_SERVICE_NAME"),
		.attributes = variable("OTEL_RESOURCE_ATTRIBUTES"),
		.retry_ms = RETRY_MS,
		.interval_ms = INTERVAL_MS,
	};
	if (has_password(c->target))
		return error_set(reterr, -EINVAL,
				 "otlp: a password in a URL is shown to others: give it in "
				 "OTEL_EXPORTER_OTLP_HEADERS");
	err = sink_flag(c, "content", false, &ret->content, reterr);
	if (!err)
		err = read_ms("retry", sink_value(c, "retry"), 1000, &ret->retry_ms, reterr);
	if (!err)
		err = read_ms("OTEL_METRIC_EXPORT_INTERVAL",
			      variable("OTEL_METRIC_EXPORT_INTERVAL"), 1, &ret->interval_ms,
			      reterr);
	for (enum otlp_signal s = 0; !err && s < OTLP_SIGNALS; s++) {
		ret->on[s] = is_on(ret, s);
		err = read_target(ret, c, s, reterr);
	}
	return err;
}

void otlp_config_done(struct otlp_config *c)
{
	for (enum otlp_signal s = 0; s < OTLP_SIGNALS; s++) {
		free(c->targets[s].url);
		free(c->targets[s].headers);
		free(c->targets[s].certificate);
	}
}

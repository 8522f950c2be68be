/* SPDX-License-Identifier: MIT */
/* Where telemetry goes and how: settings of the output, and OpenTelemetry's variables. */
#ifndef SPY_SINK_OTLP_CONFIG_H
#define SPY_SINK_OTLP_CONFIG_H

#include "sink/otlp_http.h"
#include "sink/sink.h"
#include "telemetry/otlp_batch.h"

struct otlp_config {
	struct otlp_target targets[OTLP_SIGNALS];
	bool on[OTLP_SIGNALS];
	bool disabled; /* OTEL_SDK_DISABLED */
	bool newer;    /* OTEL_SEMCONV_STABILITY_OPT_IN */
	bool content;
	const char *service, *attributes; /* NULL: not given */
	uint64_t retry_ms;		  /* how long one request is tried again */
	uint64_t interval_ms;		  /* between two exports of metrics */
};

int otlp_config_read(struct otlp_config *ret, const struct sink_config *c, struct error *reterr);
void otlp_config_done(struct otlp_config *c);

#endif

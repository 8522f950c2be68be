/* SPDX-License-Identifier: MIT */
/* What OpenTelemetry calls things. */
#ifndef SPY_TELEMETRY_SEMCONV_H
#define SPY_TELEMETRY_SEMCONV_H

#include "exchange/exchange.h"

enum semconv {
#define NAME(id, name, newer) SEMCONV_##id,
#define OPERATION(api, operation)
#define VENDOR(provider, name)
#include "telemetry/semconv.def"
#undef NAME
#undef OPERATION
#undef VENDOR
	SEMCONV_COUNT
};

#define SEMCONV_SCHEMA "https://opentelemetry.io/schemas/1.41.1"

/* NULL where the newer conventions have none. */
const char *semconv_name(enum semconv which, bool newer);
/* gen_ai.operation.name of a call to a model; where no convention has one, what api calls it. */
const char *semconv_operation(const struct exchange *x);
/* gen_ai.provider.name; NULL: it is not known. */
const char *semconv_provider(const struct exchange *x);

#endif

/* SPDX-License-Identifier: MIT */
#include "telemetry/semconv.h"

static const struct {
	const char *name, *newer;
} names[] = {
#define NAME(id, name, newer) { name, newer },
#define OPERATION(api, operation)
#define VENDOR(provider, name)
#include "telemetry/semconv.def"
#undef NAME
#undef OPERATION
#undef VENDOR
};

static const struct {
	struct span api;
	const char *operation;
} operations[] = {
#define NAME(id, name, newer)
#define OPERATION(api, operation) { SPAN_LIT(api), operation },
#define VENDOR(provider, name)
#include "telemetry/semconv.def"
#undef NAME
#undef OPERATION
#undef VENDOR
};

static const struct {
	const char *provider, *name;
} vendors[] = {
#define NAME(id, name, newer)
#define OPERATION(api, operation)
#define VENDOR(provider, name) { provider, name },
#include "telemetry/semconv.def"
#undef NAME
#undef OPERATION
#undef VENDOR
};

const char *semconv_name(enum semconv which, bool newer)
{
	if (!newer || !names[which].newer)
		return names[which].name;
	return names[which].newer[0] ? names[which].newer : NULL;
}

const char *semconv_operation(const struct exchange *x)
{
	const char *dot;

	if (!x->api || strcmp(x->api, "unknown") == 0)
		return "chat";
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (span_starts(span_str(x->api), operations[i].api))
			return operations[i].operation;
	dot = strrchr(x->api, '.');
	return dot ? dot + 1 : x->api;
}

const char *semconv_provider(const struct exchange *x)
{
	for (size_t i = 0; x->provider && i < sizeof(vendors) / sizeof(*vendors); i++)
		if (strcmp(vendors[i].provider, x->provider) == 0)
			return vendors[i].name;
	return x->provider;
}

/* SPDX-License-Identifier: MIT */
/* Source: OpenTelemetry's resource conventions: service, process, container, k8s, host; and
 * OTEL_RESOURCE_ATTRIBUTES of its SDK specification. */
#include "base/comma.h"
#include "telemetry/otlp_span.h"
#include "base/percent.h"

#define PART_MAX 256

static bool is_name(struct span key, const char *name)
{
	return span_eq(key, span_str(name));
}

/* Those that were given stand for all processes; a name of the service beside its own variable does
 * not. */
static void add_given(struct attributes *a, const struct otlp_options *o, bool *ret_named)
{
	struct span rest = span_str(o->attributes), pair;

	*ret_named = false;
	while (comma_next(&rest, ",", &pair)) {
		size_t equals = span_find(pair, '=');
		struct span key = span_trim(span_first(pair, equals));
		struct buf value;
		bool service = is_name(key, semconv_name(SEMCONV_SERVICE_NAME, a->newer));

		if (equals == pair.len || !key.len || (service && o->service))
			continue;
		buf_init(&value, pair.len + 1);
		percent_decode(span_trim(span_from(pair, equals + 1)), &value);
		attribute_named(a, key, buf_span(&value));
		*ret_named |= service;
		buf_done(&value);
	}
}

/* "namespace/name", else its uid. */
static void add_pod(struct attributes *a, const char *pod)
{
	const char *slash = pod ? strchr(pod, '/') : NULL;
	char space[PART_MAX];

	if (!slash || (size_t)(slash - pod) >= sizeof(space)) {
		attribute_text(a, SEMCONV_K8S_POD_UID, pod);
		return;
	}
	memcpy(space, pod, (size_t)(slash - pod));
	space[slash - pod] = '\0';
	attribute_text(a, SEMCONV_K8S_NAMESPACE, space);
	attribute_text(a, SEMCONV_K8S_POD_NAME, slash + 1);
}

static struct attributes service(const struct exchange *x, const struct otlp_options *o)
{
	struct attributes a = attributes_new(o->newer);
	bool named;

	add_given(&a, o, &named);
	if (!named)
		attribute_text(&a, SEMCONV_SERVICE_NAME,
			       o->service ? o->service
			       : x	  ? exchange_program(x)
					  : "llm-spy");
	attribute_text(&a, SEMCONV_HOST_NAME, o->host);
	return a;
}

static json_t *resource(const struct attributes *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "attributes", a->list);
	return o;
}

json_t *otlp_service(const struct exchange *x, const struct otlp_options *o)
{
	struct attributes a = service(x, o);

	return resource(&a);
}

json_t *otlp_resource(const struct exchange *x, const struct otlp_options *o)
{
	struct attributes a = service(x, o);

	attribute_int(&a, SEMCONV_PROCESS_PID, x->tgid);
	attribute_text(&a, SEMCONV_PROCESS_NAME, x->process);
	attribute_text(&a, SEMCONV_PROCESS_PATH, x->exe);
	attribute_text(&a, SEMCONV_PROCESS_COMMAND_LINE, o->content ? x->cmdline : NULL);
	attribute_text(&a, SEMCONV_PROCESS_OWNER, x->user);
	attribute_text(&a, SEMCONV_CONTAINER_ID, x->container.id);
	attribute_text(&a, SEMCONV_CONTAINER_NAME, x->container.name);
	add_pod(&a, x->container.pod);
	attribute_text(&a, SEMCONV_OUR_UNIT, x->container.unit);
	return resource(&a);
}

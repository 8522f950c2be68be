/* SPDX-License-Identifier: MIT */
/* First byte: a method of A2A over gRPC, and whether its request or its answer is read. Any bytes
 * become a value within the ceilings, which can be written and has no more memory than counted. */
#include <stdlib.h>

#include "json/memory.h"
#include "json/write.h"
#include "llm/dialects/a2a.h"
#include "llm/protobuf.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY (64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const targets[] = {
		"/lf.a2a.v1.A2AService/SendStreamingMessage",
		"/a2a.v1.A2AService/SendStreamingMessage",
		"/lf.a2a.v1.A2AService/GetExtendedAgentCard",
		"/a2a.v1.A2AService/GetAgentCard",
		"/lf.a2a.v1.A2AService/ListTasks",
		"/a2a.v1.A2AService/GetTask",
	};
	const struct a2a_method *m;
	struct limits lim;
	bool partial;
	json_t *v;

	if (!size)
		return 0;
	m = a2a_method_of(span_str(targets[(data[0] >> 1) % (sizeof(targets) / sizeof(*targets))]));
	limits_init(&lim);
	lim.max[LIMIT_json_memory] = MEMORY;
	lim.max[LIMIT_json_depth] = 32;
	v = pb_read(&lim, data[0] & 1 ? m->ask : m->answer, span_of(data + 1, size - 1), &partial);
	if (json_memory(v) > MEMORY + JSON_OBJECT_MEMORY)
		abort();
	if (v)
		free(json_write_text(v));
	json_decref(v);
	return 0;
}

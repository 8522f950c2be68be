/* SPDX-License-Identifier: MIT */
/* /proc/PID/cgroup, whose names users choose: what is told lies in it. */
#include <stdlib.h>

#include "capture/cgroup_path.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_place p = cgroup_place(cgroup_path(span_of(data, size)));
	const struct span all[] = { p.id, p.name, p.pod, p.unit };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].len && (all[i].ptr < data || all[i].ptr + all[i].len > data + size))
			abort();
	return 0;
}

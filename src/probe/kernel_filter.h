/* SPDX-License-Identifier: MIT */
/* Which processes the probe leaves out, as a C expression that is compiled into it: what nobody
 * wants costs the traced programs nothing more then. */
#ifndef SPY_PROBE_KERNEL_FILTER_H
#define SPY_PROBE_KERNEL_FILTER_H

#include "base/error.h"
#include "capture/filter.h"

struct kernel_filter {
	const struct filter_options *filter; /* its pids and users; names are compared later on */
	const char *comm;		     /* name of the thread; NULL: any */
};

/* An expression of tgid, SPY_PID(i) of the filter's pids, uid and comm (probes/base.bpf.c) that is
 * true for what is left out; cgroups
 * are compared by the probe itself (probe_config.cgroups).
 * The caller frees it, on failure too. */
int kernel_filter_expression(const struct kernel_filter *f, char **ret, struct error *reterr);

#endif

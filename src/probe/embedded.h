/* SPDX-License-Identifier: MIT */
/* The probe, the builtin kernel headers and the demo's script as text (by scripts/embed). */
#ifndef SPY_PROBE_EMBEDDED_H
#define SPY_PROBE_EMBEDDED_H

#define BUILTIN_HEADERS(X)                                                                         \
	X(builtin_asm_page_h, "asm/page.h")                                                        \
	X(builtin_linux_bpf_common_h, "linux/bpf_common.h")                                        \
	X(builtin_linux_kconfig_h, "linux/kconfig.h")                                              \
	X(builtin_linux_log2_h, "linux/log2.h")                                                    \
	X(builtin_linux_ptrace_h, "linux/ptrace.h")                                                \
	X(builtin_linux_types_h, "linux/types.h")                                                  \
	X(builtin_linux_version_h, "linux/version.h")                                              \
	X(builtin_uapi_linux_bpf_h, "uapi/linux/bpf.h")                                            \
	X(builtin_uapi_linux_if_packet_h, "uapi/linux/if_packet.h")

#define X(symbol, path) extern const char symbol[];
BUILTIN_HEADERS(X)
#undef X

extern const char embedded_event_h[];
#define TEXT(group, text) extern const char text[];
#include "probes/programs.def"
extern const char embedded_agent_py[]; /* src/demo/agent.py */
extern const char embedded_demo_sh[];  /* src/demo/demo.sh */

#endif

/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* A thread's registers as a uprobe program gets them: part of the kernel's stable interface. */
#ifndef SPY_BUILTIN_PTRACE_H
#define SPY_BUILTIN_PTRACE_H
#include <linux/types.h>
struct pt_regs {
#if defined(__x86_64__)
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
#elif defined(__aarch64__)
	__u64 regs[31], sp, pc, pstate;
#else
#error "llm-spy has no builtin kernel headers for this processor: use --kernel-headers=DIR"
#endif
};
#endif

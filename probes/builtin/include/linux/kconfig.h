/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
#define CONFIG_64BIT 1
#define CONFIG_BPF_SYSCALL 1

/* SPDX-License-Identifier: MIT */
#include "run/by_signal.h"

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

int by_signal_end(int signal_number)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &no_core);
	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signal_number);
	return 128 + signal_number;
}

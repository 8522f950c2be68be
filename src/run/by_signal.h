/* SPDX-License-Identifier: MIT */
/* The end of this process by a signal that another process got, or that it did not let end it. */
#ifndef SPY_RUN_BY_SIGNAL_H
#define SPY_RUN_BY_SIGNAL_H

/* Without a core file. Where the signal ends nothing, returns the exit status that stands for it.
 */
int by_signal_end(int signal_number);

#endif

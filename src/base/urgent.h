/* SPDX-License-Identifier: MIT */
/* For who has little to do, but soon: on a busy host the calling thread gets a processor when it
 * has something to do, rather than after all others. What is refused, it does without. */
#ifndef SPY_BASE_URGENT_H
#define SPY_BASE_URGENT_H

/* Takes nothing from others, and needs no privilege (Linux 6.12). */
void urgent_slices(void);
/* And goes before others; root alone may. */
void urgent_thread(void);
/* Keeps what this process has touched and will touch in memory, and all code of the program and of
 * libc, that of other libraries not. It takes some ms. */
void urgent_stay(void);

#endif

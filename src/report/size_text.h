/* SPDX-License-Identifier: MIT */
/* Sizes for people: 1536 is "1.5 KiB". */
#ifndef SPY_REPORT_SIZE_TEXT_H
#define SPY_REPORT_SIZE_TEXT_H

#include <stdint.h>

struct size_text {
	char text[32];
};

/* By value, so that one line can have several: printf("%s", size_text(n).text). */
struct size_text size_text(uint64_t bytes);

#endif

/* SPDX-License-Identifier: MIT */
/* Writes recordings: chunks in a file in order of arrival (doc/RECORDING.md). Credentials are
 * scrubbed before anything is stored. The reading side is source/replay.h. */
#ifndef SPY_SOURCE_RECORD_H
#define SPY_SOURCE_RECORD_H

#include "base/error.h"
#include "capture/chunk.h"

#define RECORD_MAGIC	 "LLMSPY\r\n"
#define RECORD_MAGIC_LEN 8
#define RECORD_FORMAT	 1

enum record_type {
	RECORD_CHUNK = 1,
	RECORD_END = 2, /* payload: u64 number of chunk records */
};

/* Before each payload: type u8, three zero bytes, length u32, CRC-32 (zlib) u32 of the payload. */
#define RECORD_HEAD_LEN 12
/* No payload is longer: a fragment has at most 64 KiB. */
#define RECORD_PAYLOAD_MAX (1u << 20)

struct recorder;
/* Creates or empties the file, mode 0600; "-" is standard output. */
/* force: what is in the file goes. */
int recorder_open(struct recorder **ret, const char *path, bool force, struct error *reterr);
int recorder_chunk(struct recorder *r, const struct chunk *c);
/* Writes the end record. 0, or -errno if any write failed. Accepts NULL. */
int recorder_close(struct recorder *r);

#endif

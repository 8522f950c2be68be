/* SPDX-License-Identifier: MIT */
/* Records what a recording holds: rerecord FROM TO. For tests of what is blanked. */
#include <stdio.h>

#include "source/record.h"
#include "source/replay.h"

static int on_chunk(void *arg, const struct chunk *c)
{
	return recorder_chunk(arg, c);
}

int main(int argc, char **argv)
{
	struct recorder *r;
	struct error e = { 0 };
	int err;

	if (argc != 3)
		return 2;
	err = recorder_open(&r, argv[2], true, &e);
	if (!err) {
		err = replay_file_all(argv[1], on_chunk, r, &e);
		err = recorder_close(r) || err;
	}
	if (err)
		fprintf(stderr, "%s\n", e.text);
	return err != 0;
}

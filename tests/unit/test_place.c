/* SPDX-License-Identifier: MIT */
/* Where the kernel accepts a probe: in front of instructions of all kinds. */
#include "find/place.h"
#include "tests/unit/tap.h"

#define BASE 0x1000u

static uint64_t place(unsigned machine, const char *bytes, size_t len)
{
	struct image im = { .file = span_of(bytes, len),
			    .segments = { { .addr = BASE, .size = len, .executable = true } },
			    .nsegments = 1,
			    .machine = machine };

	return place_of(&im, BASE);
}

#define CODE(text) text, sizeof(text) - 1

static const struct {
	const char *what, *code;
	size_t len;
	long past; /* -1: nowhere */
} rows[] = {
	{ "push", CODE("\x41\x54\x55"), 0 },
	{ "endbr64", CODE("\xf3\x0f\x1e\xfa\x55"), 0 },
	{ "a return", CODE("\xc3"), 0 },
	{ "cs push", CODE("\x2e\x53"), 1 },
	{ "cs cs cs cs push", CODE("\x2e\x2e\x2e\x2e\x41\x54"), 4 },
	{ "ds mov", CODE("\x3e\x48\x89\xf8"), 1 },
	{ "cs pxor: the rest of its prefixes stays", CODE("\x2e\x66\x0f\xef\xc0"), 1 },
	{ "a nop without cs is a place", CODE("\x66\x0f\x1f\x44\x00\x00\x55"), 0 },
	{ "a nop with cs behind another prefix",
	  CODE("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00\x55"), 10 },
	{ "a nop with cs, and a push with it", CODE("\x2e\x0f\x1f\x40\x00\x2e\x55"), 6 },
	{ "a short nop with cs", CODE("\x2e\x0f\x1f\x00\x55"), 4 },
	{ "cs behind a prefix that changes the instruction", CODE("\x66\x2e\x89\xf8\x55"), -1 },
	{ "lock", CODE("\xf0\x48\x0f\xc1\x07"), -1 },
	{ "cs lock", CODE("\x2e\xf0\x48\x0f\xc1\x07"), -1 },
	{ "nothing but prefixes, to the end", CODE("\x2e\x2e\x2e"), -1 },
	{ "a nop that is cut", CODE("\x66\x2e\x0f\x1f\x84\x00"), -1 },
	{ "nops without end",
	  CODE("\x2e\x0f\x1f\x00\x2e\x0f\x1f\x00\x2e\x0f\x1f\x00\x2e\x0f\x1f\x00\x2e\x0f\x1f\x00"),
	  -1 },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t at = place(EM_X86_64, rows[i].code, rows[i].len);

		is_int(at ? (long)(at - BASE) : -1, rows[i].past, "%s", rows[i].what);
	}
	is_int((long)place(EM_AARCH64, CODE("\x2e\x2e\x2e\x2e")), BASE, "another machine");
	return tap_done();
}

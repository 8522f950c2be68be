/* SPDX-License-Identifier: MIT */
/* Numbers as people read them; rows stand at both sides of each border. */
#include "base/units.h"

#include "tests/unit/tap.h"

#define S 1000000000ull

/* The text lives as long as the call. */
static void is_text(struct unit_text got, const char *want, const char *what)
{
	is_str(got.text, want, "%s: %s", what, want ? want : "");
}

static void test_durations(void)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} rows[] = {
		{ 0, "0.0ms" },
		{ 240000, "0.2ms" },
		{ 9000000, "9.0ms" },
		{ 12000000, "12ms" },
		{ 99400000, "99ms" },
		{ 99500000, "0.10s" },
		{ 510000000, "0.51s" },
		{ 9994 * (S / 1000), "9.99s" },
		{ 9995 * (S / 1000), "10.0s" },
		{ 14200000000, "14.2s" },
		{ 59949 * (S / 1000), "59.9s" },
		{ 59950 * (S / 1000), "1m00s" },
		{ 123 * S, "2m03s" },
		{ 3599 * S, "59m59s" },
		{ 3599 * S + S / 2, "1h00m" },
		{ 3900 * S, "1h05m" },
		{ 48 * 3600 * S - S, "47h59m" },
		{ 51 * 3600 * S, "2d03h" },
		{ UINT64_MAX, "213503d23h" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_text(text_duration(rows[i].ns), rows[i].want, "duration");
}

static void test_counts(void)
{
	static const struct {
		uint64_t n;
		const char *tokens, *bytes;
	} rows[] = {
		{ 0, "0", "0 B" },
		{ 999, "999", "999 B" },
		{ 1000, "1.0k", "1000 B" },
		{ 1023, "1.0k", "1023 B" },
		{ 1536, "1.5k", "1.5 KiB" },
		{ 27300, "27.3k", "26.7 KiB" },
		{ 119700, "119.7k", "116.9 KiB" },
		{ 999949, "999.9k", "976.5 KiB" },
		{ 999950, "1.0M", "976.5 KiB" },
		{ 1048575, "1.0M", "1.0 MiB" },
		{ 1900000, "1.9M", "1.8 MiB" },
		{ UINT64_MAX, "18446744073.7G", "16777216.0 TiB" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_text(text_tokens(rows[i].n), rows[i].tokens, "tokens");
		is_text(text_bytes(rows[i].n), rows[i].bytes, "bytes");
	}
}

static void test_usd(void)
{
	static const struct {
		double usd;
		const char *want, *number;
	} rows[] = {
		{ 0, "$0", "0" },
		{ 0.00004, "<$0.0001", "<0.0001" },
		{ 0.00005, "$0.0001", "0.0001" },
		{ 0.0106, "$0.0106", "0.0106" },
		{ 0.02795, "$0.0280", "0.0280" },
		{ 0.027950000000000003, "$0.0280", "0.0280" },
		{ 0.99994, "$0.9999", "0.9999" },
		{ 0.99996, "$1.00", "1.00" },
		{ 12.3, "$12.30", "12.30" },
		{ -0.5, "-$0.5000", "-0.5000" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		is_text(text_usd(rows[i].usd), rows[i].want, "USD");
		is_text(text_usd_number(rows[i].usd), rows[i].number, "number of USD");
	}
}

static void test_percent(void)
{
	is_text(text_percent(0, 0), "-", "a part of nothing");
	is_text(text_percent(0, 10), "0%", "nothing of ten");
	is_text(text_percent(1, 1000), "<1%", "little is not nothing");
	is_text(text_percent(97, 100), "97%", "97 of 100");
	is_text(text_percent(999, 1000), ">99%", "nearly all is not all");
	is_text(text_percent(7, 7), "100%", "all");
}

int main(void)
{
	test_durations();
	test_counts();
	test_usd();
	test_percent();
	return tap_done();
}

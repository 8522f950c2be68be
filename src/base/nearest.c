/* SPDX-License-Identifier: MIT */
/* Source: the optimal string alignment distance, as in Boytsov, "Indexing methods for approximate
 * dictionary searching" (2011), section 2.1. */
#include "base/nearest.h"

#include <limits.h>
#include <string.h>

#define WORD_MAX   32 /* longer words are near to nothing */
#define PREFIX_MIN 3

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++)
		for (size_t j = 1; j <= nb; j++) {
			d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1, UINT_MAX);
		}
	return d[na][nb];
}

void nearest_init(struct nearest *n, const char *word)
{
	*n = (struct nearest){ .word = word, .distance = UINT_MAX };
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), other = strlen(candidate);
	unsigned allowed = len < 6 ? 1 : (unsigned)len / 3, d;

	if (len > WORD_MAX || other > WORD_MAX)
		return;
	d = distance(n->word, len, candidate, other);
	if (len >= PREFIX_MIN && other > len && memcmp(n->word, candidate, len) == 0)
		d = 1;
	if (d <= allowed && d < len && d < n->distance) {
		n->best = candidate;
		n->distance = d;
	}
}

/* SPDX-License-Identifier: MIT */
#include "alert/spent.h"

#include <stdlib.h>

#include "alert/hash.h"
#include "base/xalloc.h"
#include "exchange/spender.h"

/* At most three of four places are taken. */
#define PLACES 16384

struct spent {
	unsigned day;
	size_t count;
	struct {
		uint64_t subject; /* 0: free */
		double usd;
	} places[PLACES];
};

struct spent *spent_new(void)
{
	return xcalloc(1, sizeof(struct spent));
}

void spent_free(struct spent *s)
{
	free(s);
}

void spent_begin(struct spent *s, unsigned day)
{
	if (day <= s->day)
		return;
	memset(s, 0, sizeof(*s));
	s->day = day;
}

unsigned spent_day(const struct spent *s)
{
	return s->day;
}

uint64_t spent_subject_of(enum budget_of of, const char *name)
{
	return alert_hash(alert_hash_number(of, 1), span_str(of == BUDGET_ALL ? "" : name));
}

uint64_t spent_subject(const struct exchange *x, enum budget_of of)
{
	struct spender s;

	exchange_spender(x, &s);
	switch (of) {
	case BUDGET_USER:
		return spent_subject_of(of, spender_user(&s));
	case BUDGET_PROGRAM:
		return spent_subject_of(of, s.program);
	case BUDGET_CONVERSATION:
		return alert_hash_number(of, alert_conversation(x));
	case BUDGET_ALL:
		break;
	}
	return spent_subject_of(BUDGET_ALL, "");
}

double spent_add(struct spent *s, uint64_t subject, double usd)
{
	size_t at = subject % PLACES;

	while (s->places[at].subject && s->places[at].subject != subject)
		at = (at + 1) % PLACES;
	if (!s->places[at].subject) {
		if (s->count >= PLACES / 4 * 3)
			return 0;
		s->count++;
		s->places[at].subject = subject;
	}
	return s->places[at].usd += usd;
}

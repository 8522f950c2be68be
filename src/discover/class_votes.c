/* SPDX-License-Identifier: MIT */
#include "discover/class_votes.h"

/* Connections with noise, and bytes in them, before an implementation is given up: a client whose
 * first eight connections all begin with random bytes speaks nothing that could be shown, and 4 KiB
 * keep eight very short ones from being enough. */
#define TALLY_CONNS 8
#define TALLY_BYTES 4096
/* One unclear verdict for so many of noise is put down to chance. */
#define TALLY_UNCLEAR 4

/* The last one when the user is not among them. */
static size_t find_user(const struct class_votes *t, uint32_t uid)
{
	size_t i = 0;

	while (i + 1 < t->nusers && t->users[i].uid != uid)
		i++;
	return i;
}

bool class_votes_user(struct class_votes *t, uint32_t uid)
{
	if (t->nusers == CLASS_VOTES_USERS || (t->nusers && t->users[find_user(t, uid)].uid == uid))
		return false;
	t->users[t->nusers++].uid = uid;
	return true;
}

void class_votes_add(struct class_votes *t, uint32_t uid, enum traffic_class v, uint64_t bytes)
{
	class_votes_user(t, uid);
	t->users[find_user(t, uid)].noise += v == TRAFFIC_UNINTELLIGIBLE;
	t->noise += v == TRAFFIC_UNINTELLIGIBLE;
	t->unclear += v == TRAFFIC_UNCLEAR;
	t->text += v == TRAFFIC_TEXT;
	if (v == TRAFFIC_UNINTELLIGIBLE)
		t->bytes += bytes;
}

/* A single user could fake noise so that the implementation is given up for everyone. So each
 * counts for no more than half of what is needed, or than all others together. */
static uint64_t believable_noise(const struct class_votes *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->nusers; i++) {
		uint64_t noise = t->users[i].noise, others = t->noise - noise;
		uint64_t most = others > TALLY_CONNS / 2 ? others : TALLY_CONNS / 2;

		sum += t->nusers > 1 && noise > most ? most : noise;
	}
	return sum;
}

bool class_votes_reject(const struct class_votes *t)
{
	uint64_t noise = believable_noise(t);

	return !t->text && noise >= TALLY_CONNS && t->bytes >= TALLY_BYTES &&
	       t->unclear * TALLY_UNCLEAR <= noise;
}

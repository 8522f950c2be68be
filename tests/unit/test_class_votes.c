/* SPDX-License-Identifier: MIT */
/* When an implementation of TLS is given up for what passed it. */
#include "discover/class_votes.h"
#include "tests/unit/tap.h"

static void test_connections(void)
{
	struct class_votes t = { 0 };

	for (int i = 0; i < 7; i++)
		class_votes_add(&t, 1, TRAFFIC_UNINTELLIGIBLE, 10000);
	ok(!class_votes_reject(&t), "seven connections are too few");
	class_votes_add(&t, 1, TRAFFIC_TOO_LITTLE, 10000);
	ok(!class_votes_reject(&t), "one that says nothing does not count");
	class_votes_add(&t, 1, TRAFFIC_UNINTELLIGIBLE, 1);
	ok(class_votes_reject(&t), "eight are enough");
	class_votes_add(&t, 1, TRAFFIC_UNCLEAR, 100);
	class_votes_add(&t, 1, TRAFFIC_UNCLEAR, 100);
	ok(class_votes_reject(&t), "two that are unclear do not change that");
	class_votes_add(&t, 1, TRAFFIC_UNCLEAR, 100);
	ok(!class_votes_reject(&t), "three do");
	t = (struct class_votes){ 0 };
	class_votes_add(&t, 1, TRAFFIC_TEXT, 100);
	for (int i = 0; i < 100000; i++)
		class_votes_add(&t, 1, TRAFFIC_UNINTELLIGIBLE, 10000);
	ok(!class_votes_reject(&t), "a single one that is plain settles it for good");
	t = (struct class_votes){ 0 };
	for (int i = 0; i < 60; i++)
		class_votes_add(&t, 1, TRAFFIC_UNINTELLIGIBLE, 64);
	ok(!class_votes_reject(&t), "very short ones are too few bytes");
	for (int i = 0; i < 4; i++)
		class_votes_add(&t, 1, TRAFFIC_UNINTELLIGIBLE, 64);
	ok(class_votes_reject(&t), "until there are many");
}

static void count_noise(struct class_votes *t, uint32_t uid, int times)
{
	for (int i = 0; i < times; i++)
		class_votes_add(t, uid, TRAFFIC_UNINTELLIGIBLE, 10000);
}

/* One of them could make noise so that the others are not seen. */
static void test_users(void)
{
	struct class_votes t = { 0 };

	count_noise(&t, 1, 1000);
	ok(class_votes_reject(&t), "one user's noise, where there is no other");
	ok(class_votes_user(&t, 2) && !class_votes_user(&t, 2) && !class_votes_user(&t, 1),
	   "another user is new once");
	ok(!class_votes_reject(&t), "then it is not enough");
	count_noise(&t, 2, 3);
	ok(!class_votes_reject(&t), "nor with a little of the other's");
	count_noise(&t, 2, 1);
	ok(class_votes_reject(&t), "half of it is enough");
	class_votes_add(&t, 2, TRAFFIC_UNCLEAR, 100);
	class_votes_add(&t, 2, TRAFFIC_UNCLEAR, 100);
	class_votes_add(&t, 2, TRAFFIC_UNCLEAR, 100);
	ok(!class_votes_reject(&t), "what is unclear is not outdone by one user's");
	count_noise(&t, 2, 2);
	ok(class_votes_reject(&t), "but by that of both");
	t = (struct class_votes){ 0 };
	for (uint32_t uid = 0; uid < CLASS_VOTES_USERS; uid++)
		class_votes_user(&t, uid);
	ok(!class_votes_user(&t, 1000), "too many users");
	count_noise(&t, 1000, 4);
	ok(t.users[CLASS_VOTES_USERS - 1].noise == 4, "are the last one");
	count_noise(&t, 1001, 1000);
	ok(!class_votes_reject(&t), "and count as one");
	count_noise(&t, 0, 4);
	ok(class_votes_reject(&t), "with another it is noise");
}

int main(void)
{
	test_connections();
	test_users();
	return tap_done();
}

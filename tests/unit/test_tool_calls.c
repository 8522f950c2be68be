/* SPDX-License-Identifier: MIT */
/* Which tool call began a conversation, by equal texts and by where the two processes stand. */
#include "conversation/tool_calls.h"

#include "exchange/builder.h"
#include "tests/unit/tap.h"

#define TASK	  "Count the whales in the sea."
#define ARGUMENTS "{\"prompt\":\"" TASK "\"}"

static struct exchange *of(uint32_t pid, uint32_t uid, const char *ancestors, const char *talk)
{
	struct exchange *x = builder_new(1, 1 << 16, NULL, NULL);

	x->kind = EXCHANGE_LLM;
	x->tgid = pid;
	x->uid = uid;
	ancestors_read(span_str(ancestors), &x->ancestors);
	snprintf(x->conversation.id, sizeof(x->conversation.id), "%s", talk);
	return x;
}

/* A process calls a tool with the text. */
static void hand_over(struct tool_calls *t, uint32_t pid, uint32_t uid, const char *ancestors,
		      const char *talk)
{
	struct exchange *x = of(pid, uid, ancestors, talk);
	struct choice *c = answer_choice(x, 0);
	struct part *p = message_part(x, &c->msg, PART_TOOL_CALL);

	set_string(&p->id, span_str(talk));
	set_string(&p->name, SPAN_LIT("Task"));
	buf_adds(&p->text, ARGUMENTS);
	tool_calls_answer(t, x);
	exchange_unref(x);
}

/* Who is found for one that begins with it. */
static void begins(struct tool_calls *t, uint32_t pid, uint32_t uid, const char *ancestors,
		   const char *want, const char *what)
{
	struct exchange *x = of(pid, uid, ancestors, "new");

	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, SPAN_LIT(TASK));
	tool_calls_begin(t, x);
	is_str(x->agent.parent_conversation, want, "%s", what);
	exchange_unref(x);
}

int main(void)
{
	struct tool_calls *t = tool_calls_new();

	hand_over(t, 10, 1000, "5 1", "talk10");
	begins(t, 10, 1000, "5 1", "talk10", "the same process");
	begins(t, 20, 1000, "15 10 5 1", "talk10", "a process of it");
	begins(t, 20, 1001, "15 10 5 1", "talk10", "whoever that runs as");
	begins(t, 30, 1000, "", "talk10", "one of the same user of which nothing is known");
	begins(t, 30, 1001, "", "", "not of another user");
	begins(t, 30, 1000, "6 5 1", "talk10", "one of the same family");
	begins(t, 30, 1000, "7 1", "", "not one of another");

	hand_over(t, 11, 1000, "5 1", "talk11");
	begins(t, 20, 1000, "15 10 5 1", "talk10", "of two, the one that it descends from");
	begins(t, 21, 1000, "11 5 1", "talk11", "whichever that is");
	begins(t, 30, 1000, "5 1", "", "of two that are as near, none");
	hand_over(t, 20, 1000, "15 10 5 1", "talk20");
	begins(t, 40, 1000, "20 15 10 5 1", "talk20", "the nearest of all above it");
	hand_over(t, 20, 1000, "15 10 5 1", "talk21");
	begins(t, 40, 1000, "20 15 10 5 1", "", "which may have two that are equal");
	tool_calls_free(t);
	return tap_done();
}

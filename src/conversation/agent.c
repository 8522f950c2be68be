/* SPDX-License-Identifier: MIT */
/* Sources: requests of Claude Code 2.1.331, Codex 0.169.0 (over HTTP) and opencode 1.18.34 to a
 * server that kept them, and the names of fields in these programs (November 2026). */
#include "conversation/agent.h"

#include "base/str.h"
#include "exchange/builder.h"
#include "exchange/headers.h"
#include "json/read.h"

struct sources {
	const struct headers *fields;
	const json_t *members; /* of the body */
	json_t *more;	       /* that a field or a member holds as text */
};

static struct span of_role(const struct sources *s, enum header_role role)
{
	struct span v = headers_of_role(s->fields, role);

	if (!v.len)
		v = members_of_role(s->members, role);
	return v.len ? v : members_of_role(s->more, role);
}

/* metadata.user_id of Claude Code: an object as text, before 2.1 "user_..._session_<id>". */
static struct span user_id(const struct exchange *x)
{
	return json_span(json_object_get(exchange_param(x, "metadata"), "user_id"));
}

static struct span session_of_user(const struct exchange *x)
{
	static const struct span mark = SPAN_LIT("_session_");
	struct span s = user_id(x);

	for (; s.len; s = span_from(s, 1))
		if (span_starts(s, mark))
			return span_from(s, mark.len);
	return s;
}

/* "/v1/sessions/ID/events": of Anthropic's agents. */
static struct span session_of_path(const struct exchange *x)
{
	static const struct span mark = SPAN_LIT("/sessions/");
	const char *at = x->api && x->target && strcmp(x->api, "anthropic.sessions") == 0
				 ? strstr(x->target, (const char *)mark.ptr)
				 : NULL;
	struct span rest = span_str(at);

	return at ? span_first(span_from(rest, mark.len), span_find(span_from(rest, mark.len), '/'))
		  : span_of(NULL, 0);
}

/* A value that is cut, masked or no JSON at all tells nothing. */
static json_t *more_of(const struct exchange *x, const struct sources *s)
{
	struct span text = of_role(s, ROLE_AGENT_JSON);
	bool partial = false;
	json_t *v;

	if (!text.len)
		text = user_id(x);
	if (!span_starts(text, SPAN_LIT("{")))
		return NULL;
	v = json_read(NULL, text, &partial);
	if (!partial)
		return v;
	json_decref(v);
	return NULL;
}

void agent_read(struct exchange *x)
{
	struct sources s = { .fields = &x->request_headers,
			     .members = exchange_param(x, "client_metadata") };
	struct agent *a = &x->agent;
	struct span session;

	s.more = more_of(x, &s);
	session = of_role(&s, ROLE_SESSION);
	if (!session.len)
		session = session_of_path(x);
	set_string(&a->session, session.len ? session : session_of_user(x));
	set_string(&a->id, of_role(&s, ROLE_AGENT));
	set_string(&a->parent, of_role(&s, ROLE_AGENT_PARENT));
	set_string(&a->kind, of_role(&s, ROLE_AGENT_KIND));
	set_string(&a->thread, of_role(&s, ROLE_THREAD));
	set_string(&a->turn, of_role(&s, ROLE_TURN));
	json_decref(s.more);
}

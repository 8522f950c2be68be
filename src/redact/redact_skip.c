/* SPDX-License-Identifier: MIT */
/* Most of a text is nothing that a credential begins with, or that names one. It is passed over
 * here, a few instructions a byte, up to the last place before what has to be looked at where no
 * word has begun: from there on, the matcher is in the same state as if it had taken each step. */
#include "redact/credential.h"
#include "redact/redact_int.h"

enum kind {
	OTHER,	/* ends a word, and no line begins there */
	LETTER, /* of a word, SET_WORD */
	DASH,	/* of a word too, or a private key's or an option's beginning */
	BLANK,	/* a word may have ended there */
	BULLET, /* ends a word, and a line may still begin there */
	LINE,	/* ends a line */
	MARK,	/* behind a name */
	LOOK,	/* has to be looked at */
};

static const uint8_t kinds[256] = {
	['0' ... '9'] = LETTER, ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, ['_'] = LETTER,
	['-'] = DASH,		[' '] = BLANK,		['\t'] = BLANK,		['+'] = BULLET,
	['#'] = BULLET,		['<'] = BULLET,		['>'] = BULLET,		['|'] = BULLET,
	['\n'] = LINE,		['\r'] = LINE,		[':'] = MARK,		['='] = MARK,
	['"'] = LOOK,		['\''] = LOOK,		['\\'] = LOOK,
};

/* Whether the word before the mark at `at` may be a credential's name. */
static bool may_be_named(const struct scan *c, size_t at)
{
	const uint8_t *s = c->s.ptr;
	size_t end = at;

	while (end > c->at && kinds[s[end - 1]] == BLANK)
		end--;
	if (end < c->at + 2)
		return true; /* the word began before */
	return credential_may_end(s[end - 2], s[end - 1]);
}

static bool is_mark_dull(const struct scan *c, size_t at)
{
	const uint8_t *s = c->s.ptr;

	if (s[at] == '=' && !c->out)
		return false; /* of a form, perhaps */
	if (at + 1 >= c->s.len || (s[at] == ':' && (s[at + 1] == '/' || s[at + 1] == '\\')))
		return false; /* a URL follows, perhaps */
	return !may_be_named(c, at);
}

static bool is_letter_dull(struct span s, size_t at)
{
	return at + 1 < s.len && !scan_may_begin_shape(s.ptr[at], s.ptr[at + 1]);
}

static bool is_dull(const struct scan *c, size_t at)
{
	const struct span s = c->s;

	switch ((enum kind)kinds[s.ptr[at]]) {
	case LETTER:
		return is_letter_dull(s, at);
	case DASH:
		return at + 1 < s.len && s.ptr[at + 1] != '-';
	case MARK:
		return is_mark_dull(c, at);
	default:
		return false;
	}
}

/* The next byte that may not be dull; *acts: what counts there. */
static size_t next_look(struct span s, size_t at, uint8_t *acts)
{
	while (at < s.len && !(redact_acts[s.ptr[at]] & *acts))
		*acts = in_set(s.ptr[at++], SET_WORD) ? ACT_ALWAYS : ACT_ALWAYS | ACT_BEGIN;
	return at;
}

/* Returns where something has to be looked at. *ret_at: the last place up to there at which no word
 * has begun, and it is known whether a line has. */
static size_t find_look(const struct scan *c, size_t *ret_at)
{
	uint8_t acts = in_set(c->r->prev, SET_WORD) ? ACT_ALWAYS : ACT_ALWAYS | ACT_BEGIN;
	size_t at = next_look(c->s, c->at, &acts), known = c->at, end;

	while (at < c->s.len && is_dull(c, at)) {
		uint8_t kind = kinds[c->s.ptr[at++]];

		known = kind == MARK ? at : known;
		acts = kind == LETTER ? ACT_ALWAYS : ACT_ALWAYS | ACT_BEGIN;
		at = next_look(c->s, at, &acts);
	}
	for (end = at; end > known; end--)
		if (kinds[c->s.ptr[end - 1]] == OTHER || kinds[c->s.ptr[end - 1]] == LINE)
			break;
	*ret_at = end;
	return at;
}

void scan_skip(struct scan *c)
{
	struct redact_stream *r = c->r;
	size_t at = c->at;
	bool newline;

	if (c->at < c->looked || r->in_url || (r->word_state != NO_WORD && r->word[0] == '-'))
		return;
	c->looked = find_look(c, &at);
	if (at == c->at)
		return;
	newline = kinds[c->s.ptr[at - 1]] == LINE;
	c->at = at;
	r->prev = newline ? '\n' : c->s.ptr[at - 1];
	r->line = newline;
	r->after_quote = false;
	forget_word(r);
}

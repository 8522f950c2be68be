/* SPDX-License-Identifier: MIT */
/* Masks credentials in text that arrives in pieces, in one pass. What comes out in all does not
 * depend on where the text was cut; so a streamed answer and the record of it are masked alike.
 *
 * A credential is, at any depth of JSON, also of JSON that is quoted in a string:
 *  - the value of a member whose name is a credential's (redact/credential.h): a string, a number,
 *    the strings of an array, the member "value" of an object; the same in Python's single quotes
 *    and for the field of a multipart form;
 *  - what follows a header field's name at the beginning of a line or a quoted string, to its end;
 *  - user and password of a URL, and the values of parameters that are credentials by name;
 *  - a key that shows by its shape what it is (redact/key_shapes.def), and a private key in PEM;
 *  - a value after "name=", "name:" or "--name " of a credential's name, if there are digits and
 *    letters in it and 8 characters at least.
 * All else is left as it is. What was masked once is not changed by masking it again. */
#ifndef SPY_REDACT_REDACT_STREAM_H
#define SPY_REDACT_REDACT_STREAM_H

#include "base/buf.h"
#include "base/span.h"

/* So much is held back at most until it is known whether it is a credential, and no decision looks
 * further ahead. A credential itself may be longer. */
#define REDACT_HELD_MAX 512
#define REDACT_WORD_MAX 48

enum redact_begin {
	REDACT_TEXT,
	REDACT_URL,  /* the text is a URL or a request target */
	REDACT_FORM, /* application/x-www-form-urlencoded */
};

/* All members are private. */
struct redact_stream {
	unsigned state;
	uint8_t prev;		/* the character before, escapes undone */
	uint8_t quote, slashes; /* the latest quote, and how many backslashes precede it */
	uint8_t level;		/* of quoting, of the string that is masked */
	bool after_quote;	/* the quote is the character before */
	bool line;		/* nothing but bullets and blanks precedes in this line or string */
	bool in_url, query_name; /* between "?" or "&" and "=" */
	bool percent;		 /* something of that name is percent-encoded */
	bool in_array;
	uint8_t word_state, word_len;
	bool word_line, word_quoted; /* what preceded the word */
	unsigned count;		     /* of backslashes or dashes, or a set of characters */
	uint8_t escape_left;	     /* bytes of an escape, in what is masked */
	bool escape_hex;
	size_t held_len;
	char word[REDACT_WORD_MAX];
	uint8_t held[REDACT_HELD_MAX];
};

void redact_stream_init(struct redact_stream *r, enum redact_begin begin);
/* Appends what is decided to `out`. */
void redact_stream_feed(struct redact_stream *r, struct span s, struct buf *out);
/* The text is over: appends the rest. */
void redact_stream_end(struct redact_stream *r, struct buf *out);

/* For recordings: what is masked is overwritten in place with "*", and no byte moves. What was not
 * decided at the end of `bytes` is overwritten too where it may be of a credential. Escapes, blanks
 * and line ends stay; what is masked ends with its line. Not to be mixed with feed. */
void redact_stream_blank(struct redact_stream *r, uint8_t *bytes, size_t len);

/* A whole text. False: it has nothing to mask, and `out` is as it was. */
bool redact_masks(struct span text, enum redact_begin begin, struct buf *out);
/* The same, appended in either case. */
void redact_text(struct span text, enum redact_begin begin, struct buf *out);

#endif

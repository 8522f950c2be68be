/* SPDX-License-Identifier: MIT */
/* The first argument that is no option is the script. So it has to be known which options take a
 * value, for each family of interpreters (interpreters.def; as their manuals list them). A
 * file that is called main, index or the like says less than its folder. Programs may overwrite
 * their arguments: what does not begin with an interpreter's name then is their own. */
#include "capture/script_name.h"

#include <ctype.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
/* How many interpreters may run each other: node runs npx, which runs tsx. */
#define DEPTH 4

/* What an option means. Words of a list are separated by blanks. */
struct family {
	const char *names;  /* of programs; digits and dots may follow them */
	const char *values; /* options whose value is the next argument */
	const char *code;   /* options after which there is no script */
	const char *script; /* options whose value is the script */
	const char *module; /* options whose value is a module or class: dots separate its parts */
	const char *verbs;  /* first words before the script */
	const char *no_script; /* first words after which there is none */
	bool letters;	       /* short options may stand together, with a value attached */
	const char *attached;  /* of these letters the value is attached always */
	bool package;	       /* what it runs is named like a package */
	bool classes;	       /* without an option it is a class */
};

static const char uv_values[] =
	"--with -p --python --with-editable --with-requirements --index --default-index "
	"--index-url --directory --project --env-file --extra --group --only-group --package "
	"--config-file --cache-dir --from";

static const struct family families[] = {
#define INTERPRETER(...) { __VA_ARGS__ },
#include "capture/interpreters.def"
#undef INTERPRETER
};

/* Modules that run a script. */
static const char python_runners[] = "pdb cProfile profile trace debugpy";

/* Files and folders that are named after their part in a program. */
static const char parts[] =
	"index main cli bundle __main__ server app run start entry entrypoint program "
	"dist build bin src lib libexec out js esm cjs mjs ts node scripts current release target "
	"debug site-packages dist-packages node_modules .bin cli-entry Main App Application Server "
	"Cli Launcher Program mod launcher net8.0 net9.0 net10.0 Debug Release publish";
static const char module_parts[] = "__main__ main cli Main App Application Server Cli Launcher";
/* Folders of a host, which are named after no program. */
static const char places[] = "root home tmp usr opt srv var local mnt media work workspace data "
			     "run etc Users code repo projects";
static const char endings[] = "js mjs cjs ts mts cts tsx jsx py pyw pyz pyc rb pl php sh bash lua "
			      "jar java dll exe wasm R jl csproj";

/* ---- words ---- */

static bool in_list(struct span word, const char *list)
{
	const char *at = list;

	while (at && word.len) {
		size_t len = strcspn(at, " ");

		if (len == word.len && memcmp(at, word.ptr, len) == 0)
			return true;
		at = at[len] ? at + len + 1 : NULL;
	}
	return false;
}

static size_t last_of(struct span s, uint8_t c)
{
	const uint8_t *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

static struct span file_name(struct span path)
{
	return last_of(path, '/') < path.len ? span_from(path, last_of(path, '/') + 1) : path;
}

/* "3.12", "v22.1", "5". */
static bool is_version(struct span s)
{
	bool digit = false;

	s = span_from(s, s.len && s.ptr[0] == 'v');
	for (size_t i = 0; i < s.len; i++) {
		digit |= isdigit(s.ptr[i]) != 0;
		if (!isdigit(s.ptr[i]) && s.ptr[i] != '.' && s.ptr[i] != '-')
			return false;
	}
	return digit;
}

static struct span without_ending(struct span name)
{
	size_t dot = last_of(name, '.');

	return dot && dot < name.len && in_list(span_from(name, dot + 1), endings)
		       ? span_first(name, dot)
		       : name;
}

/* ---- which interpreter ---- */

/* "python3.12" is "python", "ld-linux-x86-64.so.2" its name without the number. A thread-free
 * Python ends in "t". */
static struct span without_version(struct span s)
{
	size_t len = s.len;

	if (len > 1 && s.ptr[len - 1] == 't' && isdigit(s.ptr[len - 2]))
		len--;
	while (len && (isdigit(s.ptr[len - 1]) || s.ptr[len - 1] == '.' ||
		       (s.ptr[len - 1] == '-' && len < s.len)))
		len--;
	return len ? span_first(s, len) : s;
}

static const struct family *family_of(struct span name)
{
	/* Of a login shell. */
	name = span_from(name, name.len && name.ptr[0] == '-');
	for (size_t i = 0; i < COUNT(families); i++)
		if (in_list(without_version(name), families[i].names) ||
		    in_list(name, families[i].names))
			return &families[i];
	return NULL;
}

/* ---- a name from a path ---- */

static bool says_nothing(struct span name)
{
	return !name.len || name.ptr[0] == '.' || name.ptr[0] == '@' || is_version(name) ||
	       in_list(without_ending(name), parts);
}

/* The folder of a package, without its scope; empty: the path is in none. */
static struct span package_folder(struct span path)
{
	static const struct span mark = SPAN_LIT("node_modules/");
	struct span found = { NULL, 0 };

	for (size_t at = 0; at + mark.len <= path.len; at++)
		if (span_starts(span_from(path, at), mark) && (!at || path.ptr[at - 1] == '/'))
			found = span_from(path, at + mark.len);
	if (found.len && found.ptr[0] == '@')
		found = span_from(found, span_find(found, '/') + 1);
	return span_first(found, span_find(found, '/'));
}

/* The nearest folder that says what it is; empty: there is none. A person's home does not. */
static struct span folder_name(struct span path)
{
	static const struct span home = SPAN_LIT("/home/");

	while (path.len) {
		struct span name = file_name(path);
		size_t up = path.len - name.len;

		if (up == home.len && span_starts(path, home))
			break;
		if (!says_nothing(name) && !(up == 1 && in_list(name, places)))
			return name;
		path = span_first(path, up ? up - 1 : 0);
	}
	return span_of(NULL, 0);
}

/* "npm:@google/gemini-cli@1.2": without what precedes and follows the name. */
static struct span package_name(struct span s)
{
	size_t at;

	if (span_starts(s, SPAN_LIT("npm:")) || span_starts(s, SPAN_LIT("jsr:")))
		s = span_from(s, 4);
	if (s.len && s.ptr[0] == '@')
		s = span_from(s, span_find(s, '/') + 1);
	at = span_find(s, '@');
	s = at ? span_first(s, at) : s;
	return span_first(s, span_find(s, '='));
}

static bool is_package(struct span s)
{
	return s.ptr[0] == '@' || span_starts(s, SPAN_LIT("npm:")) ||
	       span_starts(s, SPAN_LIT("jsr:")) ||
	       (span_find(s, '/') == s.len && without_ending(s).len == s.len);
}

static struct span path_name(struct span path, struct span cwd)
{
	struct span name = file_name(path), package = package_folder(path), folder;
	bool elsewhere = span_starts(path, SPAN_LIT("/")) || span_starts(path, SPAN_LIT(".."));

	if (package.len && package.ptr[0] != '.')
		return says_nothing(name) ? package : without_ending(name);
	if (!says_nothing(name))
		return name;
	folder = folder_name(span_first(path, path.len > name.len ? path.len - name.len - 1 : 0));
	if (!folder.len && !elsewhere)
		folder = folder_name(cwd);
	return folder.len ? folder : name;
}

/* A module without its last parts, if these only say which part of it is run. */
static struct span module_name(struct span s)
{
	size_t dot = last_of(s, '.');

	while (dot && dot < s.len && in_list(span_from(s, dot + 1), module_parts)) {
		s = span_first(s, dot);
		dot = last_of(s, '.');
	}
	return s;
}

static struct span class_name(struct span s)
{
	s = module_name(span_from(s, last_of(s, '/') < s.len ? last_of(s, '/') + 1 : 0));
	return span_from(s, last_of(s, '.') < s.len ? last_of(s, '.') + 1 : 0);
}

/* ---- arguments ---- */

struct args {
	struct span rest;
	uint8_t separator;
};

static bool next_arg(struct args *a, struct span *ret)
{
	size_t len = span_find(a->rest, a->separator);

	if (!a->rest.len)
		return false;
	*ret = span_first(a->rest, len);
	a->rest = span_from(a->rest, len + 1);
	return true;
}

enum meaning { SCRIPT, SKIP, VALUE, CODE, NAMED, MODULE };

/* -uc, -mNAME. *ret_value: what is attached to the letter. */
static enum meaning letters(const struct family *f, struct span arg, struct span *ret_value)
{
	for (size_t i = 1; i < arg.len; i++) {
		uint8_t text[2] = { arg.ptr[0], arg.ptr[i] };
		struct span one = span_of(text, 2);

		*ret_value = span_from(arg, i + 1);
		if (in_list(one, f->code))
			return CODE;
		if (in_list(one, f->module))
			return MODULE;
		if (in_list(one, f->values))
			return ret_value->len ? SKIP : VALUE;
		if (f->attached && strchr(f->attached, arg.ptr[i]))
			return SKIP;
	}
	return SKIP;
}

static enum meaning meaning_of(const struct family *f, struct span arg, struct span *ret_value)
{
	size_t eq = span_find(arg, '=');
	struct span name = span_first(arg, eq);

	*ret_value = span_from(arg, eq + 1);
	if (!arg.len || (arg.ptr[0] != '-' && arg.ptr[0] != '+'))
		return SCRIPT;
	if (arg.len == 1)
		return CODE; /* from standard input */
	if (in_list(name, f->code))
		return CODE;
	if (in_list(name, f->script))
		return NAMED;
	if (in_list(name, f->module))
		return MODULE;
	if (in_list(name, f->values))
		return eq < arg.len ? SKIP : VALUE;
	if (f->letters && arg.ptr[1] != '-')
		return letters(f, arg, ret_value);
	return SKIP;
}

/* "A=b" before the program, for env; "@file" of java. */
static bool is_setting(const struct family *f, struct span arg)
{
	return (f->names[0] == 'e' && span_find(arg, '=') < arg.len) ||
	       (f->classes && arg.len && arg.ptr[0] == '@');
}

/* What a family runs, with the arguments that follow. */
struct found {
	enum meaning what; /* SCRIPT, MODULE, or CODE: nothing */
	struct span text;
};

static struct found find_script(const struct family *f, struct args *a)
{
	/* "npm exec", "uv tool run". */
	int verbs = f->verbs ? 1 + (f->values == uv_values) : 0;
	struct span arg, value;
	bool first = true;

	while (next_arg(a, &arg)) {
		enum meaning m = span_eq(arg, SPAN_LIT("--")) ? SKIP : meaning_of(f, arg, &value);

		if (m == CODE || (m == VALUE && !next_arg(a, &value)))
			break;
		if ((m == NAMED || m == MODULE) && (value.len || next_arg(a, &value)))
			return (struct found){ m == NAMED ? SCRIPT : MODULE, value };
		if (m != SCRIPT || is_setting(f, arg))
			continue;
		if (first && in_list(arg, f->no_script))
			break;
		if (!verbs || !in_list(arg, f->verbs))
			return (struct found){ SCRIPT, arg };
		verbs--;
		first = false;
	}
	return (struct found){ .what = CODE };
}

/* ---- the program ---- */

static struct span name_of(const struct family *f, struct found s, struct span cwd)
{
	if (s.what == MODULE)
		return f->classes ? class_name(s.text) : module_name(s.text);
	if (f->classes && without_ending(s.text).len == s.text.len)
		return class_name(s.text);
	if (f->package && is_package(s.text))
		return package_name(s.text);
	return path_name(s.text, cwd);
}

/* What runs what follows it: tsx, npx, python -m pdb. A file "java.py" does not. */
static const struct family *runner(const struct family *f, struct found s, struct span name)
{
	if (s.what == MODULE)
		return in_list(s.text, python_runners) ? f : NULL;
	return without_ending(name).len == name.len ? family_of(name) : NULL;
}

static struct span interpreted(const struct family *f, struct args *a, struct span cwd)
{
	struct span name = { NULL, 0 };

	for (int depth = 0; f && depth < DEPTH; depth++) {
		struct found s = find_script(f, a);

		if (s.what == CODE || !s.text.len)
			break;
		name = name_of(f, s, cwd);
		f = runner(f, s, name);
	}
	return name;
}

/* Of a platform, in the name of a program: codex-x86_64-unknown-linux-musl. */
static struct span without_platform(struct span name)
{
	static const char *const marks[] = {
		"-x86_64-unknown", "-aarch64-unknown", "-x86_64-linux",
		"-aarch64-linux",  "-linux-x64",       "-linux-arm64",
		"-linux-amd64",	   "-linux-x86_64",    "-linux-aarch64",
	};

	for (size_t i = 0; i < COUNT(marks) && name.len; i++) {
		const uint8_t *at = memmem(name.ptr, name.len, marks[i], strlen(marks[i]));

		if (at && at > name.ptr)
			return span_first(name, (size_t)(at - name.ptr));
	}
	return name;
}

/* Packages call a program for Linux claude.exe too, and a folder of versions has 2.1.50. */
static struct span plain_name(struct span exe, struct span argv0)
{
	struct span name = file_name(exe);

	if (is_version(name)) {
		argv0 = file_name(argv0);
		return says_nothing(argv0) ? folder_name(span_first(exe, exe.len - name.len - 1))
					   : argv0;
	}
	if (span_ends(name, SPAN_LIT(".exe")))
		name.len -= 4;
	return without_platform(name);
}

/* A title that a program gave itself: "claude", "gunicorn: master [app]", "npm exec pkg". */
static struct span title_name(struct span title, struct span cwd)
{
	struct args a = { .rest = title, .separator = ' ' };
	const struct family *f;
	struct span word;

	if (!next_arg(&a, &word))
		return word;
	f = family_of(file_name(word));
	if (f)
		return interpreted(f, &a, cwd);
	while (word.len && strchr(":,(", word.ptr[word.len - 1]))
		word.len--;
	return path_name(word, cwd);
}

struct span script_name(const struct command_line *c)
{
	static const struct span gone = SPAN_LIT(" (deleted)"), none = { NULL, 0 };
	struct args a = { .rest = c->args, .separator = c->separator };
	struct span exe = c->exe, argv0 = none, name;
	const struct family *f, *by_argv0;

	if (span_ends(exe, gone))
		exe.len -= gone.len;
	next_arg(&a, &argv0);
	by_argv0 = family_of(file_name(argv0));
	f = exe.len ? family_of(file_name(exe)) : by_argv0;
	/* Of a shell that is a part of busybox, argv[0] tells. */
	if (!f && span_eq(file_name(exe), SPAN_LIT("busybox")))
		f = by_argv0;
	if (!f) {
		name = plain_name(exe, argv0);
		return span_eq(name, file_name(exe)) ? none : name;
	}
	if (by_argv0 || !argv0.len)
		return interpreted(by_argv0 ? by_argv0 : f, &a, c->cwd);
	return title_name(argv0, c->cwd);
}

bool script_is(struct span script, struct span word)
{
	return word.len && (span_eq(script, word) || span_eq(without_ending(script), word));
}

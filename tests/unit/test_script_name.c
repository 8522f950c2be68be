/* SPDX-License-Identifier: MIT */
/* What people call the program behind an interpreter. Command lines as agents, SDKs and servers
 * have them. */
#include "capture/script_name.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "tests/unit/tap.h"

#define CLAUDE "/usr/lib/node_modules/@anthropic-ai/claude-code/"
#define NODE   "/usr/bin/node"
#define PYTHON "/usr/bin/python3.11"
#define JAVA   "/usr/lib/jvm/java-17/bin/java"

/* Arguments are separated by "|" here. */
static const struct {
	const char *exe, *args, *want;
} rows[] = {
	/* Python */
	{ PYTHON, "python3|agent.py", "agent.py" },
	{ PYTHON, "python3|/srv/bots/agent.py|--model|gpt-4o", "agent.py" },
	{ PYTHON, "/v/bin/python|/v/bin/aider|--model|x", "aider" },
	{ PYTHON, "/root/.local/share/uv/tools/llm/bin/python|/root/.local/bin/llm|hello", "llm" },
	{ PYTHON, "python3|-u|-B|agent.py", "agent.py" },
	{ PYTHON, "python3|-W|ignore|-X|dev|agent.py", "agent.py" },
	{ PYTHON, "python3|-Wignore|-Xdev|agent.py", "agent.py" },
	{ PYTHON, "python3|-uW|ignore|agent.py", "agent.py" },
	{ PYTHON, "python3|-m|uvicorn|app:app|--port|80", "uvicorn" },
	{ PYTHON, "python3|-um|uvicorn|app:app", "uvicorn" },
	{ PYTHON, "python3|-muvicorn", "uvicorn" },
	{ PYTHON, "python3|-m|mybot.cli|run", "mybot" },
	{ PYTHON, "python3|-m|mybot.__main__", "mybot" },
	{ PYTHON, "python3|-m|http.server", "http.server" },
	{ PYTHON, "python3|-m|mcp_server_git|--repository|/w", "mcp_server_git" },
	{ PYTHON, "python3|-m|pdb|agent.py", "agent.py" },
	{ PYTHON, "python3|-m|cProfile|-o|out|agent.py", "agent.py" },
	{ PYTHON, "python3|-c|import openai", "" },
	{ PYTHON, "python3|-Bc|import openai", "" },
	{ PYTHON, "python3|-", "" },
	{ PYTHON, "python3", "" },
	{ PYTHON, "python3|", "" },
	{ PYTHON, "python3|-m", "" },
	{ PYTHON, "python3|-W", "" },
	{ PYTHON, "python3|/srv/mybot/main.py", "mybot" },
	{ PYTHON, "python3|/srv/mybot/src/main.py", "mybot" },
	{ PYTHON, "python3|main.py", "here" },
	{ PYTHON, "python3|./main.py", "here" },
	{ PYTHON, "python3|../main.py", "main.py" },
	{ PYTHON, "python3|/app/main.py", "main.py" },
	{ PYTHON, "python3|/home/alice/main.py", "main.py" },
	{ PYTHON, "python3|/root/app.py", "app.py" },
	{ PYTHON, "python3|java.py|agent.py", "java.py" },
	{ PYTHON " (deleted)", "python3|agent.py", "agent.py" },
	{ "/usr/bin/python3.13t", "python3.13t|agent.py", "agent.py" },
	{ "/opt/pypy/bin/pypy3.10", "pypy3|agent.py", "agent.py" },
	{ PYTHON, "gunicorn: worker [app]", "gunicorn" },
	{ PYTHON, "/usr/bin/python3|/usr/bin/gunicorn|app:app", "gunicorn" },
	{ PYTHON, "python3|/usr/lib/python3/dist-packages/streamlit/__main__.py", "streamlit" },
	{ "", "python3|agent.py", "agent.py" },
	{ "", "", "" },
	{ "", "/usr/bin/curl|-s", "" },
	/* Node.js */
	{ NODE, "node|/usr/local/bin/gemini|-p|hi", "gemini" },
	{ NODE, "node|/usr/lib/node_modules/@google/gemini-cli/dist/index.js|-p|hi", "gemini-cli" },
	{ NODE, "/usr/bin/node|--no-warnings=DEP0040|/usr/local/bin/gemini", "gemini" },
	{ NODE, "node|--max-old-space-size=8192|/usr/bin/qwen", "qwen" },
	{ NODE, "claude", "claude" },
	{ NODE, "node|" CLAUDE "cli.js", "claude-code" },
	{ NODE, "node|/w/node_modules/.bin/claude|-p|x", "claude" },
	{ NODE, "node|/usr/lib/node_modules/@openai/codex/bin/codex.js", "codex" },
	{ NODE, "node|/w/node_modules/a/node_modules/b/build/bundle.mjs", "b" },
	{ NODE, "node|--require|a.js|b.js", "b.js" },
	{ NODE, "node|-r|dotenv/config|bot.js", "bot.js" },
	{ NODE, "node|--require=a.js|b.js", "b.js" },
	{ NODE, "node|--import|tsx|agent.ts", "agent.ts" },
	{ NODE,
	  "node|--require|/w/node_modules/tsx/dist/preflight.cjs|--import|file:///w/l.mjs|agent.ts",
	  "agent.ts" },
	{ NODE, "node|/w/node_modules/.bin/tsx|agent.ts", "agent.ts" },
	{ NODE, "node|/w/node_modules/tsx/dist/cli.mjs|watch|--tsconfig|t.json|agent.ts",
	  "agent.ts" },
	{ NODE, "node|-e|fetch('x')", "" },
	{ NODE, "node|--eval=1", "" },
	{ NODE, "node|-p|1", "" },
	{ NODE, "node|--inspect|--enable-source-maps|bot.js", "bot.js" },
	{ NODE, "node|index.js", "here" },
	{ NODE, "node|dist/index.js", "here" },
	{ NODE, "node|/srv/bot/dist/src/index.js", "bot" },
	{ NODE, "node|.", "here" },
	{ NODE, "node", "" },
	{ NODE, "npm exec @modelcontextprotocol/server-filesystem /w", "server-filesystem" },
	{ NODE, "npm exec mcp-remote@1.2.3 https://x", "mcp-remote" },
	{ NODE, "node|/root/.npm/_npx/0a1b/node_modules/.bin/mcp-server-filesystem|/w",
	  "mcp-server-filesystem" },
	{ NODE, "node|/usr/bin/npx|-y|@upstash/context7-mcp@latest", "context7-mcp" },
	{ NODE, "node|/usr/bin/npx|-y|--package|a|b", "b" },
	{ "/usr/bin/node22", "node22|bot.js", "bot.js" },
	/* Deno and Bun */
	{ "/usr/bin/deno", "deno|run|--allow-net|-A|agent.ts", "agent.ts" },
	{ "/usr/bin/deno", "deno|run|-c|deno.json|--allow-net=x|agent.ts", "agent.ts" },
	{ "/usr/bin/deno", "deno|run|-A|npm:@google/gemini-cli@1.2.3", "gemini-cli" },
	{ "/usr/bin/deno", "deno|run|https://deno.land/x/bot/main.ts", "bot" },
	{ "/usr/bin/deno", "deno|agent.ts", "agent.ts" },
	{ "/usr/bin/deno", "deno|eval|1", "" },
	{ "/usr/bin/deno", "deno|test", "" },
	{ "/usr/bin/bun", "bun|run|agent.ts", "agent.ts" },
	{ "/usr/bin/bun", "bun|agent.ts", "agent.ts" },
	{ "/usr/bin/bun", "bun|--cwd|/w|run|/w/bot/index.ts", "bot" },
	{ "/usr/bin/bun", "bun|x|@scope/tool", "tool" },
	{ "/usr/bin/bun", "bunx|cowsay|hi", "cowsay" },
	{ "/usr/bin/bun", "bun|-e|1", "" },
	{ "/usr/bin/bun", "bun|run|/root/.bun/bin/opencode", "opencode" },
	/* uv */
	{ "/usr/bin/uv", "uv|run|--with|openai|agent.py", "agent.py" },
	{ "/usr/bin/uv", "uv|run|python|-m|bot.cli", "bot" },
	{ "/usr/bin/uv", "uv|tool|run|--from|x|mcp-server-git", "mcp-server-git" },
	{ "/usr/bin/uv", "uv|tool|uvx|mcp-server-git==1.2", "mcp-server-git" },
	{ "/usr/bin/uvx", "uvx|mcp-server-fetch@latest", "mcp-server-fetch" },
	{ "/usr/bin/uv", "uv|pip|install|x", "" },
	/* others */
	{ "/usr/bin/bash", "bash|./deploy.sh|now", "deploy.sh" },
	{ "/usr/bin/bash", "/bin/bash|/usr/local/bin/ask|why", "ask" },
	{ "/usr/bin/bash", "bash|-c|curl x", "" },
	{ "/usr/bin/bash", "bash|-lc|curl x", "" },
	{ "/usr/bin/bash", "-bash", "" },
	{ "/usr/bin/bash", "bash|-eu|-o|pipefail|x.sh", "x.sh" },
	{ "/usr/bin/bash", "bash|--rcfile|/dev/null|-i", "" },
	{ "/usr/bin/dash", "sh|-e|x.sh", "x.sh" },
	{ "/bin/busybox", "sh|x.sh", "x.sh" },
	{ "/bin/busybox", "wget|https://x", "" },
	{ "/usr/bin/ruby3.1", "ruby|-I|lib|-ropenssl|bot.rb", "bot.rb" },
	{ "/usr/bin/ruby3.1", "ruby|-W0|-ne|puts 1", "" },
	{ "/usr/bin/perl", "perl|-w|-MLWP|-I|lib|ask.pl", "ask.pl" },
	{ "/usr/bin/perl", "perl|-MLWP::UserAgent|-e|print 1", "" },
	{ "/usr/bin/php8.2", "php|-d|a=b|bot.php", "bot.php" },
	{ "/usr/bin/php8.2", "php|-f|bot.php", "bot.php" },
	{ "/usr/bin/php8.2", "php|-r|echo 1;", "" },
	{ JAVA, "java|-Xmx1g|-jar|/opt/bots/agent.jar|--x", "agent.jar" },
	{ JAVA, "java|-cp|/a.jar:/b.jar|com.acme.agent.Main", "agent" },
	{ JAVA, "java|-cp|/a.jar|com.acme.AskModel|x", "AskModel" },
	{ JAVA, "java|--module-path|/m|-m|acme.bot/com.acme.bot.Main", "bot" },
	{ JAVA, "java|--add-opens|java.base/java.lang=ALL-UNNAMED|@args|Ask.java", "Ask.java" },
	{ "/usr/lib/dotnet/dotnet", "dotnet|/srv/Bot.dll", "Bot.dll" },
	{ "/usr/lib/dotnet/dotnet", "dotnet|exec|--runtimeconfig|a.json|/srv/Bot.dll", "Bot.dll" },
	{ "/usr/lib/dotnet/dotnet", "dotnet|run|--project|/srv/Bot/Bot.csproj", "Bot.csproj" },
	{ "/usr/bin/lua5.4", "lua|bot.lua", "bot.lua" },
	{ "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	  "/lib64/ld-linux-x86-64.so.2|--library-path|/l|/opt/bin/agent", "agent" },
	{ "/usr/bin/env", "env|-u|A|B=c|python3|agent.py", "agent.py" },
	/* programs of their own */
	{ "/usr/bin/curl", "curl|-s|https://x", "" },
	{ "/w/node_modules/@anthropic-ai/claude-code-linux-x64/claude.exe", "claude", "claude" },
	{ "/root/.local/share/claude/versions/2.1.50", "claude|-p|x", "claude" },
	{ "/root/.local/share/claude/versions/2.1.50", "/root/.local/share/claude/versions/2.1.50",
	  "versions" },
	{ "/w/vendor/x86_64-unknown-linux-musl/codex/codex-x86_64-unknown-linux-musl", "codex",
	  "codex" },
	{ "/usr/bin/qemu-x86_64", "qemu-x86_64|./a", "" },
	{ "/usr/bin/base64", "base64|x", "" },
};

/* In memory of its own length, so that a sanitizer sees what is read past it. */
static char *name_of(const char *exe, const char *args, char separator, const char *cwd)
{
	size_t len = strlen(args);
	char *text = xmalloc(len + 1);
	struct command_line c = { .exe = span_str(exe),
				  .separator = (uint8_t)separator,
				  .cwd = span_str(cwd) };
	struct span name;
	char *ret;

	for (size_t i = 0; i < len; i++)
		text[i] = args[i] == '|' ? separator : args[i];
	text[len] = separator;
	c.args = span_of(text, separator ? len : len + 1);
	name = script_name(&c);
	ret = xstrndup(name.len ? (const char *)name.ptr : "", name.len);
	free(text);
	return ret;
}

static void test_names(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *name = name_of(rows[i].exe, rows[i].args, '\0', "/srv/here");

		is_str(name, rows[i].want, "%s: %s", rows[i].exe, rows[i].args);
		free(name);
	}
}

/* As in recordings of earlier versions: joined by blanks, without a working directory. */
static void test_joined(void)
{
	static const struct {
		const char *exe, *args, *want;
	} joined[] = {
		{ PYTHON, "python3|-u|agent.py|--key|***", "agent.py" },
		{ PYTHON, "python3|main.py", "main.py" },
		{ NODE, "node|/usr/local/bin/gemini|-p|what is|this", "gemini" },
		{ NODE, "npm exec @a/b /w", "b" },
		{ NODE, "claude", "claude" },
	};

	for (size_t i = 0; i < sizeof(joined) / sizeof(*joined); i++) {
		char *name = name_of(joined[i].exe, joined[i].args, ' ', "");

		is_str(name, joined[i].want, "joined: %s", joined[i].args);
		free(name);
	}
}

static void test_words(void)
{
	ok(script_is(SPAN_LIT("agent.py"), SPAN_LIT("agent.py")), "a script is meant by its name");
	ok(script_is(SPAN_LIT("agent.py"), SPAN_LIT("agent")), "and by it without the ending");
	ok(!script_is(SPAN_LIT("agent.py"), SPAN_LIT("gen")), "not by a part of it");
	ok(!script_is(SPAN_LIT(""), SPAN_LIT("")), "and no script by nothing");
	ok(!script_is(SPAN_LIT("http.server"), SPAN_LIT("http")), "a module has no ending");
}

int main(void)
{
	test_names();
	test_joined();
	test_words();
	return tap_done();
}

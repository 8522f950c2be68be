#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""openai-java, as a program of a user calls it, through llm-spy --proxy, since no probe reaches Java's TLS: what llm-spy
reports is what the SDK, and what the provider say of each call, and its recording says the same again. Fetched from Maven
Central, so only with LLM_SPY_AGENTS=1 (scripts/check --agents)."""
import subprocess

from agents import AGENTS
from mock_provider import Provider, certificates
from packages import jar_file
from proxied import *
from sdk_calls import compare_run

JAVA = shutil.which("java")
SOURCE = os.path.abspath(os.path.join(SRC, "tests/e2e/java/OpenAI.java"))
# The SDK, and of what it depends on all that these calls need.
JARS = [("com.openai", "4.101.0", "openai-java-core", "openai-java-client-okhttp"),
        ("com.squareup.okhttp3", "4.12.0", "okhttp"),
        ("com.squareup.okio", "3.6.0", "okio-jvm"),
        ("org.jetbrains.kotlin", "1.8.20", "kotlin-reflect"),
        ("org.jetbrains.kotlin", "1.8.0", "kotlin-stdlib", "kotlin-stdlib-jdk7", "kotlin-stdlib-jdk8"),
        ("com.fasterxml.jackson.core", "2.18.9", "jackson-annotations", "jackson-core", "jackson-databind"),
        ("com.fasterxml.jackson.datatype", "2.18.9", "jackson-datatype-jdk8", "jackson-datatype-jsr310"),
        ("com.fasterxml.jackson.module", "2.18.9", "jackson-module-kotlin"),
        ("org.slf4j", "2.0.16", "slf4j-api")]


def fetch():
    jars = []
    for group, version, *names in JARS:
        for name in names:
            jars.append(jar_file(group, name, version))
            if not jars[-1]:
                skip_all(f"{name} cannot be fetched")
    return ":".join(jars)


def try_java(jars):
    provider, recording = Provider(*certificates(TMP)), os.path.join(TMP, "java.spy")
    said, err = os.path.join(TMP, "said"), os.path.join(TMP, "java.err")
    command = [JAVA, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars, SOURCE]
    proxy = Proxy(f"--record={recording}", ca=provider.ca, command=[
        "env", f"MOCK_URL={provider.url}", "sh", "-c", f'exec "$@" >{said} 2>{err} </dev/null', "sh", *command])
    ok(proxy.proc.wait(timeout=WAIT) == 0, "openai-java: runs", open(err).read(), proxy.stderr())
    lines = [json.loads(line) for line in open(said)]
    log, records = provider.take_log(), proxy.records()
    compare_run("openai-java, --proxy", 9, lines, log, records, proxy)
    ok(records and {r["process"]["name"] for r in records} == {"java"}, "openai-java: who", [r["process"] for r in records[:1]])
    again = subprocess.run([SPY, "-r", recording, "--all", "-f", "jsonl", "-o", "-"], capture_output=True, text=True, timeout=WAIT)
    repeated = [json.loads(line) for line in again.stdout.splitlines()]
    compare_run("openai-java, replayed", 9, lines, log, repeated, proxy)
    provider.stop()


if not AGENTS:
    skip_all("some 85 MB of packages of Maven Central: LLM_SPY_AGENTS=1")
if not JAVA:
    skip_all("no Java")
try_java(fetch())
done()

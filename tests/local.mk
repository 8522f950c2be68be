# SPDX-License-Identifier: MIT
# Unit tests and fuzz targets are named in the local.mk of what they test; here is what they
# share. A unit test is tests/unit/test_NAME.c; a fuzz target tests/fuzz/fuzz_NAME.c with its
# corpus in tests/fuzz/corpus/NAME/.
EXTRA_DIST += tests/unit/tap.h tests/fuzz/fuzz.h

# A fuzz target is a program of its own under --enable-fuzzer, and otherwise a test that runs its
# corpus, whole and cut at every length.
if FUZZER
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/corpus_main.c
endif
EXTRA_DIST += tests/fuzz/corpus_main.c

# End-to-end, for `make check-root`: real programs on loopback. They say SKIP where the host lacks
# something. One runs at a time; with -j the next ones fetch and build what they need meanwhile, those
# first that need minutes for it.
E2E_TESTS = \
	tests/e2e/test_rustls_versions.py \
	tests/e2e/test_first.py \
	tests/e2e/test_rust_sdks.py \
	tests/e2e/test_agents.py \
	tests/e2e/test_alerts.py \
	tests/e2e/test_blind.py \
	tests/e2e/test_bundled.py \
	tests/e2e/test_cache.py \
	tests/e2e/test_capture.py \
	tests/e2e/test_command.py \
	tests/e2e/test_coverage.py \
	tests/e2e/test_daemon.py \
	tests/e2e/test_discovery.py \
	tests/e2e/test_early.py \
	tests/e2e/test_erlang.py \
	tests/e2e/test_ends.py \
	tests/e2e/test_examples.py \
	tests/e2e/test_finders.py \
	tests/e2e/test_fork.py \
	tests/e2e/test_go.py \
	tests/e2e/test_go_sdks.py \
	tests/e2e/test_hold.py \
	tests/e2e/test_java_sdks.py \
	tests/e2e/test_kernels.py \
	tests/e2e/test_killed.py \
	tests/e2e/test_libraries.py \
	tests/e2e/test_mcp_servers.py \
	tests/e2e/test_modes.py \
	tests/e2e/test_names.py \
	tests/e2e/test_notices.py \
	tests/e2e/test_outputs.py \
	tests/e2e/test_plain.py \
	tests/e2e/test_protocols.py \
	tests/e2e/test_proxy.py \
	tests/e2e/test_proxy_agents.py \
	tests/e2e/test_proxy_attacks.py \
	tests/e2e/test_proxy_live.py \
	tests/e2e/test_rustls.py \
	tests/e2e/test_screen.py \
	tests/e2e/test_python_sdks.py \
	tests/e2e/test_sdks.py \
	tests/e2e/test_selection.py \
	tests/e2e/test_static.py \
	tests/e2e/test_stdio.py \
	tests/e2e/test_top.py \
	tests/e2e/test_transparent.py \
	tests/e2e/test_web.py \
	tests/e2e/test_web_live.py \
	tests/e2e/test_wreq.py
EXTRA_DIST += $(E2E_TESTS) tests/e2e/agents.py tests/e2e/awscrt_client.py tests/e2e/blindclient.py tests/e2e/calls.mjs tests/e2e/chromium.py tests/e2e/client.py \
	tests/e2e/earlyclient.c tests/e2e/early_gnutls.py tests/e2e/erlang_client.erl tests/e2e/fetch_sdks tests/e2e/first_clients.py tests/e2e/python_calls.py \
	tests/e2e/go/client.go tests/e2e/go/forks.go tests/e2e/go/uconn.go tests/e2e/http2.mjs \
	tests/e2e/java/Netty.java tests/e2e/java/OpenAI.java tests/e2e/libraries.py tests/e2e/machine.py tests/e2e/packages.py \
	tests/e2e/mock_provider.py tests/e2e/mbedclient.c tests/e2e/nginx.py tests/e2e/person.py tests/e2e/proxied.py tests/e2e/prefixed.c tests/e2e/rustls.mjs tests/e2e/screens \
	tests/e2e/rust/client.rs tests/e2e/rust_clients.py \
	tests/e2e/loop_client.py tests/e2e/sdk_calls.py tests/e2e/server.mjs tests/e2e/spy.py tests/e2e/stage.py tests/e2e/stdio_peer.py tests/e2e/tee_stdio.py \
	tests/e2e/noiseclient.c tests/e2e/staticclient.c tests/e2e/sweep.py \
	tests/e2e/uringclient.c
EXTRA_DIST += tests/e2e/browser/hostile.mjs tests/e2e/browser/huge.mjs tests/e2e/browser/keys.mjs tests/e2e/browser/live.mjs tests/e2e/browser/package-lock.json \
	tests/e2e/browser/package.json tests/e2e/browser/page.mjs tests/e2e/browser/scroll.mjs tests/e2e/browser/shots.mjs tests/e2e/browser/views.mjs
# The SDKs themselves are fetched by fetch_sdks, into a cache outside of the tree.
EXTRA_DIST += \
	tests/e2e/sdks/ai.mjs \
	tests/e2e/sdks/anthropic.mjs \
	tests/e2e/sdks/cohere.mjs \
	tests/e2e/sdks/go/go.mod \
	tests/e2e/sdks/go/go.sum \
	tests/e2e/sdks/go/main.go \
	tests/e2e/sdks/google.mjs \
	tests/e2e/sdks/mistral.mjs \
	tests/e2e/sdks/ollama.mjs \
	tests/e2e/sdks/openai.mjs \
	tests/e2e/sdks/requirements.txt \
	tests/e2e/sdks/rust/Cargo.lock \
	tests/e2e/sdks/rust/Cargo.toml \
	tests/e2e/sdks/rust/main.rs \
	tests/e2e/sdks/sdks.py \
	tests/e2e/sdks/package-lock.json \
	tests/e2e/sdks/package.json \
	tests/e2e/sdks/say.mjs
noinst_PROGRAMS += tests/rerecord
PY_TESTS += \
	tests/conformance/test_recordings.py \
	tests/unit/test_budgets.py \
	tests/unit/test_check_providers.py \
	tests/unit/test_cli.py \
	tests/unit/test_completions.py \
	tests/unit/test_config.py \
	tests/unit/test_credentials.py \
	tests/unit/test_docs.py \
	tests/unit/test_json_bodies.py \
	tests/unit/test_har.py \
	tests/unit/test_layers.py \
	tests/unit/test_late_process.py \
	tests/unit/test_log.py \
	tests/unit/test_metrics.py \
	tests/unit/test_otlp.py \
	tests/unit/test_pace.py \
	tests/unit/test_pages.py \
	tests/unit/test_openai_shapes.py \
	tests/unit/test_pieces.py \
	tests/unit/test_replay_server.py \
	tests/unit/test_schema.py \
	tests/unit/test_serve.py \
	tests/unit/test_top.py \
	tests/unit/test_top_screen.py \
	tests/unit/test_torn.py \
	tests/unit/test_odd.py \
	tests/unit/test_gaps.py \
	tests/unit/test_selected.py \
	tests/unit/test_same_sums.py \
	tests/unit/test_native.py \
	tests/unit/test_unknown.py \
	tests/unit/test_unknown_sums.py
EXTRA_DIST += $(PY_TESTS) tests/conformance/spyfile.py tests/lib/answers.py tests/lib/calls.py tests/lib/cases.py tests/lib/child.py tests/lib/har/package.json tests/lib/har/package-lock.json tests/lib/har/validate.js tests/lib/otlp_receiver.py tests/lib/record_schema.py tests/lib/screen.py tests/lib/sums.py tests/lib/tap.py tests/lib/traffic.py
EXTRA_DIST += doc/config.example doc/record.schema.json doc/RECORD.md doc/PRIVACY.md doc/RECORDING.md doc/STORE.md doc/TELEMETRY.md doc/INTERNALS.md doc/GLOSSARY.md doc/screen.svg

# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/assemble/assembler.c \
	src/assemble/assembler.h \
	src/assemble/assembly.h \
	src/assemble/body_reader.c \
	src/assemble/body_reader.h \
	src/assemble/deliver.c \
	src/assemble/deliver.h \
	src/assemble/dialect_reader.c \
	src/assemble/dialect_reader.h \
	src/assemble/heads.c \
	src/assemble/heads.h \
	src/assemble/in_order.c \
	src/assemble/in_order.h \
	src/assemble/open_turns.c \
	src/assemble/open_turns.h \
	src/assemble/pair.c \
	src/assemble/pair.h \
	src/assemble/relay.c \
	src/assemble/relay.h \
	src/assemble/rounds.c \
	src/assemble/rounds.h \
	src/assemble/rpc_calls.c \
	src/assemble/rpc_calls.h \
	src/assemble/sse_results.c \
	src/assemble/sse_results.h \
	src/assemble/tell.c \
	src/assemble/tell.h \
	src/assemble/websocket_turns.c \
	src/assemble/websocket_turns.h

check_PROGRAMS += tests/unit/test_bodies tests/unit/test_order tests/unit/test_pair

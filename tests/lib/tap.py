# SPDX-License-Identifier: MIT
"""What a test in Python prints: TAP, as automake's driver reads it."""
import sys

count = failed = 0


def ok(good, what, *more):
    """One check. `more` is shown where it fails."""
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", what)
    if not good:
        for m in more:
            print("#", str(m).replace("\n", "\n# ")[:3000])
    sys.stdout.flush()
    return good


def skip(what, why):
    """One check that cannot be made here; skip_all is for the whole file."""
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def skip_all(why):
    print("1..0 # SKIP", why)
    sys.exit(0)


def done():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)

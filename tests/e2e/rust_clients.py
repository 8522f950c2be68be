# SPDX-License-Identifier: MIT
"""Clients on rustls itself, built by cargo from rust/client.rs with crates of crates.io, into a cache outside of
the tree."""
import hashlib
import os
import shutil
import subprocess

from agents import BESIDE, CACHE, making
from spy import SRC

SOURCE = os.path.abspath(os.path.join(SRC, "tests/e2e/rust/client.rs"))
CARGO = shutil.which("cargo")
VERSIONS = {"0.20": "=0.20.9", "0.21": "=0.21.12", "0.22": "=0.22.4", "0.23": "=0.23.46"}
AWS = ("0.22", "0.23") # the versions that know aws-lc-rs

MANIFEST = """
[package]
name = "client"
version = "0.1.0"
edition = "2021"
[[bin]]
name = "client"
path = "{source}"
[features]
default = ["{feature}", "{crypto}"]
v20 = []
v21 = []
v22 = []
v23 = []
ring = []
aws = []
[dependencies]
rustls = {{ version = "{version}", {features} }}
[workspace]

[profile.dev]
debug = false
[profile.release]
debug = false
[profile.checked]
inherits = "release"
overflow-checks = true
[profile.thin]
inherits = "release"
lto = "thin"
strip = true
[profile.fat]
inherits = "release"
lto = "fat"
codegen-units = 1
panic = "abort"
strip = true
[profile.size]
inherits = "fat"
opt-level = "s"
[profile.tiny]
inherits = "fat"
opt-level = "z"
"""
PROFILES = ("dev", "release", "checked", "thin", "fat", "size", "tiny")
STRIPPED = ("thin", "fat", "size", "tiny") # by their profile


def environment():
    """Of cargo, whatever is set for other builds."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("CARGO_", "RUSTFLAGS"))}


def manifest(version, crypto):
    if version in ("0.20", "0.21"):
        features = 'features = ["tls12"]'
    else:
        wanted = [crypto if crypto == "ring" else "aws_lc_rs", "tls12"] + (["std"] if version == "0.23" else [])
        features = "default-features = false, features = [%s]" % ", ".join(f'"{f}"' for f in wanted)
    return MANIFEST.format(source=SOURCE, feature="v" + version[2:], crypto=crypto, version=VERSIONS[version],
                           features=features)


def client(version, crypto, profile):
    """The program; with ".stripped" after its name there is one without symbols. None where it cannot be built."""
    text = manifest(version, crypto)
    with open(SOURCE, "rb") as f:
        digest = hashlib.sha256(text.encode() + f.read()).hexdigest()[:12]
    folder = os.path.join(CACHE, "rust", f"rustls-{version}-{crypto}")
    built = os.path.join(folder, f"rustls-{version}-{crypto}-{profile}-{digest}")
    if os.path.exists(built + ".stripped"):
        return built
    if not CARGO:
        return None
    with making(folder):
        if os.path.exists(built + ".stripped"):
            return built
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "Cargo.toml"), "w") as f:
            f.write(text)
        try:
            got = subprocess.run([*BESIDE, CARGO, "build", "--quiet", "--profile", profile], cwd=folder, capture_output=True,
                                 text=True, timeout=1800, env=environment())
            if got.returncode != 0:
                raise OSError(got.stderr[-500:])
        except (OSError, subprocess.SubprocessError) as e:
            print("# rustls", version, crypto, profile, str(e).replace("\n", " "))
            return None
        shutil.copy(os.path.join(folder, "target", "debug" if profile == "dev" else profile, "client"), built)
        subprocess.run(["strip", "-o", built + ".stripped", built], check=True)
    return built

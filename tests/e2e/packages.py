# SPDX-License-Identifier: MIT
"""Packages of other ecosystems as they are published, for tests with LLM_SPY_AGENTS=1: fetched by their ordinary
clients into a cache outside of the tree, none of their scripts run. Each returns a folder; None where it is not to
be had."""
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

from agents import CACHE, INSIDE, making

MAVEN = os.environ.get("MAVEN_CENTRAL", "https://repo1.maven.org/maven2")


def unpacked(kind, name, fetch):
    """The folder with what is in the archives that fetch(folder) leaves in a folder."""
    folder = os.path.join(CACHE, kind, name)
    with making(folder) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        if not missing:
            return folder
        try:
            fetch(new)
            for archive in os.listdir(new):
                with zipfile.ZipFile(os.path.join(new, archive)) as z:
                    z.extractall(os.path.join(new, "all"))
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile) as e:
            print("#", name, str(e).replace("\n", " "))
            return None
        os.chmod(os.path.join(new, "all"), 0o755)
        os.rename(os.path.join(new, "all"), folder)
    return folder


def wheel(name, version, python="/usr/bin/python3"):
    """A package of PyPI for that Python, without what it depends on."""
    def fetch(folder):
        tag = subprocess.check_output([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], text=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
                        "--python-version", tag.strip(), "-d", folder, f"{name}=={version}"], check=True, timeout=300,
                       stdout=subprocess.DEVNULL)
    return unpacked("pypi", f"{name}-{version}", fetch)


def installed(*requirements):
    """Packages of PyPI for the system's Python, with what they depend on."""
    folder = os.path.join(CACHE, "pypi", "with-" + requirements[0])
    if os.path.isdir(folder):
        return folder
    if os.environ.get(INSIDE):
        return None
    with making(folder) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as new:
        if not missing:
            return folder
        # None of these builds anything of its own; some have no wheel.
        got = subprocess.run(["/usr/bin/python3", "-m", "pip", "install", "-q", "--root-user-action=ignore", "--no-compile",
                              "--target", os.path.join(new, "all"), *requirements], capture_output=True, text=True, timeout=600)
        if got.returncode != 0:
            print("#", requirements[0], got.stderr[-300:].replace("\n", " "))
            return None
        os.chmod(os.path.join(new, "all"), 0o755)
        os.rename(os.path.join(new, "all"), folder)
    return folder


def jar_file(group, name, version, classifier=""):
    """The jar itself, of Maven Central."""
    file = f"{name}-{version}{classifier and '-' + classifier}.jar"
    path = os.path.join(CACHE, "maven", file)
    with making(path) as missing, tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        if not missing:
            return path
        try:
            url = "/".join((MAVEN, group.replace(".", "/"), name, version, file))
            with urllib.request.urlopen(url, timeout=300) as answer, open(os.path.join(folder, file), "wb") as new:
                new.write(answer.read())
            os.rename(new.name, path)
        except OSError as e:
            print("#", file, str(e).replace("\n", " "))
            return None
    return path

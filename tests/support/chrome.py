"""A real Chrome for tests: started on tmp_path, stopped at the end, and a look at what it left behind."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

from chrome_launcher.chrome import Chrome
from chrome_launcher.find import ChromeBinary, find_chrome
from chrome_launcher.launch import launch_chrome
from chrome_launcher.process_tree import processes_of_profile
from chrome_launcher.root_connection import RootConnection
from tests.support.eventually import eventually


@cache
def chrome_binary() -> ChromeBinary:
    return find_chrome()


def false_chrome(folder: Path, script: str) -> Path:
    """A program for sh in Chrome's place."""
    path = folder / "false-chrome"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@contextmanager
def running_chrome(
    profile_dir: Path,
    *,
    headless: bool = True,
    images: bool = True,
    fonts: bool = True,
    blocked_hosts: Sequence[str] = (),
) -> Iterator[Chrome]:
    """Start a Chrome, stop it at the end, and assert that nothing of it is left."""
    chrome = launch_chrome(
        chrome_binary(),
        profile_dir,
        headless=headless,
        images=images,
        fonts=fonts,
        blocked_hosts=blocked_hosts,
        renderer_limit=32,
    )
    try:
        yield chrome
    finally:
        chrome.stop()
        assert leftovers(profile_dir) == []


@contextmanager
def root_connection(chrome: Chrome) -> Iterator[RootConnection]:
    """Connect to Chrome, and close the connection at the end."""
    root = RootConnection.connect(chrome.ws_url)
    try:
        yield root
    finally:
        root.close()


def leftovers(profile_dir: Path) -> list[str]:
    """What still runs on this profile, as ``pid command line``; and its lock files, as paths."""
    running = []
    for process in processes_of_profile(profile_dir):
        try:
            running.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.Error:
            pass  # it ended while we looked
    locks = [str(path) for path in profile_dir.glob("Singleton*")]
    return running + locks


@contextmanager
def virtual_display() -> Iterator[str]:
    """Run an X server for a visible Chrome and yield its DISPLAY (``:99``); it chooses a free number."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert server.stdout is not None
        number = server.stdout.readline().decode().strip()
        assert number.isdigit(), f"Xvfb did not start (exit code {server.poll()})"
        yield f":{number}"
    finally:
        server.terminate()
        eventually(lambda: server.poll() is not None, 5.0, "Xvfb ends")
        if server.stdout is not None:
            server.stdout.close()

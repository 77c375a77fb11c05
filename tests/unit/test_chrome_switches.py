"""The command line: what is ours alone, and what adds up."""

from pathlib import Path

import pytest

from chrome_launcher.switches import chrome_switches, profile_switch


def switches(*extra: str, headless: bool = True, images: bool = True, sandbox: bool = True) -> list[str]:
    return chrome_switches(
        Path("/work/profile"),
        headless=headless,
        images=images,
        renderer_limit=21,
        sandbox=sandbox,
        dies_with_us=True,
        extra_switches=extra,
    )


def values(line: list[str], name: str) -> list[str]:
    return [switch.partition("=")[2] for switch in line if switch.partition("=")[0] == name]


@pytest.mark.parametrize(
    "own", ["--user-data-dir=/else", "--remote-debugging-port=9222", "--remote-debugging-pipe"]
)
def test_switches_refuse_an_extra_one_when_it_is_the_launchers_own(own: str) -> None:
    with pytest.raises(ValueError, match=own.split("=")[0]):
        switches(own)


def test_switches_disable_both_when_an_extra_one_disables_features_too() -> None:
    (features,) = values(switches("--disable-features=TheirFeature"), "--disable-features")
    assert "TheirFeature" in features.split(",")
    assert "MediaRouter" in features.split(",")


def test_switches_keep_images_off_when_an_extra_one_sets_blink_too() -> None:
    (blink,) = values(switches("--blink-settings=darkMode=1", images=False), "--blink-settings")
    assert blink.split(",") == ["imagesEnabled=false", "darkMode=1"]


def test_switches_take_the_extra_value_when_it_contradicts_ours() -> None:
    assert values(switches("--window-size=800,600", headless=False), "--window-size") == ["800,600"]


def test_switches_name_no_sandbox_when_there_is_one() -> None:
    assert "--no-sandbox" not in switches(sandbox=True)
    assert "--no-sandbox" in switches(sandbox=False)


def test_switches_show_a_window_when_visible() -> None:
    assert values(switches(headless=True), "--headless") == ["new"]
    assert values(switches(headless=False), "--headless") == []


def test_switches_end_with_the_first_page_when_there_are_extra_ones() -> None:
    line = switches("--lang=de")
    assert line[-1] == "about:blank"
    assert all(switch.startswith("--") for switch in line[:-1])


def test_profile_switch_is_the_same_when_the_path_goes_round_a_corner(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert profile_switch(tmp_path / "link" / "p") == profile_switch(tmp_path / "p")


def test_switches_block_a_host_with_all_below_it_when_it_is_named() -> None:
    line = chrome_switches(
        Path("/p"),
        headless=True,
        images=False,
        fonts=False,
        blocked_hosts=("a.test", "b.test"),
        renderer_limit=4,
        sandbox=True,
        dies_with_us=True,
    )
    assert values(line, "--host-rules") == [
        "MAP a.test ~NOTFOUND, MAP *.a.test ~NOTFOUND, MAP b.test ~NOTFOUND, MAP *.b.test ~NOTFOUND"
    ]
    assert values(line, "--blink-settings") == ["imagesEnabled=false,downloadableBinaryFontsEnabled=false"]

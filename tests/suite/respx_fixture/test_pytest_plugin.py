"""The fixture in a project of somebody else, and the example that shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from commit_conformance.options import PREFIX

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
PLUGIN = "commit_conformance.pytest_api"
SECONDS = 120


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_tests(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_theirs.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return python(folder, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "--strict-config", *words)


def test_each_test_gets_a_service_of_its_own(tmp_path: Path) -> None:
    done = run_tests(
        tmp_path,
        """
        import httpx
        import pytest

        pytest_plugins = ["commit_conformance.pytest_api"]

        @pytest.mark.parametrize("name", ["a", "a"])
        def test_an_upload(commit_api, name):
            assert not commit_api.files
            session = commit_api.upload_session(name=name)
            headers = {"authorization": f"Bearer {commit_api.token}", "digest": session.digest}
            httpx.post(session.commit_url, json={"parts": session.parts}, headers=headers).raise_for_status()
            assert [file.name for file in commit_api.files] == [name]

        def test_another_host(commit_api):
            httpx.get("https://upload.box.com/api/2.0/files/1")
        """,
    )
    assert done.returncode == 1, done.stdout
    assert "1 failed, 2 passed" in done.stdout
    assert "NotServed: GET https://upload.box.com/api/2.0/files/1 is not served" in done.stdout
    assert "warning" not in done.stdout


def test_the_plugin_may_be_named_as_often_as_one_likes(tmp_path: Path) -> None:
    """On the command line and in a module, besides the entry point of an installation."""
    text = f"pytest_plugins = ['{PLUGIN}']\ndef test_it(commit_api): assert commit_api.url"
    done = run_tests(tmp_path, text, "-p", PLUGIN)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plugin_adds_a_fixture_and_nothing_else(tmp_path: Path) -> None:
    from commit_conformance import pytest_api

    assert not [name for name in vars(pytest_api) if name.startswith("pytest_")], "a hook, or a list of plugins"
    listed = run_tests(tmp_path, "def test_it(): pass", "-p", PLUGIN, "--fixtures").stdout
    ours = listed.partition(f"fixtures defined from {PLUGIN}")[2].partition("fixtures defined from")[0]
    assert re.findall(r"^(\w+) -- ", ours, re.M) == ["commit_api"]
    assert "No real socket is opened" in ours


def test_an_unused_plugin_costs_nothing(tmp_path: Path) -> None:
    """Nothing but the plugin's own module is imported, not even where other plugins have imported httpx."""
    program = (
        f"import sys, pytest\nbefore = set(sys.modules)\nimport {PLUGIN}\nprint(sorted(set(sys.modules) - before))"
    )
    done = python(tmp_path, "-c", program)
    assert done.stdout.strip() == str(["commit_conformance", PLUGIN]), done.stdout + done.stderr


def test_the_entry_point_is_named_like_its_module() -> None:
    """Or the module would be registered twice, which fails, where somebody names it in ``pytest_plugins`` as well."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.split("[project.entry-points.pytest11]\n")[1].split("\n\n")[0]
    assert section == f'"{PLUGIN}" = "{PLUGIN}"'


def test_hypothesis_says_what_to_do_about_the_fixture(tmp_path: Path) -> None:
    text = """
        from hypothesis import HealthCheck, given, settings, strategies as st

        @given(content=st.binary(min_size=1, max_size=9))
        def test_refused(commit_api, content): pass

        @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5, database=None)
        @given(content=st.binary(min_size=1, max_size=9))
        def test_with_a_reset(commit_api, content):
            commit_api.reset()
            commit_api.store_file(content)
            assert [file.content for file in commit_api.files] == [content]
        """
    done = run_tests(tmp_path, text, "-p", PLUGIN)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "function_scoped_fixture" in done.stdout


# -- the example ------------------------------------------------------------------------------------------------------


def test_the_example_runs() -> None:
    done = python(EXAMPLES, "-m", "pytest", "-p", "no:cacheprovider", "-p", PLUGIN, "-q", str(EXAMPLES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(re.findall(r'^def test_', example('test_upload_client.py'), re.M))} passed" in done.stdout


#: What somebody might break in the client, and the test that has to notice.
MISTAKES = {
    "wait = float(answer.headers.get": ("wait = float(0 and answer.headers.get", "sent_again_in_time"),
    "except httpx.TransportError:": ("except httpx.ConnectError:", "answer_that_is_lost"),
    "if answer.status_code == 409:": ("if answer.status_code == 408:", "name_in_use"),
    ' | ({"if-match": if_match} if if_match else {})': ("", "has_changed"),
    "(202, 429) and answer.status_code < 500": ("(202, 429)", "overloaded"),
    "for attempt in range(ATTEMPTS):": ("for attempt in range(60):", "given_up"),
    "offset : offset + session": ("offset : 1 + offset + session", "arrives"),
}


def test_the_example_notices_a_client_that_is_wrong(tmp_path: Path) -> None:
    client = example("upload_client.py")
    for number, (line, (wrong, _)) in enumerate(MISTAKES.items()):
        assert client.count(line) == 1, line
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "upload_client.py").write_text(client.replace(line, wrong), encoding="utf-8")
        (folder / "test_upload_client.py").write_text(example("test_upload_client.py"), encoding="utf-8")
    # One process for all, since starting one takes longer than the tests do.
    program = """
        import sys
        import pytest

        for folder in range(int(sys.argv[1])):
            for name in ("upload_client", "test_upload_client"):
                sys.modules.pop(name, None)
            pytest.main(["-p", "no:cacheprovider", "-p", sys.argv[2], "-q", "--tb=no", "-rf", str(folder)])
        """
    done = python(tmp_path, "-c", textwrap.dedent(program), str(len(MISTAKES)), PLUGIN)
    failed = re.findall(r"^FAILED (\d+)/\S+::(\w+)", done.stdout, re.M)
    for number, (line, (_, noticed)) in enumerate(MISTAKES.items()):
        found = [name for folder, name in failed if folder == str(number)]
        assert [name for name in found if noticed in name], f"{line}: {found}\n{done.stdout}"


@pytest.mark.parametrize("name", ["upload_client.py", "test_upload_client.py"])
def test_the_page_shows_the_example_as_it_is(name: str) -> None:
    page = (ROOT / "docs" / "mock-server.md").read_text(encoding="utf-8")
    assert f"```python norun\n{example(name)}```" in page


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")

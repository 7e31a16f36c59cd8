"""Real input: the official Python SDK uploads a real file of more than 20 MB to ``commit-conformance serve``."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from box_sdk_gen import BaseUrls, BoxClient, BoxDeveloperTokenAuth

from tests.suite.runs.commands import clean_environment

TOKEN = "token-of-the-sdk"


@pytest.fixture
def served() -> Iterator[str]:
    """The URL the command prints as its first line."""
    command = [sys.executable, "-m", "commit_conformance", "serve", "--port", "0", "--part-size", "8MiB"]
    process = subprocess.Popen(
        [*command, "--behaviour", "processing=1", "--behaviour", "min-file-size=20MB"],
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(TOKEN),
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def real_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of Python's own standard library, as a user might back it up."""
    path = tmp_path_factory.mktemp("upload") / "standard-library.tar"
    library = Path(sysconfig.get_path("stdlib"))
    size = 0
    with tarfile.open(path, "w") as archive:
        for source in sorted(library.rglob("*.py")):
            archive.add(source, arcname=str(source.relative_to(library)))
            size += source.stat().st_size
            if size > 26_000_000:
                break
    assert path.stat().st_size > 20_000_000
    return path


def test_the_official_sdk_uploads_a_real_file_in_parts(served: str, real_file: Path) -> None:
    client = BoxClient(auth=BoxDeveloperTokenAuth(token=TOKEN))
    client = client.with_custom_base_urls(BaseUrls(base_url=served, upload_url=served, oauth_2_url=served))
    size = real_file.stat().st_size
    with real_file.open("rb") as stream:
        file = client.chunked_uploads.upload_big_file(stream, real_file.name, size, "0")
    digest = hashlib.sha1(real_file.read_bytes()).hexdigest()
    assert (file.name, file.size, file.sha_1) == (real_file.name, size, digest)
    stored = httpx.get(f"{served}/2.0/files/{file.id}/content", headers={"authorization": f"Bearer {TOKEN}"})
    assert hashlib.sha1(stored.content).hexdigest() == digest

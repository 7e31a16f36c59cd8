"""What was in the user's folder before a run, and a look at all of it afterwards."""

from __future__ import annotations

from typing import Any

from commit_conformance.reference import Service
from commit_conformance.reference.respx_adapter import mock_transport
from commit_conformance.target.api import Api, created_file, id_of
from commit_conformance.target.bank import Bank
from commit_conformance.target.commit import send_commit
from commit_conformance.target.ledger import Ledger
from commit_conformance.wire import Wire
from strategies.plan import CommitPlan, Material
from tests.suite.trouble.watched import TOKEN

BASE = "https://inside.invalid/2.0"


class Household:
    """A user's folder of a service, reached without a socket.

    Args:
        service: Whose.
    """

    def __init__(self, service: Service) -> None:
        self._api = Api(
            Wire(token=TOKEN, origins=[BASE], transport=mock_transport(service, base_url=BASE)),
            upload_url=BASE,
            api_url=BASE,
        )
        self._count = 0

    def furnish(self) -> str:
        """Puts a folder with a file there, and a file beside it whose name looks like one of a run; gives its id."""
        made = id_of(self._api.create_folder(name="cc-holiday", parent_id="0").answer)
        self._file("0", "cc-20200101-000000-File-001.bin")
        if made is not None:  # a service that makes no folders has none
            self._file(made, "photos.bin")
        return self._file("0", "holiday.bin")

    def inventory(self) -> list[tuple[Any, ...]]:
        """Everything below the user's folder: path, id, etag, sha1 and size."""
        return sorted(self._below("0", ""))

    def _below(self, folder_id: str, path: str) -> list[tuple[Any, ...]]:
        items = self._api.folder_items(folder_id)
        assert isinstance(items, list)
        found: list[tuple[Any, ...]] = []
        for item in items:
            here = f"{path}/{item['name']}"
            found.append((here, item["id"], item.get("etag"), str(item.get("sha1")), item.get("size") or 0))
            if item["type"] == "folder":
                found += self._below(item["id"], here)
        return found

    def _file(self, folder_id: str, name: str) -> str:
        self._count += 1
        ledger = Ledger(None, target={})
        bank = Bank(
            api=self._api, ledger=ledger, folder_id=folder_id, prefix="x", key=f"home/{self._count}", file_size=5000
        )
        upload = bank.open(name=name)
        request = CommitPlan().build(Material(session=upload.session, content=upload.content))
        made = created_file(send_commit(self._api.wire, upload, request).answer)
        assert made is not None
        return made.file_id

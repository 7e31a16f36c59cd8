"""A target for one run: reached, asked what it can do, given a folder of its own, and left as it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from commit_conformance.model import FileState
from commit_conformance.target.api import Api, SessionHandle, id_of
from commit_conformance.target.bank import Bank
from commit_conformance.target.capabilities import Capabilities
from commit_conformance.target.ledger import CleanupResult, Ledger, clean_up
from commit_conformance.target.settings import TargetSettings, TargetUnusable
from commit_conformance.target.upload import State
from commit_conformance.wire import Exchange, Wire, WireError

#: Sizes to ask for when looking for the smallest file: a few bytes, then the documented minimum, in both readings.
SIZES = (4096, 20_000_000, 20 * 1024 * 1024, 50_000_000)
#: Parts a file should have, so that first, middle, next to last and last are four different parts.
WANTED_PARTS = 4
#: Up to this part size the wanted number of parts is cheap.
CHEAP_PART = 1024 * 1024


class Target:
    """Everything a run needs of its target.

    Args:
        settings: What the user said.
        wire: How to send.
        run_id: Starts the name of everything the run creates.
        seed: Seed of the files' bytes.
        ledger_path: Where to keep the ledger; None for memory only.
        base_url: Where it is, when the settings do not say.
        on_close: Ends what was started for it.

    Attributes:
        files: Files the run has made, as the last 201 showed them, by id.
        shown: The same files, as they last read.
        strangers: Ids of files in the run's folder that no answer has spoken of.
        owner_id: The token's user, where the target tells it.
    """

    def __init__(
        self,
        settings: TargetSettings,
        wire: Wire,
        *,
        run_id: str,
        seed: int,
        ledger_path: Path | None,
        base_url: str | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.settings = settings
        self.wire = wire
        self.run_id = run_id
        self.seed = seed
        self.capabilities = Capabilities()
        self.notes: list[str] = []
        self.owner_id: str | None = None
        self.files: dict[str, FileState] = {}
        self.shown: dict[str, FileState] = {}
        self.strangers: set[str] = set()
        upload_url = base_url or settings.url
        self.api = Api(wire, upload_url=upload_url, api_url=settings.api_url or upload_url)
        self.ledger = Ledger(
            ledger_path,
            target={"url": upload_url, "api_url": settings.api_url, "run": run_id, "folder_id": settings.folder_id},
        )
        self.folder_id = settings.folder_id
        self.bank: Bank = None  # type: ignore[assignment]  # set by connect
        self.known_before: set[str] = set()
        self._on_close = on_close
        self._wanted: Collection[str] | None = None

    def connect(self, *, wanted: Collection[str] | None = None) -> None:
        """Asks the target what it can do, and makes the run's folder.

        Args:
            wanted: Capabilities that somebody will ask for; the others that cost a request are not looked for.

        Raises:
            TargetUnusable: It cannot be tested; the message says why.
        """
        self._wanted = wanted
        try:
            self._look_at_folder()
            self._make_folder()
            self._who_am_i()
            self._first_session()
        except WireError as error:
            raise TargetUnusable(f"the target does not answer: {error}") from error

    def _look_at_folder(self) -> None:
        exchange = self.api.get_folder(self.settings.folder_id)
        answer = exchange.answer
        assert answer is not None
        where = f"GET {exchange.record['url']}"
        if answer.status == 401:
            raise TargetUnusable(
                f"{where} was answered 401: the token is not accepted. "
                "Set COMMIT_CONFORMANCE_TOKEN or --token-file to a token of this target."
            )
        if answer.status in (301, 302, 303, 307, 308):
            raise TargetUnusable(f"{where} was redirected; give the URL the target really lives at.")
        if "html" in answer.media_type:
            raise TargetUnusable(
                f"{where} was answered {answer.status} with a web page ({answer.media_type}), not with the API; "
                "does the target's URL lack its path prefix (/2.0 or /api/2.0)?"
            )
        is_error = isinstance(answer.json, dict) and answer.json.get("type") == "error"
        if answer.status == 404 and is_error:
            raise TargetUnusable(
                f"{where} was answered 404: there is no folder {self.settings.folder_id!r} that this token can see. "
                "Give another --folder-id."
            )
        if answer.status == 403:
            raise TargetUnusable(f"{where} was answered 403: the token may not use this folder.")
        if answer.status >= 500:
            raise TargetUnusable(f"{where} was answered {answer.status}: the target is in trouble.")
        self.capabilities.learn("read_folder", answer.status == 200, f"GET /folders/ID answered {answer.status}")

    def _make_folder(self) -> None:
        self.ledger.note("folder-name", name=self.run_id, parent_id=self.settings.folder_id)
        exchange = self.api.create_folder(name=self.run_id, parent_id=self.settings.folder_id)
        folder_id = id_of(exchange.answer) if exchange.status == 201 else None
        if self.capabilities.learn("create_folder", folder_id is not None, f"POST /folders answered {exchange.status}"):
            assert folder_id is not None
            self.folder_id = folder_id
            self.ledger.note("folder", id=folder_id, name=self.run_id)
        if folder_id is not None and not self._wants("list_folder"):
            return
        items = self.api.folder_items(self.folder_id)
        listed = isinstance(items, list)
        status = 200 if isinstance(items, list) else items.status
        self.capabilities.learn("list_folder", listed, f"GET /folders/ID/items answered {status}")
        if isinstance(items, list):
            self.known_before = {str(item.get("id")) for item in items}

    def _who_am_i(self) -> None:
        if self._wants("whoami"):
            exchange = self.api.whoami()
            self.owner_id = id_of(exchange.answer) if exchange.status == 200 else None
            self.capabilities.learn("whoami", self.owner_id is not None, f"GET /users/me answered {exchange.status}")
        given = {
            "second_user": self.settings.second_token,
            "limited_token": self.settings.limited_token,
            "expired_session": self.settings.expired_session,
        }
        for name, value in given.items():
            self.capabilities.learn(name, bool(value), "given" if value else "not given")
        self.capabilities.learn("socket", not self.settings.is_mock, "network" if not self.settings.is_mock else "none")

    def _first_session(self) -> None:
        """Finds part size and smallest file, and what a session can be asked."""
        handle, size, tried = self._smallest()
        if handle is None:
            raise TargetUnusable(
                "no upload session could be created: "
                + "; ".join(f"{size} bytes were answered {self._told(exchange)}" for size, exchange in tried)
            )
        part = handle.part_size
        wanted = (WANTED_PARTS - 1) * part + part // 2 + 1 if part <= CHEAP_PART else 2 * part + part // 3 + 1
        if size > 2 * wanted:
            # The documented minimum in small parts is thousands of them: perhaps this server takes smaller files.
            handle, size = self._smaller(handle, wanted, size)
        file_size = max(size, wanted)
        light_size = min(file_size, max(size, part + part // 2))
        odd_size = max(size, 4 * part + part // 2) if part <= CHEAP_PART else file_size
        self.notes.append(f"parts of {part} bytes; files of {file_size} bytes, {-(-file_size // part)} parts")
        self.first_session = handle
        self.smallest = size
        self.session_opened_at = time.time()
        if self._wants("status"):
            status = self.api.status(handle)
            self.capabilities.learn("status", status.status == 200, f"GET session answered {status.status}")
        if self._wants("list_parts"):
            parts = self.api.list_parts(handle)
            body = parts.answer.json if parts.answer else None
            lists = parts.status == 200 and isinstance(body, dict) and isinstance(body.get("entries"), list)
            self.capabilities.learn("list_parts", lists, f"GET session/parts answered {parts.status}")
        abort = self.api.abort(handle)
        gone = abort.status is not None and 200 <= abort.status < 300
        self.capabilities.learn("abort", gone, f"DELETE session answered {abort.status}")
        self.bank = Bank(
            api=self.api,
            ledger=self.ledger,
            folder_id=self.folder_id,
            prefix=self.run_id,
            key=str(self.seed),
            file_size=file_size,
            light_size=light_size,
            odd_size=odd_size,
        )
        # Each session that is still open at the end is aborted: one request each, which the budget has to hold.
        # One more deletes the folder. The rest is for what several threads send at once, and for answers of 429 to the
        # cleaning up itself; a quick run has no room for that.
        spare = 6 if self.wire.purse.budget.upload_requests else 2
        self.wire.purse.reserved = lambda: len(self.bank.unended()) + spare

    def _wants(self, capability: str) -> bool:
        return self._wanted is None or capability in self._wanted

    def _smallest(self) -> tuple[SessionHandle | None, int, list[tuple[int, Exchange]]]:
        tried: list[tuple[int, Exchange]] = []
        for size in SIZES:
            name = f"{self.run_id}-probe-{size}.bin"
            exchange = self.api.create_session(name=name, size=size, folder_id=self.folder_id)
            tried.append((size, exchange))
            handle = self.api.session_of(exchange.answer)
            if handle is not None:
                self.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
                self.wire.purse.session_opened()
                return handle, size, tried
            if exchange.status not in (400, 422):
                break
        return None, 0, tried

    def _smaller(self, known: SessionHandle, least: int, most: int) -> tuple[SessionHandle, int]:
        """A session for a smaller file in place of the known one, of which ``most`` bytes are needed; else that."""
        size = least
        while size < most // 2:
            name = f"{self.run_id}-probe-{size}.bin"
            exchange = self.api.create_session(name=name, size=size, folder_id=self.folder_id)
            handle = self.api.session_of(exchange.answer)
            if handle is not None and handle.part_size == known.part_size:
                self.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
                self.wire.purse.session_opened()
                self.api.abort(known)
                return handle, size
            if exchange.status not in (400, 422):
                break
            size *= 8
        return known, most

    def _told(self, exchange: Exchange) -> str:
        answer = exchange.answer
        body: Any = answer.json if answer else None
        said = body.get("message") or body.get("code") if isinstance(body, dict) else None
        return f"{exchange.status}" + (f" ({self.wire.redactor.text(str(said))[:120]})" if said else "")

    def try_new_version(self, file: FileState) -> None:
        """Finds out whether a new version of a file can be uploaded and told from the old one."""
        exchange = self.api.create_version_session(file_id=file.file_id, size=self.bank.file_size)
        handle = self.api.session_of(exchange.answer)
        detail = f"POST /files/ID/upload_sessions answered {exchange.status}"
        if file.etag is None:
            detail = "the File of the 201 shows no etag"
        able = handle is not None and file.etag is not None and "read_file" in self.capabilities
        self.capabilities.learn("new_version", able, detail)
        if handle is not None:
            self.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
            self.wire.purse.session_opened()
            self.api.abort(handle)

    def can_read(self, name: str, exchange: Exchange, shown: bool) -> bool:
        """Learns ``read_file`` or ``read_content`` from the first answer to such a call; gives whether it can."""
        if self.capabilities.get(name) is None:
            what = "GET /files/ID" + ("/content" if name == "read_content" else "")
            self.capabilities.learn(name, shown, f"{what} answered {exchange.status}")
        return name in self.capabilities

    def note_folder(self, exchange: Exchange) -> str:
        """Notes a folder that was made, so that it is taken away again; gives its id."""
        folder_id = id_of(exchange.answer)
        assert folder_id is not None
        body = exchange.answer.json if exchange.answer else {}
        self.ledger.note("folder", id=folder_id, name=body.get("name", "") if isinstance(body, dict) else "")
        return folder_id

    def items(self) -> list[dict[str, Any]] | None:
        """The run's folder, without what lay there before; None where it cannot be listed."""
        if "list_folder" not in self.capabilities:
            return None
        items = self.api.folder_items(self.folder_id)
        if not isinstance(items, list):
            return None
        return [item for item in items if str(item.get("id")) not in self.known_before]

    def close(self) -> CleanupResult:
        """Takes away what the run created and closes the connections."""
        try:
            for upload in self.bank.uploads if self.bank else ():
                if upload.state is State.COMMITTED:
                    self.ledger.note("gone", of="session", id=upload.handle.session_id)
            return clean_up(self.api, self.ledger.entries)
        finally:
            self.ledger.close()
            self.wire.close()
            if self._on_close:
                self._on_close()

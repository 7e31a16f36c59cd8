"""A target for one run: reached, asked what it can do, given a folder of its own, and left as it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_conformance.model import FileState
from commit_conformance.target.api import Api, SessionHandle, id_of, is_gone, is_usable
from commit_conformance.target.bank import Bank
from commit_conformance.target.capabilities import Capabilities
from commit_conformance.target.ledger import CleanupResult, Ledger, clean_up
from commit_conformance.target.settings import CHEAP_PART, TargetSettings, TargetUnusable
from commit_conformance.target.upload import State
from commit_conformance.wire import Allowed, Exchange, TokenTrouble, Wire, WireError
from commit_conformance.wire.mishap import described

#: Sizes to ask for when looking for the smallest file: a few bytes, then the documented minimum, in both readings.
SIZES = (4096, 20_000_000, 20 * 1024 * 1024, 50_000_000)
#: Parts a file should have, so that first, middle, next to last and last are four different parts.
WANTED_PARTS = 4
#: A file of more cheap parts than this is costly all the same: a run would upload dozens of them.
CHEAP_PARTS = 8
#: Files are made in memory, of more than two parts. Box asks for parts of 8 to 64 MiB.
LARGEST_PART = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What a target has shown without anything being made on it.

    Attributes:
        folder: The answer to reading the folder that was named.
        user: The answer to who the token's user is.
        session: The answer to the last upload session that was asked for.
        part_size: Bytes of a part; None where no session was given.
        file_size: Bytes of the files that a run would upload; 0 where no session was given.
        ended: Whether the session was taken away again.
    """

    folder: Exchange
    user: Exchange
    session: Exchange
    part_size: int | None
    file_size: int
    ended: bool


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
        made_folder: The answer to making the run's folder; None before it was asked for.
        first_size: Bytes of the file that the first session was asked for.
        keeps_nothing: Whether it is a static mock, with which nothing was prepared and nothing is left.
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
        self.made_folder: Exchange | None = None
        self.first_size = 0
        self.keeps_nothing = False
        self._on_close = on_close
        self._wanted: Collection[str] | None = None

    def connect(
        self, *, wanted: Collection[str] | None = None, forgets: Callable[[Exchange], bool] | None = None
    ) -> None:
        """Asks the target what it can do, and makes the run's folder.

        Args:
            wanted: Capabilities that somebody will ask for; the others that cost a request are not looked for.
            forgets: Told the answer to the first session that was asked for; says whether the target keeps nothing that
                it is told. Such a one is asked no further, since there is nothing to prepare and nothing to take away.

        Raises:
            TargetUnusable: It cannot be tested; the message says why.
        """
        self._wanted = wanted
        try:
            self._look_at_folder()
            self._make_folder()
            self._who_am_i()
            self._first_session(forgets)
        except TokenTrouble as error:
            raise TargetUnusable(str(error)) from error
        except WireError as error:
            raise TargetUnusable(f"the target does not answer: {error}") from error

    def glimpse(self) -> Glimpse:
        """Looks at the target and leaves nothing behind: at most seven requests, one of which ends a session.

        Raises:
            TargetUnusable: It cannot be tested; the message says why.
        """
        try:
            folder = self._look_at_folder()
            user = self._who_am_i()
            assert user is not None  # only a run that wants less is not told
            handle, size, tried = self._smallest()
            abort = self.api.abort(handle, free=True) if handle is not None else None
            ended = abort is not None and abort.status is not None and 200 <= abort.status < 300
            if handle is not None and ended:
                self.ledger.note("gone", of="session", id=handle.session_id)
        except TokenTrouble as error:
            raise TargetUnusable(str(error)) from error
        except WireError as error:
            raise TargetUnusable(f"the target does not answer: {error}") from error
        return Glimpse(
            folder=folder,
            user=user,
            session=tried[-1][1],
            part_size=handle.part_size if handle is not None else None,
            file_size=max(size, self._wanted_size(handle.part_size)) if handle is not None else 0,
            ended=ended,
        )

    def _look_at_folder(self) -> Exchange:
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
        return exchange

    def _make_folder(self) -> None:
        self.ledger.note("folder-name", name=self.run_id, parent_id=self.settings.folder_id)
        exchange = self.api.create_folder(name=self.run_id, parent_id=self.settings.folder_id)
        self.made_folder = exchange
        folder_id = (id_of(exchange.answer) or None) if exchange.status == 201 else None
        if folder_id is None and exchange.lost:
            folder_id = self._lost_folder()
        if folder_id in (self.settings.folder_id, "0"):
            folder_id = None  # what is taken for the run's own folder is deleted in the end, with all that is in it
        if self.capabilities.learn("create_folder", folder_id is not None, f"POST /folders answered {exchange.status}"):
            assert folder_id is not None
            self.folder_id = folder_id
            self.ledger.note("folder", id=folder_id, name=self.run_id)

    def _list_folder(self) -> None:
        if "create_folder" in self.capabilities and not self._wants("list_folder"):
            return
        items = self.api.folder_items(self.folder_id)
        listed = isinstance(items, list)
        status = 200 if isinstance(items, list) else items.status
        self.capabilities.learn("list_folder", listed, f"GET /folders/ID/items answered {status}")
        if isinstance(items, list):
            self.known_before = {str(item.get("id")) for item in items}

    def _lost_folder(self) -> str | None:
        """The run's folder, where it was made by a request whose answer was lost."""
        items = self.api.folder_items(self.settings.folder_id)
        named = [item for item in items if item.get("name") == self.run_id] if isinstance(items, list) else []
        found = next((str(item.get("id")) for item in named if item.get("type") == "folder"), None)
        return found if is_usable(found) else None

    def _who_am_i(self) -> Exchange | None:
        exchange = None
        if self._wants("whoami"):
            exchange = self.api.whoami()
            self.owner_id = id_of(exchange.answer) if exchange.status == 200 else None
            self.capabilities.learn("whoami", self.owner_id is not None, f"GET /users/me answered {exchange.status}")
            if self.owner_id is not None:  # who they are is told to whoever is let in at all
                self.wire.bearers.of_anybody = Allowed(exchange.url, upload=False)
        given = {
            "second_user": self.settings.second_token,
            "limited_token": self.settings.limited_token,
            "expired_session": self.settings.expired_session,
        }
        for name, value in given.items():
            self.capabilities.learn(name, bool(value), "given" if value else "not given")
        self.capabilities.learn("socket", not self.settings.is_mock, "network" if not self.settings.is_mock else "none")
        return exchange

    def _first_session(self, forgets: Callable[[Exchange], bool] | None) -> None:
        """Finds part size and smallest file, and what a session can be asked."""
        handle, size, tried = self._smallest()
        self.first_size, first = tried[-1]
        if forgets is not None and forgets(first):
            self.keeps_nothing = True
            return
        if handle is None:
            raise TargetUnusable(
                "no upload session could be created: "
                + "; ".join(f"{size} bytes were answered {self._told(exchange)}" for size, exchange in tried)
                + ("; for a mock that has the commit alone say --static-mock yes" if first.status in (404, 501) else "")
            )
        self._list_folder()
        part = handle.part_size
        if part > LARGEST_PART:
            raise TargetUnusable(
                f"the target asks for parts of {part} bytes; files of several would not fit into memory"
            )
        wanted = self._wanted_size(part)
        if size > 2 * wanted:
            # The documented minimum in small parts is thousands of them: perhaps this server takes smaller files.
            handle, size = self._smaller(handle, wanted, size)
        file_size = max(size, wanted)
        light_size = min(file_size, max(size, part + part // 2))
        cheap = self.settings.cheap_part
        odd_size = max(size, 4 * part + part // 2) if part <= cheap else file_size
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
        self.capabilities.learn("abort", is_gone(abort), f"DELETE session answered {abort.status}")
        self.bank = Bank(
            api=self.api,
            ledger=self.ledger,
            folder_id=self.folder_id,
            prefix=self.run_id,
            key=str(self.seed),
            file_size=file_size,
            light_size=light_size,
            odd_size=odd_size,
            costly=part > cheap or light_size > CHEAP_PARTS * cheap,
        )
        # Each session that is still open at the end is aborted: one request each, which the budget has to hold.
        # One more deletes the folder. The rest is for what several threads send at once, and for answers of 429 to the
        # cleaning up itself; a quick run has no room for that.
        spare = 6 if self.wire.purse.budget.upload_requests else 2
        self.wire.purse.reserved = lambda: len(self.bank.unended()) + spare

    def _wanted_size(self, part: int) -> int:
        return wanted_size(part, cheap=self.settings.cheap_part)

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
            if self.keeps_nothing:
                self._nothing_was_made()
                return CleanupResult()
            return clean_up(self.api, self.ledger.entries)
        except Exception as error:  # a run that was interrupted anywhere has a log with an end all the same
            return CleanupResult(left=[f"what the ledger names; cleaning up failed: {described(error)}"])
        finally:
            self.ledger.close()
            self.wire.close()
            if self._on_close:
                self._on_close()

    def _nothing_was_made(self) -> None:
        """Notes in the ledger that what an example named was never there."""
        for entry in [entry for entry in self.ledger.entries if entry["kind"] in ("folder", "session")]:
            self.ledger.note("gone", of=entry["kind"], id=entry["id"])


def wanted_size(part: int, *, cheap: int = CHEAP_PART) -> int:
    """Bytes of a file that has parts enough, where a server takes files of that size.

    Args:
        cheap: Bytes of a part up to which parts are cheap.
    """
    return (WANTED_PARTS - 1) * part + part // 2 + 1 if part <= cheap else 2 * part + part // 3 + 1

"""Where the service keeps things: one SQLite database, spoken to by SQL and without a mapper."""

import re
import secrets
import sqlite3
import uuid
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, login TEXT NOT NULL);
CREATE TABLE tokens (token TEXT PRIMARY KEY, user_id INTEGER NOT NULL, may_write INTEGER NOT NULL);
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, parent_id INTEGER, owner_id INTEGER NOT NULL,
    name TEXT NOT NULL, name_key TEXT NOT NULL, etag TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL, modified_at TEXT NOT NULL, version_id TEXT,
    UNIQUE (parent_id, name_key)
);
CREATE TABLE versions (
    id TEXT PRIMARY KEY, file_id INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL,
    sha1 TEXT NOT NULL, content BLOB NOT NULL, created_at TEXT NOT NULL,
    content_created_at TEXT NOT NULL, content_modified_at TEXT NOT NULL, UNIQUE (file_id, number)
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, folder_id INTEGER, file_id INTEGER, name TEXT,
    file_size INTEGER NOT NULL, part_size INTEGER NOT NULL, total_parts INTEGER NOT NULL, expires_at TEXT NOT NULL
);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL,
    sha1 TEXT NOT NULL, processed INTEGER NOT NULL, UNIQUE (session_id, offset)
);
CREATE INDEX parts_by_sha1 ON parts (sha1);
CREATE TABLE blobs (sha1 TEXT PRIMARY KEY, content BLOB NOT NULL);
INSERT INTO sqlite_sequence (name, seq) VALUES ('items', 7000), ('parts', 310);
"""

Row = sqlite3.Row
ID = re.compile(r"0|[1-9][0-9]{0,17}")


def now() -> str:
    """The present instant, as it is stored: in UTC."""
    return datetime.now(UTC).isoformat()


def new_etag() -> str:
    """A tag that no state of a file had before."""
    return secrets.token_hex(4)


class Store:
    """Users, folders, files with their versions, upload sessions with their parts."""

    def __init__(self, path: str = ":memory:", faults: Container[str] = ()) -> None:
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.faults = faults
        self.db.executescript(SCHEMA)

    def one(self, query: str, *values: object) -> Row | None:
        """The first row of a query, if there is any."""
        row: Row | None = self.db.execute(query, values).fetchone()
        return row

    def all(self, query: str, *values: object) -> list[Row]:
        """All rows of a query."""
        return self.db.execute(query, values).fetchall()

    def sure(self, query: str, *values: object) -> Row:
        """The first row of a query that always has one."""
        row = self.one(query, *values)
        if row is None:
            raise LookupError(query)
        return row

    # Users

    def add_user(self, user_id: int, name: str, login: str, tokens: dict[str, bool]) -> None:
        """Adds a user with a root folder of their own, and tokens that may or may not write."""
        with self.db:
            self.db.execute("INSERT INTO users VALUES (?, ?, ?)", (user_id, name, login))
            rows = [(token, user_id, may_write) for token, may_write in tokens.items()]
            self.db.executemany("INSERT INTO tokens VALUES (?, ?, ?)", rows)
            self.insert_item("folder", None, user_id, "All Files")

    def user_of(self, token: str) -> Row | None:
        """The user of a token, with what the token may do."""
        return self.one("SELECT * FROM tokens JOIN users ON users.id = user_id WHERE token = ?", token)

    def root(self, user_id: int) -> Row:
        """The root folder of a user."""
        return self.sure("SELECT * FROM items WHERE owner_id = ? AND parent_id IS NULL", user_id)

    def path(self, item_id: int | None) -> list[Row]:
        """An item and the folders it is in, from the root down."""
        query = """
            WITH RECURSIVE up (id, parent_id, depth) AS (
                SELECT id, parent_id, 0 FROM items WHERE id = ?
                UNION ALL SELECT items.id, items.parent_id, depth + 1 FROM items JOIN up ON items.id = up.parent_id
            ) SELECT items.* FROM up JOIN items ON items.id = up.id ORDER BY depth DESC"""
        return self.all(query, item_id)

    # Folders and files

    def name_key(self, name: str) -> str:
        """What two names have in common that cannot be in one folder."""
        if "nocase-collation" in self.faults:
            return "".join(chr(ord(letter) | 0x20) if "A" <= letter <= "Z" else letter for letter in name)
        return name.casefold()

    def item(self, item_id: int | None, kind: str) -> Row | None:
        """A file or folder by its id."""
        return self.one("SELECT * FROM items WHERE id = ? AND kind = ?", item_id, kind)

    def item_named(self, parent_id: int, name: str) -> Row | None:
        """The file or folder that a name belongs to."""
        return self.one("SELECT * FROM items WHERE parent_id = ? AND name_key = ?", parent_id, self.name_key(name))

    def items_in(self, folder_id: int) -> list[Row]:
        """What is in a folder, by name."""
        return self.all("SELECT * FROM items WHERE parent_id = ? ORDER BY kind DESC, name_key", folder_id)

    def insert_item(self, kind: str, parent_id: int | None, owner_id: int, name: str) -> int:
        """Adds a file without a version, or a folder."""
        cursor = self.db.execute(
            "INSERT INTO items (kind, parent_id, owner_id, name, name_key, etag, created_at, modified_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, parent_id, owner_id, name, self.name_key(name), new_etag(), now(), now()),
        )
        return int(cursor.lastrowid or 0)

    def update_item(self, item_id: int, **columns: Any) -> None:
        """Changes columns of an item, and with them its tag."""
        if "name" in columns:
            columns["name_key"] = self.name_key(columns["name"])
        columns |= {"etag": new_etag(), "modified_at": now()}
        names = ", ".join(f"{name} = ?" for name in columns)
        self.db.execute(f"UPDATE items SET {names} WHERE id = ?", (*columns.values(), item_id))

    def delete_item(self, item_id: int) -> None:
        """Deletes an item with all that is in it."""
        inside = """
            WITH RECURSIVE down (id) AS (
                SELECT ? UNION ALL SELECT items.id FROM items JOIN down ON items.parent_id = down.id
            ) SELECT id FROM down"""
        ids = [(row["id"],) for row in self.all(inside, item_id)]
        self.db.executemany("DELETE FROM versions WHERE file_id = ?", ids)
        self.db.executemany("DELETE FROM items WHERE id = ?", ids)

    def add_version(self, file_id: int, content: bytes, sha1: str, dates: dict[str, str]) -> str:
        """Stores bytes as the next version of a file, and returns the version's id."""
        count = self.sure("SELECT coalesce(max(number), 0) AS n FROM versions WHERE file_id = ?", file_id)["n"]
        version_id, created = str(uuid.uuid4()), now()
        self.db.execute(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(version_id, file_id, count + 1, len(content), sha1, content, created),
                *(dates.get("content_created_at", created), dates.get("content_modified_at", created)),
            ),
        )
        return version_id

    def version(self, version_id: str) -> Row:
        """What is known of a version, without its bytes."""
        columns = "id, file_id, number, size, sha1, created_at, content_created_at, content_modified_at"
        return self.sure(f"SELECT {columns} FROM versions WHERE id = ?", version_id)

    # Upload sessions

    def add_session(self, user_id: int, file_size: int, part_size: int, expires_at: str, **target: Any) -> Row:
        """Opens a session for a new file (folder_id, name), or for a new version (file_id and perhaps name)."""
        session_id, total = str(uuid.uuid4()), -(-file_size // part_size)
        destination = (target.get("folder_id"), target.get("file_id"), target.get("name"))
        with self.db:
            self.db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (target.get("id", session_id), user_id, *destination, file_size, part_size, total, expires_at),
            )
        return self.sure("SELECT * FROM sessions WHERE rowid = last_insert_rowid()")

    def session(self, session_id: str) -> Row | None:
        """A session by its id."""
        return self.one("SELECT * FROM sessions WHERE id = ?", session_id)

    def add_part(self, session: Row, offset: int, content: bytes, sha1: str, processed: bool) -> Row:
        """Stores a part; equal bytes are stored once. Raises IntegrityError if the place is taken."""
        with self.db:
            self.db.execute(
                "INSERT INTO parts (session_id, offset, size, sha1, processed) VALUES (?, ?, ?, ?, ?)",
                (session["id"], offset, len(content), sha1, processed),
            )
            part = self.sure("SELECT * FROM parts WHERE rowid = last_insert_rowid()")
            self.db.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (sha1, content))
        return part

    def parts(self, session_id: str, offset: int = 0, limit: int = -1) -> list[Row]:
        """Parts of a session in the order of their bytes; all of them, or one page."""
        query = "SELECT * FROM parts WHERE session_id = ? ORDER BY offset LIMIT ? OFFSET ?"
        return self.all(query, session_id, limit, offset)

    def part(self, session_id: str, part_id: str) -> Row | None:
        """The part of a session that has an id."""
        if not ID.fullmatch(part_id):
            return None
        if "part-lookup-without-session" in self.faults:
            return self.one("SELECT * FROM parts WHERE id = ?", int(part_id))
        return self.one("SELECT * FROM parts WHERE id = ? AND session_id = ?", int(part_id), session_id)

    def count_processed(self, session_id: str) -> int:
        """How many parts of a session have been processed."""
        row = self.sure("SELECT count(*) AS n FROM parts WHERE session_id = ? AND processed", session_id)
        return int(row["n"])

    def process_some(self, session_id: str, count: int) -> bool:
        """Marks the next parts as processed. False if there were none."""
        chosen = "SELECT id FROM parts WHERE session_id = ? AND NOT processed ORDER BY offset LIMIT ?"
        with self.db:
            cursor = self.db.execute(f"UPDATE parts SET processed = 1 WHERE id IN ({chosen})", (session_id, count))
        return cursor.rowcount > 0

    def blobs(self, session_id: str) -> list[bytes]:
        """The bytes of a session's parts, in the order of the file."""
        query = "SELECT content FROM parts JOIN blobs USING (sha1) WHERE session_id = ? ORDER BY offset"
        return [row["content"] for row in self.all(query, session_id)]

    def delete_session(self, session_id: str, aborted: bool = False) -> None:
        """Deletes a session with its parts, and the bytes that no part needs any longer."""
        mine = "SELECT sha1 FROM parts WHERE session_id = ?"
        if aborted and "abort-frees-shared-blobs" in self.faults:
            self.db.execute(f"DELETE FROM blobs WHERE sha1 IN ({mine})", (session_id,))
        else:
            others = "SELECT 1 FROM parts WHERE parts.sha1 = blobs.sha1 AND session_id != ?"
            freed = f"DELETE FROM blobs WHERE sha1 IN ({mine}) AND NOT EXISTS ({others})"
            self.db.execute(freed, (session_id, session_id))
        self.db.execute("DELETE FROM parts WHERE session_id = ?", (session_id,))
        self.db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

"""Files as a 201 may show them: with all that the schema knows, with as little as it allows, with null, with more.

Owns the changes that scenarios make to the service's own answer. Each result is valid against the schema of the
description, which a test sees to.
"""

from __future__ import annotations

from typing import Any

__all__ = ["largest", "minimal", "with_nulls", "with_unknown"]

_MINIMAL = ("id", "type", "etag", "sha1", "size", "name")
#: What the schema lets be null.
_NULLABLE = (
    "etag",
    "trashed_at",
    "purged_at",
    "content_created_at",
    "content_modified_at",
    "expires_at",
    "disposition_at",
    "parent",
    "shared_link",
    "lock",
    "classification",
    "shared_link_permission_options",
)
_MOMENT = "2012-12-12T10:53:43-08:00"
_USER = {"id": "11446498", "type": "user", "name": "Aaron Levie", "login": "ceo@example.com"}
_SCOPES = (
    "annotation_edit",
    "annotation_view_all",
    "base_explorer",
    "base_preview",
    "item_download",
    "item_preview",
    "item_share",
)


def minimal(document: dict[str, Any]) -> dict[str, Any]:
    """A file of six members."""
    (file,) = document["entries"]
    return {"total_count": 1, "entries": [{name: file[name] for name in _MINIMAL}]}


def with_nulls(document: dict[str, Any]) -> dict[str, Any]:
    """Null in all that may be null."""
    (file,) = document["entries"]
    return {**document, "entries": [{**file, **dict.fromkeys(_NULLABLE)}]}


def with_unknown(document: dict[str, Any]) -> dict[str, Any]:
    """Members that nobody knows, at every level."""
    (file,) = document["entries"]
    novel = {"x_ledger": {"since": 2, "entries": [None, True, 1.5]}, "x_note": "new", "x_none": None}
    inner = {name: {**file[name], **novel} for name in ("parent", "created_by", "file_version") if file.get(name)}
    return {**document, **novel, "entries": [{**file, **novel, **inner}]}


def largest(document: dict[str, Any]) -> dict[str, Any]:
    """Every member of the schema, as large as it may be."""
    (file,) = document["entries"]
    link = "https://app.invalid/s/vspke7y05sb214wjokpk"
    shared_link = {
        "url": link,
        "download_url": f"https://app.invalid/shared/static/{'q' * 32}.bin",
        "vanity_url": "https://acme.invalid/v/report",
        "vanity_name": "report",
        "access": "open",
        "accessed": "open",
        "effective_access": "company",
        "effective_permission": "can_download",
        "unshared_at": _MOMENT,
        "is_password_enabled": False,
        "permissions": {"can_download": True, "can_preview": True, "can_edit": False},
        "download_count": 2**31,
        "preview_count": 2**31,
    }
    lock = {
        "id": "11446499",
        "type": "lock",
        "created_by": _USER,
        "created_at": _MOMENT,
        "expired_at": _MOMENT,
        "is_download_prevented": True,
        "app_type": "office_wopiplus",
    }
    embed = {
        "access_token": "c3FIOG9vSGV4VHo4QzAyg5T1JvNnJoZ3ExaVNyQWw6WjRsanRKZG5lQk9qUE1BVQ",
        "expires_in": 3600,
        "token_type": "bearer",
        "restricted_to": [{"scope": scope, "object": {"id": file["id"], "type": "file"}} for scope in _SCOPES],
        "url": "https://cloud.invalid/preview/expiring_embed/gvoct6FE!Qz2rDeyxCiHsYpvlnR7JJ0SCfFM2M4YiX9cIwrSo4LOYQgx",
    }
    instance = {
        "$parent": f"file_{file['id']}",
        "$template": "invoices",
        "$scope": "enterprise_27335",
        "$version": 1,
        "$canEdit": True,
        "$id": "01234500-12f1-1234-aa12-b1d234cb567e",
        "$type": "invoices-6bcba49f-ca6d-4d2a-a758-57fe6edf44d0",
        "$typeVersion": 2,
        "amount": 12.5,
    }
    entries = [
        {
            "content": {"url_template": f"https://dl.invalid/{size}/{{+asset_path}}"},
            "info": {"url": f"https://api.invalid/2.0/internal_files/{file['id']}/{size}"},
            "properties": {"dimensions": f"{size}x{size}", "paged": "false", "thumb": "true"},
            "representation": "jpg",
            "status": {"state": "success"},
        }
        for size in (32, 94, 160, 320, 1024, 2048)
    ]
    full = {
        "description": "d" * 255,
        "shared_link": shared_link,
        "lock": lock,
        "tags": [f"tag {number}" for number in range(100)],
        "expiring_embed_link": embed,
        "watermark_info": {
            "is_watermarked": False,
            "is_watermark_inherited": False,
            "is_watermarked_by_access_policy": False,
        },
        "metadata": {"enterprise_27335": {"invoices": instance, "contracts": {**instance, "$template": "contracts"}}},
        "representations": {"entries": entries},
        "classification": {"name": "Top secret", "definition": "Not to be shared.", "color": "#FF0000"},
        "allowed_invitee_roles": [
            "editor",
            "viewer",
            "previewer",
            "uploader",
            "previewer uploader",
            "viewer uploader",
            "co-owner",
        ],
        "expires_at": _MOMENT,
        "disposition_at": _MOMENT,
        "content_created_at": _MOMENT,
        "content_modified_at": _MOMENT,
        "shared_link_permission_options": ["can_preview", "can_download", "can_edit"],
        "comment_count": 2**31,
    }
    return {**document, "entries": [{**file, **full}]}

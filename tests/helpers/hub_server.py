"""A server with the part of the Hugging Face Hub's HTTP API that uploads and downloads need; it fails on demand."""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

CHUNK = 1 << 16
TYPES = {"models": "model", "spaces": "space", "datasets": "dataset"}


def blob_id(content: bytes) -> str:
    """Git's name for a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def is_large(path: str) -> bool:
    """Whether the Hub keeps a file in LFS."""
    return path.endswith((".safetensors", ".bin", ".png"))


@dataclass
class Repo:
    """Commits hold whole trees: path → content."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        """Add a commit of these files only."""
        named = sorted((path, blob_id(content)) for path, content in files.items())
        sha = hashlib.sha1(repr((named, len(self.commits))).encode()).hexdigest()
        self.commits[sha], self.branches[branch] = files, sha
        return sha

    def find(self, revision: str) -> str | None:
        return self.branches.get(revision) or (revision if revision in self.commits else None)


class HubServer:
    """The Hub at `url`, in threads of this process.

    Attributes:
        tokens: Role, "write" or "read", of every token.
        log: (method, path without query, range) of every request.
        cut_after: Numbers of bytes after which the next downloads of large files break off.
        damaged: Whether large files arrive with a changed byte.
        claimed_sizes: Sizes that the server reports for files instead of the real ones.
        status: Status of every answer; None for normal answers.
        gate: Event that large files wait for after their first piece.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.tokens: dict[str, str] = {}
        self.log: list[tuple[str, str, str | None]] = []
        self.cut_after: list[int] = []
        self.damaged = False
        self.claimed_sizes: dict[str, int] = {}
        self.status: int | None = None
        self.gate = threading.Event()
        self.gate.set()
        hub = self

        class Handler(Answering):
            server_hub = hub

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, files: dict[str, bytes], branch: str = "main", kind: str = "model", **access: bool) -> str:
        """Commit these files to a repository, created if missing; return the commit."""
        return self.repos.setdefault((kind, name), Repo(**access)).commit(branch, files)

    def files(self, name: str, revision: str = "main", kind: str = "model") -> dict[str, bytes]:
        repo = self.repos[kind, name]
        return repo.commits[repo.find(revision) or ""]


class Answering(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_hub: HubServer

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while length := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(length))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def send(self, status: int, content: Any = None, headers: dict[str, str] | None = None) -> None:
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def refuse(self, status: int, code: str, message: str = "") -> None:
        self.send(status, {"error": message or code}, {"X-Error-Code": code, "X-Error-Message": message or code})

    @property
    def role(self) -> str | None:
        return self.server_hub.tokens.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))

    def answer(self) -> None:
        hub, url = self.server_hub, urlsplit(self.path)
        body, path = self.read_body(), unquote(url.path)
        hub.log.append((self.command, path, self.headers.get("Range")))
        if hub.status:
            self.send(hub.status, {"error": "on demand"})
        elif path == "/api/whoami-v2":
            self.whoami()
        elif path == "/api/repos/create":
            self.create(json.loads(body))
        elif path == "/api/validate-yaml":
            self.send(200, {"errors": [], "warnings": []})
        elif match := re.fullmatch(r"/lfs/([0-9a-f]{64})", path):
            hub.objects[match[1]] = body
            self.send(200 if sha256(body) == match[1] else 400)
        elif path.endswith(".git/info/lfs/objects/batch"):
            self.lfs_batch(json.loads(body))
        elif match := re.fullmatch(r"/api/(models|spaces|datasets)/([^/]+/[^/]+)(?:/(\w+)/([^/]+)(?:/.*)?)?", path):
            branch = unquote(url.path.split("/")[6]) if match[3] else "main"  # its own slashes are quoted
            self.repository(TYPES[match[1]], match[2], match[3] or "revision", branch, body)
        elif match := re.fullmatch(r"/(?:(spaces|datasets)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.resolve(TYPES[match[1] or "models"], match[2], match[3], match[4])
        else:
            self.refuse(404, "", f"no such route: {path}; {parse_qs(url.query)}")

    def whoami(self) -> None:
        if self.role:
            token = {"displayName": "token", "role": self.role}
            self.send(
                200, {"name": "me", "type": "user", "orgs": [], "auth": {"type": "access_token", "accessToken": token}}
            )
        else:
            self.refuse(401, "", "Invalid credentials in Authorization header")

    def create(self, wanted: dict[str, Any]) -> None:
        name, kind = f"{wanted.get('organization') or 'me'}/{wanted['name']}", wanted.get("type") or "model"
        url = f"{self.server_hub.url}/{'' if kind == 'model' else kind + 's/'}{name}"
        if self.role != "write":
            self.refuse(403 if self.role else 401, "", "You don't have the rights to create a model")
        elif (kind, name) in self.server_hub.repos:
            self.send(409, {"error": "You already created this repo", "url": url})
        else:
            self.server_hub.add(name, {}, kind=kind, private=wanted.get("visibility") == "private")
            self.send(200, {"url": url, "name": name})

    def lfs_batch(self, wanted: dict[str, Any]) -> None:
        objects = []
        for item in wanted["objects"]:
            upload = (
                {}
                if item["oid"] in self.server_hub.objects
                else {"upload": {"href": f"{self.server_hub.url}/lfs/{item['oid']}"}}
            )
            objects.append({"oid": item["oid"], "size": item["size"], **({"actions": upload} if upload else {})})
        self.send(200, {"transfer": "basic", "objects": objects})

    def open_repo(self, kind: str, name: str, revision: str, content: bool = False) -> tuple[Repo, str] | None:
        """Find a repository and a commit; send a refusal and return None if there is none."""
        repo = self.server_hub.repos.get((kind, name))
        if repo is None or (repo.private and not self.role):
            self.refuse(401, "RepoNotFound", "Repository not found")
        elif content and repo.gated and not self.role:
            self.refuse(401, "GatedRepo", f"Access to model {name} is restricted.")
        elif (commit := repo.find(revision)) is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return repo, commit
        return None

    def repository(self, kind: str, name: str, what: str, revision: str, body: bytes) -> None:
        if not (found := self.open_repo(kind, name, "main" if what == "branch" else revision)):
            return
        repo, commit = found
        if what in ("branch", "commit") and self.role != "write":
            self.refuse(403, "", "Forbidden")
        elif what == "branch":
            self.send(409 if revision in repo.branches else 200, {"error": "exists"})
            repo.branches.setdefault(revision, commit)
        elif what == "preupload":
            known = {
                path: sha256(content) if is_large(path) else blob_id(content)
                for path, content in repo.commits[commit].items()
            }
            asked = [item["path"] for item in json.loads(body)["files"]]
            modes = [
                {
                    "path": path,
                    "uploadMode": "lfs" if is_large(path) else "regular",
                    "shouldIgnore": False,
                    "oid": known.get(path),
                }
                for path in asked
            ]
            self.send(200, {"files": modes})
        elif what == "tree":
            files = repo.commits[commit].items()
            self.send(
                200,
                [
                    {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
                    for path, content in files
                ],
            )
        elif what == "commit":
            sha = repo.commit(revision, self.changed(repo.commits[commit], body))
            self.send(
                200, {"success": True, "commitOid": sha, "commitUrl": f"{self.server_hub.url}/{name}/commit/{sha}"}
            )
        else:
            self.send(200, self.describe(repo, name, commit))

    def changed(self, files: dict[str, bytes], body: bytes) -> dict[str, bytes]:
        """Apply the operations of a commit, one JSON object per line, to a tree."""
        files = dict(files)
        for operation in map(json.loads, body.splitlines()):
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.server_hub.objects[value["oid"]]
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        return files

    def describe(self, repo: Repo, name: str, commit: str) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = []
        for path, content in repo.commits[commit].items():
            size = self.server_hub.claimed_sizes.get(path, len(content))
            siblings.append({"rfilename": path, "size": size, "blobId": blob_id(content)})
            if is_large(path):
                siblings[-1]["lfs"] = {"sha256": sha256(content), "size": size, "pointerSize": 130}
        times = {"lastModified": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z"}
        flags = {
            "private": repo.private,
            "gated": "auto" if repo.gated else False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
        }
        return {
            "_id": "0",
            "id": name,
            "modelId": name,
            "sha": commit,
            "tags": [],
            "siblings": siblings,
            **times,
            **flags,
        }

    def resolve(self, kind: str, name: str, revision: str, path: str) -> None:
        if not (found := self.open_repo(kind, name, revision, content=True)):
            return
        repo, commit = found
        content = repo.commits[commit].get(path)
        if content is None:
            self.send(
                404,
                None,
                {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found", "X-Repo-Commit": commit},
            )
            return
        etag = sha256(content) if is_large(path) else blob_id(content)
        headers = {"X-Repo-Commit": commit, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        if is_large(path):
            headers |= {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(content))}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(wanted[1]) if wanted else 0
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send_response(206 if wanted else 200)
        for key, value in {"Content-Length": str(len(content) - start), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.transfer(content[start:], is_large(path))

    def transfer(self, content: bytes, large: bool) -> None:
        """Send a file in pieces, with the requested failures."""
        hub = self.server_hub
        if large and hub.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        end = hub.cut_after.pop() if large and hub.cut_after else len(content)
        try:
            for start in range(0, end, CHUNK):
                self.wfile.write(content[start : min(start + CHUNK, end)])
                if large:
                    hub.gate.wait()
        except OSError:  # the client has gone
            self.close_connection = True
        if end < len(content):
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True

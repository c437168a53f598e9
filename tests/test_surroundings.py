"""What a shell may have set: encodings, certificates, proxies. Programs run as people start them."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

import httpx
import httpx2
import pytest
from PIL import Image

from pix2pix.flags import complain
from pix2pix.surroundings import ProxyError, check_proxies, exempt_from_proxies, in_words, through_proxy
from tests.helpers.app import ROOT, tiny_models
from tests.helpers.environment import PATIENCE
from tests.helpers.server import start_app
from tests.helpers.socks_server import socks_server
from tests.helpers.warm import TRAINING, run_warm

NOWHERE = "http://127.0.0.1:9"
PROXIES = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": "socks5://127.0.0.1:9"}
CERTIFICATES = {name: "/nonexistent" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")}
NAME = os.fsdecode("Šířka-ширина-\xff".encode() + b"\xff")
"""A file name that no encoding can print: its last byte is no UTF-8."""

SILENT = ("demo/__main__.py", "demo/maps/draw.py")
"""The first runs app.py, the second prints nothing."""


def run(
    command: list[str], folder: Path, is_warm: bool = False, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a program; warm where its imports are not what is tested."""
    if command[0].endswith(".py"):
        command = [str(ROOT / command[0]), *command[1:]]
    options = {"cwd": folder, "env": os.environ | {"PYTHONPATH": str(ROOT)} | environment}
    if is_warm:
        return run_warm([sys.executable, *command], PATIENCE, (*TRAINING, "torchvision"), text=False, **options)
    return subprocess.run([sys.executable, *command], capture_output=True, timeout=PATIENCE, **options)


def mains() -> list[Path]:
    """Every file of the product that is a program with a function `main`."""
    files = [ROOT / "train.py", *(ROOT / "pix2pix").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]
    programs = [path for path in files if re.search(r"^    (sys\.exit\()?main\(\)", path.read_text("utf-8"), re.M)]
    return [path for path in programs if path.relative_to(ROOT).as_posix() not in SILENT]


# ---- Output in any encoding ----


@pytest.mark.parametrize("path", mains(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_program_has_the_parser_that_prepares_it(path):
    known = r"from (pix2pix.flags import .*Parser|pix2pix.config import .*parse_flags|demo.static.__main__ import main)"
    assert re.search(known, path.read_text("utf-8"))


def test_ctrl_c_ends_a_program_with_a_sentence_and_other_errors_keep_their_traceback(tmp_path):
    prepared = "from pix2pix.surroundings import prepare_program; prepare_program()"
    stopped = run(["-c", f"{prepared}; raise KeyboardInterrupt"], tmp_path)
    assert (stopped.returncode, stopped.stderr) == (-signal.SIGINT, b"Stopped.\n")
    assert b"Traceback" in run(["-c", f"{prepared}; 1 / 0"], tmp_path).stderr


@pytest.mark.parametrize("program", ["train.py", "app.py"])
def test_ctrl_c_while_a_program_imports_its_libraries_ends_it_with_a_sentence(tmp_path, program):
    (tmp_path / "torch.py").write_text("raise KeyboardInterrupt")
    stopped = run([program], tmp_path, PYTHONPATH=str(tmp_path))
    assert (stopped.returncode, stopped.stderr) == (-signal.SIGINT, b"Stopped.\n")  # 130 in a shell


def test_no_program_imports_the_compiler_before_it_is_used(tmp_path):
    """PyTorch's, which torchvision needs, takes as long to import as the rest of PyTorch."""
    names = [path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in mains()]
    code = f"import sys, {', '.join(names)}; print({{'torch._dynamo', 'torchvision'}} & set(sys.modules))"
    done = run(["-c", code], tmp_path)
    assert done.stdout == b"set()\n", done.stderr


def commands(folder: Path, release: Path) -> dict[str, list[str]]:
    """Every program that prints a name of the folder, or of a file in it, to standard output."""
    new = [str(folder / name) for name in ("painted", "packed", "exported")]
    images, run_dir, dataset = (str(folder / name) for name in ("images", "run", "facades"))
    weights = str(release)  # safetensors opens no file whose name is not UTF-8, and says so
    tiny = ["--base-channels", "2", "--epochs", "1", "--workers", "0", "--precision", "fp32"]
    return {
        "data": ["-m", "pix2pix.data", "palette", dataset],
        "painter": ["-m", "pix2pix.painter", "--weights", weights, "--input", images, "--output", new[0]],
        "publish": ["-m", "pix2pix.publish", "pack", weights, "owner/name", new[1]],
        "export": ["-m", "pix2pix.export", weights, "--output", new[2]],
        "train": ["train.py", "--data-dir", str(folder), "--run-dir", run_dir, *tiny],
    }


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A folder whose name and whose parts' names no encoding can print, with a dataset and a model."""
    folder = tmp_path_factory.mktemp("odd") / NAME
    shutil.copytree(data_dir, folder)
    (folder / "images").mkdir()
    label_image = Image.open(data_dir / "facades" / "val" / "1.jpg").crop((256, 0, 512, 256))
    label_image.save(folder / "images" / f"{NAME}.png")
    return folder


@pytest.mark.parametrize("program", commands(Path(), Path()))
def test_a_name_that_cannot_be_printed_ends_no_program(odd_folder, released_folder, tmp_path, program):
    command = commands(odd_folder, released_folder)[program]
    done = run(command, tmp_path, is_warm=True, PYTHONIOENCODING="ascii:strict")
    said, complaints = done.stdout.decode("ascii"), done.stderr.decode("ascii")
    assert done.returncode == 0, complaints
    assert r"\u0160\xed\u0159ka-\u0448\u0438\u0440\u0438\u043d\u0430-\xff" in said


@pytest.mark.parametrize("encoding", ["cp932", "cp1251", "latin-1", "utf-8", "C locale"])
def test_output_in_any_encoding_shows_what_the_encoding_has(encoding):
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0"} if encoding == "C locale" else {"PYTHONIOENCODING": encoding}
    script = f"from pix2pix.surroundings import prepare_program; prepare_program(); print({NAME!a})"
    done = run(["-c", script], ROOT, **settings)
    said = done.stdout.decode("ascii" if encoding == "C locale" else encoding)
    assert done.returncode == 0, done.stderr
    assert ("ширина" in said) == (encoding in ("cp932", "cp1251", "utf-8"))


# ---- Certificates and proxies ----


def test_the_app_starts_whatever_proxies_and_certificates_are_set(tmp_path, tmp_path_factory):
    hostile = PROXIES | CERTIFICATES | {"GRADIO_SERVER_NAME": "", "PYTHONIOENCODING": "ascii:strict"}
    app, url = start_app(tmp_path, tiny_models(tmp_path_factory, "facades"), is_warm=False, **hostile)
    with httpx.Client(trust_env=False) as client:
        assert client.get(url, timeout=60).status_code == 200
    app.terminate()
    _, said = app.communicate(timeout=PATIENCE)
    assert "SSL_CERT_FILE is '/nonexistent', which is no readable file of certificates (No such file or dir" in said
    assert "SSL_CERT_DIR is '/nonexistent', which is no folder; it is ignored." in said
    assert "Traceback" not in said


def test_a_proxy_that_gradio_cannot_use_ends_the_app_with_a_sentence(tmp_path):
    done = run(["app.py"], tmp_path, ALL_PROXY="socks://user:secret@127.0.0.1:9")
    example = "name a proxy such as http://host:8080 or socks5://host:1080, or unset it"
    assert done.stderr.decode() == (
        "The app cannot start: ALL_PROXY is 'socks://…@127.0.0.1:9', and proxies of the kind socks:// cannot be used "
        f"here: {example}.\n"
    )
    assert done.returncode == 1


@pytest.mark.parametrize(
    "command, proxy, sentence",
    [
        ("hub", "socks4://a:1", "nobody/nothing@main cannot be reached: ALL_PROXY is 'socks4://a:1', and proxies of"),
        ("hub", NOWHERE, f"cannot be reached for nobody/nothing through the proxy {NOWHERE} of ALL_PROXY: check the"),
        ("fid", NOWHERE, f"Inception's weights could not be downloaded through the proxy {NOWHERE} of ALL_PROXY ("),
        ("data", "socks5://a:1", "The facades dataset cannot be downloaded: ALL_PROXY is 'socks5://a:1', and proxies"),
        ("fid", "socks5://a:1", "Inception's weights could not be downloaded (ALL_PROXY is 'socks5://a:1', and"),
    ],
)
def test_a_download_says_which_proxy_it_cannot_use(tmp_path, image_folders, command, proxy, sentence):
    commands = {
        "hub": ["-m", "pix2pix.hub", "pull", "nobody/nothing"],
        "data": ["-m", "pix2pix.data", "facades"],
        "fid": ["-m", "pix2pix.fid", *map(str, image_folders)],
    }
    done = run(commands[command], tmp_path, is_warm=True, ALL_PROXY=proxy, TORCH_HOME=str(tmp_path / "torch"))
    assert done.returncode == 1 and sentence in done.stderr.decode(), done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_model_is_pulled_through_a_socks_proxy(hub, released_folder, tmp_path):
    files = {path.name: path.read_bytes() for path in released_folder.iterdir()}
    hub.add("owner/name", files)
    with socks_server() as (proxy, connected):
        places = {"HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": hub.url, "ALL_PROXY": proxy}
        done = run(["-m", "pix2pix.hub", "pull", "owner/name"], tmp_path, **places)
    assert done.returncode == 0, done.stderr.decode()
    assert set(connected) == {("127.0.0.1", httpx.URL(hub.url).port)}


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without any proxy."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    return monkeypatch


POSSIBLE = ["socks5://a:1", "socks5h://u:p@a:1", "http://a", "a:80", "HTTP://a:1", "http://[::1]:8", "https://u:p@a:8/"]
IMPOSSIBLE = [
    "socks://a:1",
    "socks4://a:1",
    "ftp://a",
    "http://a:port",
    "http://",
    "://",
    "http://[::1:8",
    "http://a:0",
]


@pytest.mark.parametrize("proxy", POSSIBLE)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxies_that_the_libraries_can_use_are_left_alone(proxies, proxy, variable):
    proxies.setenv(variable, proxy)
    check_proxies()
    assert os.environ[variable] == proxy
    for library in (httpx, httpx2):
        library.Client().close()  # making one fails if the library cannot use the proxy


@pytest.mark.parametrize("proxy", IMPOSSIBLE)
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxies_that_the_libraries_cannot_use_are_named(proxies, proxy, variable):
    proxies.setenv(variable, proxy)
    with pytest.raises(ProxyError, match=f"^{variable} is '{re.escape(proxy)}', "):
        check_proxies()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_what_cannot_be_reached_through_a_proxy_names_it_without_its_password(proxies, variable):
    proxies.setenv(variable, "http://me:secret@10.0.0.1:3128")
    proxies.setenv("https_proxy", "http://me:secret@10.0.0.1:3128")  # as `prepare_program` does for ALL_PROXY
    named = "https_proxy" if variable == "HTTPS_PROXY" else variable
    assert through_proxy("https://example.org/file") == f" through the proxy http://…@10.0.0.1:3128 of {named}"
    proxies.setenv("no_proxy", "example.org")
    assert through_proxy("https://example.org/file") == through_proxy("ftp://example.com") == ""


def test_all_proxy_counts_for_pythons_own_client_too(proxies):
    script = "from pix2pix import surroundings as s; s.prepare_program(); print(s.getproxies_environment())"
    done = run(["-c", script], ROOT, ALL_PROXY="http://a:1", HTTPS_PROXY="http://b:1")
    found = ast.literal_eval(done.stdout.decode())
    assert (found["http"], found["https"]) == ("http://a:1", "http://b:1")


def test_the_apps_own_address_is_exempt_and_what_the_user_named_stays(proxies):
    proxies.setenv("NO_PROXY", "example.org,localhost")
    exempt_from_proxies("10.1.2.3")
    assert os.environ["NO_PROXY"] == "example.org,localhost"  # there is no proxy
    proxies.setenv("HTTP_PROXY", NOWHERE)
    exempt_from_proxies("10.1.2.3")
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "example.org,localhost,127.0.0.1,::1,10.1.2.3"
    proxies.setenv("no_proxy", "*")
    exempt_from_proxies()
    assert os.environ["no_proxy"] == "*"


@pytest.mark.parametrize(
    "error, words",
    [
        (OSError(28, "No space left on device", "/tmp/log.jsonl"), "No space left on device: '/tmp/log.jsonl'"),
        (URLError(socket.gaierror(-2, "Name or service not known")), "Name or service not known"),
        (ValueError("log.jsonl: [Errno 13] Permission denied: 'a'"), "log.jsonl: Permission denied: 'a'"),
        (
            URLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1006)"),
            "certificate verify failed: self-signed",
        ),
        ("[Errno and] other brackets [0, 1] stay", "[Errno and] other brackets [0, 1] stay"),
    ],
)
def test_errors_reach_people_in_words_without_numbers_of_the_system(error, words, capsys):
    assert in_words(error) == words
    complain(error)
    assert capsys.readouterr().err == f"{words}\n"


def test_every_program_prints_errors_in_words():
    files = [ROOT / "train.py", ROOT / "app.py", *(ROOT / "pix2pix").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]
    raw = r"print\((error|problem)\b|print\(str\(error|print\(explain\("
    assert [str(path) for path in files if re.search(raw, path.read_text(encoding="utf-8"))] == []


def test_a_file_in_the_way_is_told_in_words(tmp_path, released_folder, image_folders):
    (tmp_path / "file").touch()
    flags = ["--weights", released_folder, "--input", image_folders[0], "--output", tmp_path / "file" / "images"]
    said = run(["-m", "pix2pix.painter", *map(str, flags)], tmp_path, is_warm=True)
    assert said.returncode == 1
    assert said.stderr.decode() == f"Not a directory: '{tmp_path / 'file' / 'images'}'\n"

"""The browser computes what the server computes: noise, treatment of maps, images."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import PAINT, RUNTIME, load_message, served, start, write_site
from demo.models import BUNDLED_WEIGHTS
from pix2pix.labels import FACADES
from pix2pix.noise import masks, philox
from pix2pix.painter import EDGE_SIGMA, Painter
from pix2pix.pixel_values import smooth, through_jpeg
from tests.helpers.in_pages import run_script

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "demo" / "maps" / "facades").glob("*.png"))
SEEDS = (0, 1, 2**32 - 1)
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("site")
    write_site(folder)
    with served(folder) as address:
        yield folder, address


@pytest.fixture
def page(browser: Browser, site: tuple[Path, str]) -> Iterator[Page]:
    """An empty page, in a browser context of its own, that may use threads."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site[1])
        yield page


@pytest.fixture
def call(page: Page) -> Call:
    """Runs JavaScript with a module as `m`."""

    def run(module: str, script: str, *arguments: Any) -> Any:
        function = f"async (...args) => {{ const m = await import('/{module}'); {script} }}"
        return run_script(page, function, *arguments)

    return run


def example_maps() -> list[np.ndarray]:
    return [np.asarray(Image.open(path)) for path in EXAMPLES]


# ---- Noise ----


def test_philox_draws_the_same_words(call):
    counters = np.random.default_rng(0).integers(0, 2**32, (100, 4))
    keys = np.random.default_rng(1).integers(0, 2**32, (100, 2))
    found = call("noise.js", "return args[0].map((c, i) => m.philox(c, args[1][i]))", counters.tolist(), keys.tolist())
    for counter, (low, high), words in zip(counters, keys.tolist(), found, strict=True):
        assert philox(counter[:, None], low + (high << 32))[:, 0].tolist() == words


@pytest.mark.parametrize(
    "given", [(0, 512, 256, 256), (1, 256, 512, 256), (2**32 - 1, 16, 256, 768), (2**53 - 1, 200, 256, 256)]
)
def test_masks_are_the_same_bits(call, given):
    found = call("noise.js", "return m.masks(...args).map((mask) => new Uint8Array(mask.buffer))", *given)
    for mask, expected in zip(found, masks(*given), strict=True):
        assert (mask.view(np.float32) == expected.ravel("C")).all()


# ---- Treatment ----


def images() -> list[np.ndarray]:
    """Uint8 RGB images: noise, squares of random colours, and a gradient, none of them square."""
    rng = np.random.default_rng(0)
    squares = rng.integers(0, 256, (16, 32, 3)).astype(np.uint8).repeat(16, 0).repeat(16, 1)
    ramp = np.add.outer(np.arange(256), np.arange(512))[..., None] // np.array([2, 3, 4]) % 256
    return [rng.integers(0, 256, (256, 512, 3)).astype(np.uint8), squares, ramp.astype(np.uint8)]


@pytest.mark.parametrize("image", images(), ids=["noise", "squares", "ramp"])
def test_blur_is_the_servers(call, image):
    found = call("treat.js", "return m.smooth(args[0], 512, 256)", image)
    assert (found.reshape(image.shape) == smooth(image, EDGE_SIGMA)).all()


@pytest.mark.parametrize("image", images(), ids=["noise", "squares", "ramp"])
def test_jpeg_is_within_a_level_of_the_servers(call, image):
    """Pillow's libjpeg-turbo gives the very same levels; other libraries may round otherwise."""
    found = call("jpeg.js", "return m.throughJpeg(args[0], 512, 256)", image)
    assert np.abs(found.reshape(image.shape) - through_jpeg(image).astype(int)).max() <= 1


def test_label_images_are_within_a_level_of_the_servers(call):
    script = "return m.labelImage(args[0], 256, 256, args[1])"
    for label_map in example_maps():
        found = call("treat.js", script, label_map, FACADES.rgb).reshape(256, 256, 3)
        expected = through_jpeg(smooth(FACADES.to_image(label_map), EDGE_SIGMA))
        assert np.abs(found - expected.astype(int)).max() <= 1


# ---- Models ----

STORE = """
const asked = [];
const get = window.fetch;
window.fetch = (url) => { asked.push(url); return get(url); };
const file = { url: location.origin + '/file.bin', sha256: args[0], bytes: args[1] };
const progress = [];
try {
  const read = [await m.readModel(file, (loaded) => progress.push(loaded)), await m.readModel(file)];
  await m.forgetOthers(args[2], location.origin + '/');
  const kept = await m.readModel(file);
  return [read, kept.length, asked.length, progress.at(-1)];
} catch (error) { return error.message; } finally { window.fetch = get; }
"""
CONTENT = bytes(range(256)) * 300


@pytest.fixture
def file_of_site(site: tuple[Path, str]) -> str:
    """Puts a file on the site; returns its hash."""
    (site[0] / "file.bin").write_bytes(CONTENT)
    return hashlib.sha256(CONTENT).hexdigest()


def test_a_model_is_downloaded_once_and_forgotten_when_unused(call, file_of_site):
    read, length, asked, last = call("model_store.js", STORE, file_of_site, len(CONTENT), [file_of_site])
    assert [bytes(part) for part in read] == [CONTENT, CONTENT]
    assert asked == 1 and last == length == len(CONTENT)
    _, length, asked, _ = call("model_store.js", STORE, file_of_site, len(CONTENT), [])
    assert asked == 1 and length == len(CONTENT)  # kept before; read once more after it was deleted


def test_a_site_forgets_no_models_of_another_one_on_the_same_host(call, file_of_site):
    script = STORE.replace("location.origin + '/'", "location.origin + '/other/models/'")
    _, length, asked, _ = call("model_store.js", script, file_of_site, len(CONTENT), [])
    assert asked == 1 and length == len(CONTENT)
    read_again = "return m.areKept([{ url: location.origin + '/file.bin', sha256: args[0] }])"
    assert call("model_store.js", read_again, file_of_site)


def test_a_model_that_two_ask_for_at_once_is_downloaded_once(call, file_of_site):
    script = STORE.replace("await m.readModel(file, ", "...await Promise.all([m.readModel(file), m.readModel(file, ")
    script = script.replace("progress.push(loaded))", "progress.push(loaded))])")
    read, _, asked, last = call("model_store.js", script, file_of_site, len(CONTENT), [file_of_site])
    assert [bytes(part) for part in read] == 3 * [CONTENT]
    assert asked == 1 and last == len(CONTENT)


@pytest.mark.parametrize(
    "change, words", [({"hash": 1}, "damaged or was replaced"), ({"bytes": 1}, "did not arrive whole")]
)
def test_a_wrong_model_is_refused_in_a_sentence(call, file_of_site, change, words):
    sha256 = "0" * 64 if "hash" in change else file_of_site
    said = call("model_store.js", STORE, sha256, len(CONTENT) + change.get("bytes", 0), [])
    assert words in said


def test_a_missing_model_is_a_sentence(call):
    script = "return m.readModel({ url: location.origin + '/no', sha256: '', bytes: 1 }).catch((e) => e.message)"
    assert call("model_store.js", script) == "A model could not be downloaded: the server answered 404."


def test_a_connection_that_breaks_off_is_a_sentence(call, file_of_site):
    cut = "new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)), pull: (c) => c.error(new TypeError()) })"
    script = f"window.fetch = async () => new Response({cut}); {STORE}"
    said = call("model_store.js", script, file_of_site, len(CONTENT), [])
    assert said == "A model could not be downloaded: there is no connection."


SILENT = """
const get = window.fetch;
const until = window.setTimeout;
const limits = [];
window.fetch = (_, { signal }) => {
  window.fetch = get; // of the first request alone
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
};
window.setTimeout = (act, limit) => { limits.push(limit); return until(act, limits.length === 1 ? 0 : limit); };
const file = { url: location.origin + '/file.bin', sha256: args[0], bytes: args[1] };
const [first, second] = await Promise.allSettled([m.readModel(file), m.readModel(file)]);
window.setTimeout = until;
return [first.reason.message, second.value, limits[0]];
"""


def test_an_answer_that_never_begins_is_a_sentence_and_who_waited_for_it_downloads(call, file_of_site):
    said, read, limit = call("model_store.js", SILENT, file_of_site, len(CONTENT))
    assert said == "A model could not be downloaded: the connection is silent."
    assert bytes(read) == CONTENT and limit == 30_000


DAMAGED = """
for (const name of ['match', 'put', 'delete', 'keys']) {
  Cache.prototype[name] = async () => { throw new DOMException('Unexpected internal error.', 'UnknownError'); };
}
const file = { url: location.origin + '/file.bin', sha256: args[0], bytes: args[1] };
const read = [await m.readModel(file), await m.readModel(file)];
await m.forgetOthers([], location.origin + '/');
return [read, await m.areKept([file])];
"""


def test_with_a_damaged_cache_a_model_is_downloaded_each_time(call, file_of_site):
    read, is_kept = call("model_store.js", DAMAGED, file_of_site, len(CONTENT))
    assert [bytes(part) for part in read] == [CONTENT, CONTENT] and not is_kept


# ---- The worker ----


@pytest.fixture
def needs_runtime() -> None:
    if not RUNTIME.is_dir():
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but onnxruntime-web is not installed (npm ci)")
        pytest.skip("onnxruntime-web is not installed (npm ci)")


@pytest.mark.usefixtures("needs_runtime")
def test_images_of_the_worker_are_the_servers(page, site):
    """Two maps and three seeds by WebAssembly, against fp32 on the server; tests/site has ten maps."""
    folder, address = site
    painters = [Painter.load(BUNDLED_WEIGHTS / f"facades-{name}", precision="fp32") for name in ("gan", "l1")]
    maps = example_maps()[:2]
    answer = start(page, load_message(folder, address, "facades", "wasm", 2), maps[0])
    assert (answer["engine"], answer["threads"]) == ("wasm", 2)
    for label_map in maps:
        run_script(page, "(map) => { window.map.labelMap = map; }", label_map)
        others = [painter.paint(label_map, 7).astype(int) for painter in painters]
        for seed in SEEDS:
            for image, painter, other in zip(painted(page, seed), painters, others, strict=True):
                apart = np.abs(image[..., :3] - painter.paint(label_map, seed).astype(int)).mean()
                assert apart < 0.5
                assert apart < np.abs(image[..., :3] - other).mean() / 10  # another seed is another image
                assert (image[..., 3] == 255).all()


def painted(page: Page, seed: int) -> list[np.ndarray]:
    """The images of both models, RGBA [256, 256, 4]."""
    images = run_script(page, f"(seed) => ({PAINT})(seed).then(({{ images }}) => images)", seed)
    return [image.reshape(256, 256, 4) for image in images]


QUEUE = """
() => new Promise((resolve) => {
  const said = [];
  worker.onmessage = ({ data }) => {
    said.push([data.type, data.id, data.image?.slice(0, 4000).join()]);
    if (data.type === 'done' && data.id === 3) resolve(said);
  };
  const request = (id) => worker.postMessage({
    type: 'paint', dropout: true, ...map, labelMap: Uint8Array.from(map.labelMap), id,
    paintings: [{ model: 1, seed: 0 }, { model: 0, seed: 0 }, { model: 1, seed: 0 }, { model: 1, seed: 1 }] });
  for (const id of [1, 2, 3]) request(id);
})
"""


@pytest.mark.usefixtures("needs_runtime")
def test_requests_are_painted_in_their_order(page, site):
    start(page, load_message(*site, "facades", "wasm", 1), example_maps()[0])
    said = page.evaluate(QUEUE)
    assert [(kind, number) for kind, number, _ in said] == [
        (kind, number) for number in (1, 2, 3) for kind in [*4 * ["painted"], "done"]
    ]
    l1, gan, l1_again, other_seed = [image for kind, number, image in said if kind == "painted" and number == 3]
    assert l1 == l1_again and len({l1, gan, other_seed}) == 3


@pytest.mark.usefixtures("needs_runtime")
def test_a_page_that_may_not_use_threads_paints_with_one(browser, site):
    with served(site[0], isolated=False) as address, browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        answer = start(page, load_message(site[0], address, "facades", "wasm", 2), example_maps()[0])
        assert answer["threads"] == 1
        assert painted(page, 0)[0].std() > 10


@pytest.mark.usefixtures("needs_runtime")
def test_models_that_are_missing_are_a_sentence(page, site):
    load = load_message(*site, "facades", "wasm", 1)
    load["models"][1]["url"] = site[1] + "/nothing"
    with pytest.raises(Exception, match="could not be downloaded: the server answered 404"):
        start(page, load, example_maps()[0])

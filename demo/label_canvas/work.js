// The work on a canvas, its map with seed and dropout: opens what the browser kept and what a link holds, keeps what changes, copies links.

/**
 * props are those of the canvas. beforeMap() runs before a link's map comes, onSettings(settings) with the seed and dropout that work brings,
 * onNotice(words) where people are to be told something.
 */
function makeWork(painting, { dataset, size, classes, settings }, { beforeMap, onSettings, onNotice }) {
  let isOpened = false; // what was painted here last; before, and for that itself, nothing is kept: it may not be the newest
  let linkedVersion = null; // of the painting: that whose link is in the address bar
  const store = makeKeeper(dataset, () => onNotice('Your browser cannot keep this map for your next visit; save it as a file, or copy its link.'));

  function show(work) {
    const isOther = work.seed !== settings.seed || work.dropout !== settings.dropout;
    settings = { seed: work.seed, dropout: work.dropout };
    painting.replace(work.map);
    if (isOther) onSettings(settings);
  }

  function clearAddress() {
    if (isLinkHere(dataset)) history.replaceState(history.state, '', location.href.split('#')[0]);
    linkedVersion = null;
  }

  const work = {
    /** After every change. A link's work is another's until its map changes; until then a reload opens the link again. */
    keep() {
      if (!isOpened || painting.version === linkedVersion) return;
      if (linkedVersion !== null) clearAddress();
      store(painting.map, settings);
    },

    /** The seed or dropout of the page has changed. */
    noteSettings(newSettings) {
      if (newSettings.seed === settings.seed && newSettings.dropout === settings.dropout) return; // those of the work that was opened
      settings = newSettings;
      work.keep();
    },

    /** What was painted here last, then what a link holds, each a step of undo. */
    async open() {
      const kept = await readKept(dataset, size, classes.length);
      if (kept) show(kept);
      isOpened = true;
      await work.openLink();
    },

    async openLink() {
      try {
        const linked = await readLink(dataset, size, classes.length);
        if (!linked) return;
        beforeMap();
        linkedVersion = painting.version + 1;
        show(linked);
        linkedVersion = painting.version; // the same, where the map was the same
        onNotice('The map of the link is on the canvas; undo brings yours back.');
      } catch (error) {
        linkedVersion = painting.version; // another map clears the address
        onNotice('This link was not opened. ' + error.message + ' Ask for it again.');
      }
    },

    async copyLink() {
      const { version } = painting;
      const link = makeLink(dataset, painting.map, settings);
      try {
        // A promise, as Safari writes nothing after an await; of a blob, as browsers took no promise of text for long.
        const blob = link.then((text) => new Blob([text], { type: 'text/plain' }));
        await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
        onNotice('Link copied.');
      } catch {
        history.replaceState(history.state, '', await link); // no clipboard without https, or it is forbidden
        linkedVersion = version;
        onNotice('The link is in the address bar now; copy it from there.');
      }
    },
  };
  return work;
}

// When the server is told of the map: at the end of every stroke, and while one lasts as often as answers come. One request is on its way
// at a time and always has the newest map, since Gradio holds back what is triggered meanwhile, and asks once more with the map as it is then.

const LIVE_ANSWER = 150; // milliseconds; slower pictures would lag behind the hand, and delay those of the finished stroke
const ASK_AGAIN = 5000; // milliseconds after a refusal, once for each map
const SHORT_STROKE = 100; // milliseconds; a short stroke is sent once, so that its pictures need not wait for those of half of it

function makeSender(firstRuns, tell) {
  let sentRuns = firstRuns;
  let isWaiting = false;
  let sentAt = null; // of a request that nothing delays
  let answerTimes = []; // of the last three such requests
  let askedAgain = null; // the last map that was sent a second time

  function send(map) {
    const runs = encodeRuns(map);
    if (runs === sentRuns) return;
    sentRuns = runs;
    sentAt = isWaiting ? null : performance.now();
    isWaiting = true;
    tell(runs);
  }

  return {
    send,

    /** While a stroke lasts that began at a time of performance.now(). */
    sendLive(map, strokeStart) {
      const isSlow = answerTimes.filter((time) => time > LIVE_ANSWER).length >= 2;
      if (!isSlow && !isWaiting && performance.now() - strokeStart >= SHORT_STROKE) send(map);
    },

    /** The server was too busy, or the connection failed; what is wrong with a map itself stays so, hence only once. */
    noteRefusal() {
      isWaiting = false;
      sentAt = null;
      const refused = sentRuns;
      if (refused === askedAgain) return;
      setTimeout(() => {
        if (sentRuns !== refused || isWaiting) return; // a newer map is on its way
        askedAgain = refused;
        isWaiting = true;
        tell(refused);
      }, ASK_AGAIN);
    },

    noteAnswer() {
      isWaiting = false;
      if (sentAt !== null) answerTimes = [...answerTimes.slice(-2), performance.now() - sentAt];
      sentAt = null;
    },
  };
}

// Callers with sound who tell the number of their order and then listen to a story that is told
// again and again: what they hear shows whether a sound was missing, and what the agent knows.
import {setTimeout as sleep} from 'node:timers/promises';

import {DOWNTOWN} from './account.mjs';
import {stranger} from './people.mjs';
import {dial, doing, heard, wordsOf} from './phone.mjs';
import {redis} from './redis.mjs';
import {sim} from './sims.mjs';

const WORD_MS = 200;
const STORY = Array.from({length: 60}, (_, i) => `s${i + 1}`);
const AGAIN = Array.from({length: 1000}, () => ({say: 'tell me a story', ms: 1500}));
const EVERY_MS = 250;

// What the model of the simulated engine says: it knows an order only if it was told of it.
export const useStories = () => sim('openai').post('model', {rules: [
  {when: 'my order is', text: 'noted'},
  {when: 'tell me a story', text: STORY.join(' ')},
  {when: 'which order', recall: 'my order is (\\w+)', text: 'it is $1'},
  {when: 'the line was bad', recall: 'my order is (\\w+)', text: 'order $1 it was'},
]});

// Of all that has to be, by test(); one after the other, since there are many.
export async function all(what, listeners, test, limitMs = 120000) {
  const end = Date.now() + limitMs;
  for (let left = listeners; left.length > 0; await sleep(EVERY_MS)) {
    const still = [];
    for (const listener of left)
      if (!await test(listener)) still.push(listener);
    if (Date.now() > end && still.length > 0)
      throw new Error(`waited ${limitMs / 1000} s for ${what}: ${still.map((l) => l.order)}`);
    left = still;
  }
}

export class Listener {
  constructor(order, sid) {
    Object.assign(this, {order, sid});
  }

  // n of them, when each of them hears the story.
  static async ring(n, script = AGAIN) {
    const listeners = [];
    for (let i = 0; i < n; i++) {
      const order = `n${i}x`;
      const say = [{say: `my order is ${order}`, ms: 0}, ...script];
      listeners.push(new Listener(order, await dial({from: stranger(), to: DOWNTOWN.number, script: say})));
      await sleep(20);
    }
    return listeners;
  }

  hears = async (word) => (await wordsOf(this.sid)).flat().some((w) => w.word === word);
  owner = () => redis('HGET', `va:call:{${this.sid}}`, 'owner');
  engine = () => redis('HGET', `va:call:{${this.sid}}`, 'engine');
  isOver = async () => (await heard(this.sid)).over;

  // Asks for the order's number, hears it, and hangs up.
  end = () => doing(this.sid, [{say: 'which order', ms: 1500}, {hangup: true, ms: 3000}]);
  hangUp = () => doing(this.sid, [{hangup: true, ms: 0}]);

  /*
   * How the sound was: streams, the longest gap within a story (ms), words missing in one, and
   * how often the agent said the order's number in each stream.
   */
  async sound() {
    const streams = await wordsOf(this.sid);
    const pairs = streams.flatMap((words) => words.slice(1).map((w, i) => [words[i], w]));
    const inStory = pairs.filter(([a, b]) => STORY.indexOf(a.word) >= 0 && b.word !== STORY[0] &&
                                             STORY.includes(b.word));
    return {
      streams: streams.length,
      gap: Math.max(0, ...inStory.map(([a, b]) => b.ms - a.ms - WORD_MS)),
      missing: inStory.filter(([a, b]) => STORY.indexOf(b.word) !== STORY.indexOf(a.word) + 1).length,
      told: streams.map((words) => words.filter((w) => w.word === this.order).length),
    };
  }

  // What a disturbance at that moment meant: {gap, again, told}, ms, and undefined for never.
  async after(moment) {
    const streams = await wordsOf(this.sid);
    const before = streams[0].at(-1)?.ms + WORD_MS;
    const since = streams.slice(1).flat();
    const ms = (word, from) => word && Math.round(word.ms - from);
    return {
      streams: streams.length,
      gap: ms(since[0], before),
      again: ms(since[0], moment),
      told: ms(since.find((w) => w.word === this.order), moment),
    };
  }
}

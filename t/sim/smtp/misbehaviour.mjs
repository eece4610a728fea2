/*
 * What the mail server does instead of taking a mail, the next `times` (1) it could:
 *   at          connect, auth, mail, rcpt or data
 *   match       a regular expression of the address (mail, rcpt) or the message (data)
 *   code, message   the refusal: 421, 450, 550 …
 *   delay       milliseconds before that
 *   drop        the connection is closed without an answer
 *   kept        (data) the mail is taken all the same: only the answer is lost
 */
import {setTimeout as sleep} from 'node:timers/promises';

import {json} from '../lib/server.mjs';

const MEMBERS = {
  at: (v) => ['connect', 'auth', 'mail', 'rcpt', 'data'].includes(v),
  match: (v) => typeof v === 'string',
  code: (v) => Number.isInteger(v) && v >= 400 && v <= 599,
  message: (v) => typeof v === 'string',
  times: (v) => Number.isInteger(v) && v > 0,
  delay: (v) => v >= 0,
  drop: (v) => typeof v === 'boolean',
  kept: (v) => typeof v === 'boolean',
};

export class Misbehaviour {
  #all = [];

  reset() {
    this.#all = [];
  }

  // POST /_sim/refuse, one or a list
  order(req) {
    const told = [req.body].flat();
    for (const one of told) {
      const odd = Object.keys(one ?? {}).find((k) => !MEMBERS[k]?.(one[k]));
      if (odd) return json(400, {error: `${odd} cannot be ${JSON.stringify(one[odd])}`});
      if (!one?.at) return json(400, {error: 'at is missing'});
    }
    this.#all.push(...told.map((one) => ({times: 1, ...one})));
    return json(200, {queued: this.#all.length});
  }

  // What is to happen at that point, after its delay; nothing if nothing is.
  async at(point, text = '') {
    const i = this.#all.findIndex(
        (m) => m.at === point && (!m.match || new RegExp(m.match, 'i').test(text)));
    if (i < 0) return undefined;
    const found = this.#all[i];
    if (--found.times <= 0) this.#all.splice(i, 1);
    if (found.delay) await sleep(found.delay);
    return found.drop || found.code ? found : undefined;
  }
}

// Delivers events as a provider does: what is not answered with 2xx is sent again, by
// whichever connection is at hand.
import http from 'node:http';

import {env} from './env.mjs';

const ANSWER_MS = 15000;  // without an answer for so long: no answer

const pause = (ms) => new Promise((resolve) => {
  setTimeout(resolve, ms);
});

export class Sender {
  #random;
  #agent = new http.Agent({keepAlive: true, maxSockets: 512});
  #stopped = false;
  #underWay = new Set();
  answers = {};  // status, or code of the error, to how often

  constructor(random) {
    this.#random = random;
  }

  /*
   * Sends an event until it is answered with 2xx, or refused (4xx), or stop() was called.
   * event.sent counts the deliveries, event.accepted those that ended with 2xx;
   * event.refused is the last 4xx.
   */
  deliver(event) {
    event.sent = (event.sent ?? 0) + 1;
    event.accepted ??= 0;
    const delivery = this.#untilAnswered(event).finally(() => this.#underWay.delete(delivery));
    this.#underWay.add(delivery);
  }

  // Every delivery has ended.
  async settle() {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  stop() {
    this.#stopped = true;
    this.#agent.destroy();
  }

  async #untilAnswered(event) {
    while (!this.#stopped) {
      const answer = await this.#attempt(event);
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      if (answer >= 200 && answer < 300) {
        event.accepted++;
        return;
      }
      if (answer >= 400 && answer < 500) {
        event.refused = answer;
        return;
      }
      await pause(100 + this.#random.below(900));
    }
  }

  // The status, or the code of what went wrong.
  #attempt({path, headers, body}) {
    const {hostname, port} = new URL(env.VA_HTTP_URL);
    return new Promise((resolve) => {
      const req = http.request(
          {
            hostname,
            port,
            path,
            method: 'POST',
            agent: this.#agent,
            headers: {...headers, 'content-length': Buffer.byteLength(body)},
          },
          (res) => {
            res.on('end', () => resolve(res.statusCode));
            res.on('error', (e) => resolve(e.code));
            res.resume();
          });
      req.setTimeout(ANSWER_MS, () => req.destroy(Object.assign(new Error(), {code: 'SILENCE'})));
      req.on('error', (e) => resolve(e.code));
      req.end(body);
    });
  }
}

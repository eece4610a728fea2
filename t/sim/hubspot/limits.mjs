// Requests in ten seconds, in a day, and searches in a second, each in a window that slides.
import {refuse} from './resource.mjs';

const DAY = 86400000;
const DEFAULTS = {
  burst: 190,
  search: 5,
  daily: 650000
};

class Window {
  #times = [];

  constructor(ms) {
    this.ms = ms;
  }

  count() {
    const since = Date.now() - this.ms;
    this.#times = this.#times.filter((t) => t > since);
    return this.#times.length;
  }

  add() {
    this.#times.push(Date.now());
  }
}

export class Limits {
  constructor() {
    this.reset();
  }

  reset() {
    this.most = {...DEFAULTS};
    this.windows = {burst: new Window(10000), search: new Window(1000), daily: new Window(DAY)};
  }

  // The name that is no limit, or nothing.
  configure(most) {
    const odd = Object.keys(most).find((k) => !(k in DEFAULTS));
    if (!odd) Object.assign(this.most, most);
    return odd;
  }

  // The answer of work(), with the headers that tell what is left (a search tells nothing).
  within(search, work) {
    const names = search ? ['search', 'burst', 'daily'] : ['burst', 'daily'];
    const full = names.find((name) => this.windows[name].count() >= this.most[name]);
    if (full) return exceeded(full, search ? {} : this.#headers());
    names.forEach((name) => this.windows[name].add());
    const answer = work();
    if (!search) answer.headers = {...this.#headers(), ...answer.headers};
    return answer;
  }

  #headers() {
    const left = (name) => String(Math.max(0, this.most[name] - this.windows[name].count()));
    return {
      'x-hubspot-ratelimit-max': String(this.most.burst),
      'x-hubspot-ratelimit-remaining': left('burst'),
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-daily': String(this.most.daily),
      'x-hubspot-ratelimit-daily-remaining': left('daily'),
    };
  }
}

const POLICIES = {
  burst: ['TEN_SECONDLY_ROLLING', 'ten_secondly_rolling'],
  search: ['SECONDLY', 'secondly'],
  daily: ['DAILY', 'daily'],
};

function exceeded(name, headers) {
  const [policyName, words] = POLICIES[name];
  const message = `You have reached your ${words} limit.`;
  return refuse(429, 'RATE_LIMITS', message, {errorType: 'RATE_LIMIT', policyName, headers});
}

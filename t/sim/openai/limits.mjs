// Requests and tokens a minute, in buckets that fill up steadily, and the headers that
// tell of them.
import {json} from '../lib/server.mjs';

import {refuse, textOf, tokensOf} from './resource.mjs';

const MINUTE = 60000;
const GENEROUS = {
  requests: 10000,
  tokens: 2000000
};

class Bucket {
  constructor(most) {
    this.most = this.left = most;
    this.since = Date.now();
  }

  fill() {
    const now = Date.now();
    this.left = Math.min(this.most, this.left + (now - this.since) * this.most / MINUTE);
    this.since = now;
  }

  // Milliseconds until so much is there.
  waitFor(amount) {
    return Math.max(0, Math.ceil((amount - this.left) * MINUTE / this.most));
  }
}

export class Limits {
  constructor() {
    this.reset();
  }

  reset(most = GENEROUS) {
    this.buckets = {requests: new Bucket(most.requests), tokens: new Bucket(most.tokens)};
  }

  configure(req) {
    const most = {...GENEROUS, ...req.body};
    const odd = Object.keys(most).find((k) => !GENEROUS[k] || !(most[k] > 0));
    if (odd) return json(400, {error: `a limit cannot be ${odd}: ${most[odd]}`});
    this.reset(most);
    return json(200, most);
  }

  // The answer of work(req), or 429 when the minute's share is used up.
  within(req, work) {
    const needs = {requests: 1, tokens: tokensAsked(req.body)};
    for (const [name, bucket] of Object.entries(this.buckets)) {
      bucket.fill();
      if (bucket.left < needs[name]) return this.#exceeded(name, needs[name], req.body.model);
    }
    for (const [name, bucket] of Object.entries(this.buckets)) bucket.left -= needs[name];
    const answer = work(req);
    answer.headers = {...this.#headers(), ...answer.headers};
    return answer;
  }

  #exceeded(name, needed, model) {
    const bucket = this.buckets[name];
    const wait = bucket.waitFor(needed);
    const unit = name === 'requests' ? 'RPM' : 'TPM';
    const used = Math.ceil(bucket.most - bucket.left);
    return refuse(
        429, 'rate_limit_exceeded',
        `Rate limit reached for ${model} in organization org-sim on ${name} per min (${
            unit}): Limit ${bucket.most}, Used ${used}, Requested ${needed}. Please try again in ${
            duration(wait)}.`,
        {
          type: name,
          headers: {
            ...this.#headers(),
            'retry-after': String(Math.ceil(wait / 1000)),
            'retry-after-ms': String(wait),
          },
        });
  }

  #headers() {
    const out = {};
    for (const [name, bucket] of Object.entries(this.buckets)) {
      out[`x-ratelimit-limit-${name}`] = String(bucket.most);
      out[`x-ratelimit-remaining-${name}`] = String(Math.floor(bucket.left));
      out[`x-ratelimit-reset-${name}`] = duration(bucket.waitFor(bucket.most));
    }
    return out;
  }
}

// What a request may cost at most: what it says and what it lets the model say.
function tokensAsked({messages, input, max_completion_tokens, max_tokens}) {
  const said = (messages ?? []).reduce((sum, m) => sum + tokensOf(textOf(m.content)), 0);
  const embedded =
      [input ?? ''].flat().reduce((n, i) => n + (typeof i === 'string' ? tokensOf(i) : 1), 0);
  return said + embedded + (max_completion_tokens ?? max_tokens ?? 0);
}

// As Go writes durations: 120ms, 1.5s, 6m0s.
function duration(ms) {
  if (ms < 1000) return `${ms}ms`;
  if (ms < MINUTE) return `${ms / 1000}s`;
  return `${Math.floor(ms / MINUTE)}m${Math.round(ms % MINUTE / 1000)}s`;
}

// The simulated providers of the running system, by their own interface. When a test file that
// uses them ends, no request of ours may have broken its provider's description.
import assert from 'node:assert/strict';

import {env} from './env.mjs';
import {call} from './http.mjs';

const ADDRESS = {
  twilio: 'TWILIO_BASE_URL',
  elevenlabs: 'ELEVENLABS_BASE_URL',
  openai: 'OPENAI_BASE_URL',
  deepgram: 'DEEPGRAM_BASE_URL',
  shopify: 'SHOPIFY_BASE_URL',
  google: 'GOOGLE_BASE_URL',
  hubspot: 'HUBSPOT_BASE_URL',
  livekit: 'LIVEKIT_URL',
  smtp: 'SMTP_SIM_URL',
};

const used = new Set();
const OURS = /^voiceagent\//;  // tests ask wrongly on purpose

async function noneWasInvalid() {
  for (const name of used) {
    const invalid = await sim(name).get('invalid');
    assert.deepEqual(invalid.filter((r) => OURS.test(r.agent)), [], name);
  }
}

// The demonstration is no test, and does not report as one.
if (/\.test\.mjs$/.test(process.argv[1])) (await import('node:test')).after(noneWasInvalid);

/*
 * sim('twilio').post('sms', {from, to, body}), .requests(since), .script([...]).
 * What the simulator refuses is an error.
 */
export function sim(name) {
  if (name !== 'smtp') used.add(name);
  const {origin} = new URL(env[ADDRESS[name]].replace(/^ws/, 'http'));
  const use = async (method, path, body) => {
    const answer = await call(method, `${origin}/_sim/${path}`, {body});
    if (answer.status !== 200)
      throw new Error(`the simulated ${name}, ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  };
  return {
    about: async () => (await call('GET', `${origin}/_sim`)).json,
    get: (path) => use('GET', path),
    post: (path, body = {}) => use('POST', path, body),
    requests: (since = 0) => use('GET', `requests?since=${since}`),
    deliveries: (since = 0) => use('GET', `deliveries?since=${since}`),
    script: (scripts) => use('POST', 'script', scripts),
    reset: () => use('POST', 'reset', {}),
    last: async () => (await use('GET', 'requests')).at(-1)?.n ?? 0,
  };
}

// The messages the system asked Twilio to send to a number, after request `since`.
export async function sentTo(number, since = 0) {
  const requests = await sim('twilio').requests(since);
  return requests
      .filter(
          (r) => r.method === 'POST' && /\/Messages\.json$/.test(r.path) && r.body?.To === number &&
              r.answer?.status === 201)
      .map((r) => ({
             n: r.n,
             from: r.body.From,
             body: r.body.Body,
             sid: r.answer.body.sid,
             statusCallback: r.body.StatusCallback
           }));
}

// Twilio's requests to the application: signed with the SDK's own function over the
// public URL, with the time limits and retries of the URL's fragment.
import {randomUUID} from 'node:crypto';
import webhooks from 'twilio/lib/webhooks/webhooks.js';

import {request} from '../lib/client.mjs';
import {parseXml} from '../lib/xml.mjs';

// "Webhooks (HTTP callbacks): Connection Overrides". A policy of "all" is harsher than
// the real default ("ct"): an answer that is no 2xx, or none at all, is repeated once,
// so that whoever receives meets duplicates.
const DEFAULTS = {
  ct: 5000,
  rt: 15000,
  tt: 15000,
  rc: 1,
  rp: 'all'
};

export class Webhooks {
  constructor(sim, authToken) {
    this.sim = sim;
    this.authToken = authToken;
  }

  /*
   * Calls url with the parameters and resolves with the delivery's record: attempts
   * (status, body or error), and ok. voice: the signed URL of an https address has
   * no port ("Security": voice drops it, messaging keeps it).
   */
  async send({kind, url, method = 'POST', params, voice = false}) {
    const target = new URL(url);
    const rules = overrides(target.hash);
    const credentials = target.username &&
        `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    target.hash = target.username = target.password = '';
    if (method === 'GET') Object.entries(params).forEach(([k, v]) => target.searchParams.set(k, v));
    const signed = new URL(target);
    if (voice && signed.protocol === 'https:') signed.port = '';
    const signature = webhooks.getExpectedTwilioSignature(
        this.authToken, verbatim(url, signed, method), method === 'GET' ? {} : params);
    const options = {
      method,
      headers: {
        'x-twilio-signature': signature,
        'i-twilio-idempotency-token': randomUUID(),
        'user-agent': 'TwilioProxy/1.1',
        accept: '*/*',
        ...(credentials && {authorization: `Basic ${Buffer.from(credentials).toString('base64')}`}),
        ...(method === 'POST' &&
            {'content-type': 'application/x-www-form-urlencoded; charset=UTF-8'}),
      },
      body: method === 'POST' ? new URLSearchParams(params).toString() : undefined,
    };
    const record = this.sim.delivery({kind, url, method, params, signature, attempts: []});
    await this.#attempts(target, options, rules, record);
    record.ok = statusOf(record) >= 200 && statusOf(record) < 300;
    return record;
  }

  // As send(), for a document: record.twiml is the parsed answer, record.problem what was wrong.
  async fetchTwiml(what) {
    const record = await this.send(what);
    const last = record.attempts.at(-1);
    if (!record.ok) {
      record.problem = `11200: ${last.error ?? `status ${last.status}`}`;
    } else if (!/^(text|application)\/xml\b/i.test(last.type ?? '')) {
      record.problem = `12300: content type ${last.type}`;
    } else {
      try {
        record.twiml = parseXml(last.body);
        if (record.twiml.name !== 'Response') throw new Error(`the root is <${record.twiml.name}>`);
      } catch (e) {
        record.problem = `12100: ${e.message}`;
        delete record.twiml;
      }
    }
    return record;
  }

  async #attempts(target, options, rules, record) {
    const end = Date.now() + rules.tt;
    for (let left = rules.rc;; left--) {
      const attempt = await tryOnce(target, options, rules, end - Date.now());
      record.attempts.push(attempt);
      const failure = failureOf(attempt);
      if (!failure || left <= 0 || Date.now() >= end) return;
      if (!rules.rp.includes('all') && !rules.rp.includes(failure)) return;
    }
  }
}

const statusOf = (record) => record.attempts.at(-1).status;

async function tryOnce(target, options, rules, totalMs) {
  const start = Date.now();
  try {
    const res = await request(target, {...options, connectMs: rules.ct, readMs: rules.rt, totalMs});
    return {
      status: res.status,
      type: res.headers['content-type'],
      body: res.body.toString(),
      ms: Date.now() - start
    };
  } catch (e) {
    return {error: e.message, phase: e.phase, ms: Date.now() - start};
  }
}

// The retry policy's name of what went wrong; nothing for a 2xx or 3xx.
function failureOf(attempt) {
  if (attempt.error) return attempt.phase === 'connect' ? 'ct' : 'rt';
  if (attempt.status >= 500) return '5xx';
  return attempt.status >= 400 ? '4xx' : '';
}

function overrides(hash) {
  const given = new URLSearchParams(hash.slice(1));
  const number = (name, least, most) =>
      Math.min(Math.max(Number(given.get(name) ?? DEFAULTS[name]), least), most);
  return {
    ct: number('ct', 100, 10000),
    rt: number('rt', 100, 15000),
    tt: number('tt', 100, 15000),
    rc: number('rc', 0, 5),
    rp: (given.get('rp') ?? DEFAULTS.rp).split(','),
  };
}

// The signed text is the URL as it was configured: no slash added, nothing encoded anew.
function verbatim(configured, signed, method) {
  if (method === 'GET') return signed.href;
  const tail = configured.replace(/#.*$/, '').replace(/^[a-z]+:\/\/[^/?]*/i, '');
  return `${signed.protocol}//${signed.host}${tail}`;
}

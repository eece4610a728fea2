// Live calls with sound: what the carrier does for one (webhooks, the media stream), a caller at
// its other end, and what the database keeps of what was said.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';

import {Caller} from '../../sim/lib/caller.mjs';
import {JOHN} from './account.mjs';
import {row, rows} from './database.mjs';
import {ALWAYS} from './days.mjs';
import {env} from './env.mjs';
import {call as http} from './http.mjs';
import {signedForm} from './twilio.mjs';
import {waitFor} from './wait.mjs';

const DOWNTOWN = '+14165550001';
const unescaped = (xml) => xml.replace(/&amp;/g, '&');

// A webhook of Twilio's to one of our addresses; its TwiML.
async function webhook(url, params) {
  const form = {
    AccountSid: env.TWILIO_ACCOUNT_SID,
    ApiVersion: '2010-04-01',
    CallStatus: 'in-progress',
    Direction: 'inbound',
    ...params
  };
  const public_ = new URL(url, env.VA_PUBLIC_URL);
  const {headers, body} =
      signedForm({url: public_.href, params: form, authToken: env.TWILIO_AUTH_TOKEN});
  const answer =
      await http('POST', new URL(public_.pathname + public_.search, env.VA_URL).href, {headers, body});
  assert.ok([200, 204].includes(answer.status), answer.text);
  return answer.text;
}

// What a document says to do with a stream, and where the call comes back to.
export function streamOf(twiml) {
  const url = /<Stream[^>]* url="([^"]+)"/.exec(twiml)?.[1];
  assert.ok(url, `no stream in ${twiml}`);
  return {
    url: unescaped(url),
    token: /name="token" value="([^"]+)"/.exec(twiml)?.[1],
    back: unescaped(/<Redirect[^>]*>([^<]+)/.exec(twiml)[1]),
  };
}

export class MediaCall {
  static #all = [];

  // For after(): everybody has hung up, so that no slot is kept from the tests that follow.
  static endAll = () => Promise.all(MediaCall.#all.splice(0).map((call) => call.end()));

  constructor(from = JOHN) {
    MediaCall.#all.push(this);
    this.sid = `CA${randomBytes(16).toString('hex')}`;
    this.params = {CallSid: this.sid, From: from, To: DOWNTOWN, StirVerstat: 'TN-Validation-Passed-A'};
  }

  // The document that the ringing phone is answered with.
  answer = () => webhook('/api/voice/incoming', {...this.params, CallStatus: 'ringing'});

  async ring() {
    await this.connect(await this.answer());
    return this;
  }

  // He has been answered, and may speak.
  async greeted() {
    await this.ring();
    await this.caller.hears(this.params.From === JOHN ? /John/i : /Bici Downtown/);
    await this.caller.quiet();
    return this;
  }

  async connect(twiml) {
    const {url, token, back} = streamOf(twiml);
    const {origin, pathname} = new URL(url);
    const ours = origin === new URL(env.VA_PUBLIC_URL).origin.replace(/^http/, 'ws');
    this.back = back;
    this.caller = await new Caller({call: this.sid, parameters: token ? {token} : {}})
                      .dial(ours ? env.VA_URL.replace(/^http/, 'ws') + pathname : url,
                            {ca: readFileSync(env.VA_CA_FILE)});
  }

  // The carrier comes back, since the stream is over.
  resume = () => webhook(this.back, this.params);

  // Everybody has hung up.
  end = () => webhook('/api/voice/status', {...this.params, CallStatus: 'completed', CallDuration: '60'});

  turns = () => rows(
      `SELECT speaker, content, interrupted FROM messages
        WHERE call_id = (SELECT id FROM calls WHERE twilio_call_sid = :'sid')
        ORDER BY occurred_at, provider_message_id`, {sid: this.sid});

  // Resolves when those words of the caller's stand in the record.
  isKept = (words) => waitFor('his words', async () => (await this.turns()).some(
      (t) => t.speaker === 'customer' && t.content === words));

  // Resolves when people were told of an emergency in it, once.
  isPaged = () => waitFor('the task', async () => (await rows(
      `SELECT key FROM tasks WHERE key = :'key'`, {key: `emergency:${this.sid}`})).length === 1);

  async say(text) {
    this.last = text;
    await this.caller.say(text);
  }
}

// The shop with other engines, open and with many lines; gives what puts it back.
export async function withEngines(engines, handed = false) {
  const change = (e, calls, hours, own) => row(
      `UPDATE organizations SET engines = :'engines', max_concurrent_calls = :'calls',
              hours = :'hours', use_elevenlabs_inbound = :'own'
        WHERE slug = 'bici-downtown' RETURNING slug`, {engines: e, calls, hours, own});
  const kept = await row(
      `SELECT engines::text, max_concurrent_calls AS calls, hours::text,
              use_elevenlabs_inbound AS own FROM organizations WHERE slug = 'bici-downtown'`);
  await change(engines, 300, ALWAYS, handed);
  return () => change(kept.engines, kept.calls, kept.hours, kept.own);
}

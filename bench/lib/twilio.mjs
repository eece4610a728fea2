// Signed SMS webhooks, each its own message, as raw HTTP requests for the replay.
import { createHmac } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const ACCOUNT = 'AC00000000000000000000000000000001';
export const TOKEN = '0f9e8d7c6b5a49382716050403020100';
export const ORIGIN = 'https://voice.example.test';
export const PATH = '/api/webhooks/twilio/sms';

const SENDERS = 1000; // each a conversation of its own

function message(n) {
  const from = `+1416555${1000 + n % SENDERS}`;
  const sid = `SM${n.toString(16).padStart(32, '0')}`;
  return {
    ToCountry: 'CA', ToState: 'ON', SmsMessageSid: sid, NumMedia: '0', ToCity: 'TORONTO',
    FromZip: '', SmsSid: sid, FromState: 'ON', SmsStatus: 'received', FromCity: 'TORONTO',
    Body: 'Where is my order 1042? Merci & à bientôt', FromCountry: 'CA', To: '+14165550001',
    ToZip: '', NumSegments: '1', MessageSid: sid, AccountSid: ACCOUNT, From: from,
    ApiVersion: '2010-04-01',
  };
}

export function signature(url, params) {
  const text = url + Object.keys(params).sort().map((key) => key + params[key]).join('');
  return createHmac('sha1', TOKEN).update(text).digest('base64');
}

/** Writes `count` requests to a file for load/replay.lua. */
export async function writeRequests(file, count, first = 1) {
  const out = createWriteStream(file);
  for (let n = first; n < first + count; n += 1) {
    const params = message(n);
    const body = new URLSearchParams(params).toString();
    const request = `POST ${PATH} HTTP/1.1\r\nHost: voice.example.test\r\n`
      + 'Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: TwilioProxy/1.1\r\n'
      + `X-Twilio-Signature: ${signature(ORIGIN + PATH, params)}\r\n`
      + `I-Twilio-Idempotency-Token: ${n}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    if (!out.write(`${Buffer.byteLength(request)}\n${request}`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

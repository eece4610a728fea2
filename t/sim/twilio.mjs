// The simulated Twilio (REST API 2010-04-01): messages, calls, numbers, and its signed
// requests to the application. Facts: the OpenAPI description, the documentation pages
// named in the code.
//
//   POST /_sim/call     {from, to, script, stir, forwarded_from, caller_name}
//                       somebody calls one of our numbers (twilio/talk.mjs has the script)
//   GET  /_sim/call/:sid  what was said in it, and the documents it was given
//   POST /_sim/sms      {from, to, body, media, copies}   a handset writes to one of our numbers
//   POST /_sim/handset  {number, sms, error_code, call, ring_ms, talk_ms, machine, press, step_ms}
//                       how the handset of that number behaves from now on
//   GET  /_sim/words/:sid the agent's words in a call's media streams, each with its moment
//   POST /_sim/say/:sid   {script}: what the caller does from now on
//   POST /_sim/recording  {bytes, ms, …}: how recordings are from now on (twilio/recordings.mjs)
//   POST /_sim/doors      {urls}: where the application is reached, first to last (lib/client.mjs)
import {useDoors} from './lib/client.mjs';
import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';
import {Calls, HANDSET_CALL} from './twilio/calls.mjs';
import {HANDSET_SMS, Messages} from './twilio/messages.mjs';
import {Numbers} from './twilio/numbers.mjs';
import {Recordings} from './twilio/recordings.mjs';
import {accountPath, notFound, refuse} from './twilio/resource.mjs';
import {Streams} from './twilio/streams.mjs';
import {Webhooks} from './twilio/webhook.mjs';

// What a handset does unless POST /_sim/handset said otherwise.
class Handsets {
  #set = new Map();
  of = (number) => ({...HANDSET_SMS, ...HANDSET_CALL, ...this.#set.get(number)});
  reset = () => this.#set.clear();

  configure(req) {
    const {number, ...behaviour} = req.body ?? {};
    const known = Object.keys({...HANDSET_SMS, ...HANDSET_CALL});
    const odd = Object.keys(behaviour).find((k) => !known.includes(k));
    if (!number || odd)
      return json(400, {error: odd ? `a handset has no ${odd}` : 'number is missing'});
    this.#set.set(number, behaviour);
    return json(200, this.of(number));
  }
}

// Parameters whose errors the resources answer with their own codes.
const OWN_RULES = new Set([
  'To', 'From', 'Body', 'StatusCallback', 'StatusCallbackEvent', 'Url', 'ValidityPeriod',
  'ScheduleType', 'SendAt', 'PhoneNumber', 'AreaCode', 'VoiceUrl', 'SmsUrl', 'VoiceFallbackUrl',
  'SmsFallbackUrl', 'VoiceMethod', 'SmsMethod', 'FriendlyName'
]);

export function twilio({account, token, numbers: seeds}) {
  const sim = new Sim('twilio', 'twilio_api_v2010.json');
  const handsets = new Handsets();
  const numbers = new Numbers(account, seeds);
  const webhooks = new Webhooks(sim, token);
  const messages = new Messages({sim, account, numbers, webhooks, handsets});
  const recordings = new Recordings({sim, account, webhooks});
  const calls = new Calls({sim, account, numbers, webhooks, handsets, recordings});
  calls.useStreams(new Streams());
  const expected = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`;
  const admit = (req) =>
      (req.headers.authorization === expected ?
           undefined :
           refuse(401, 20003, 'Authenticate', {'www-authenticate': 'Basic realm="Twilio API"'}));
  const at = accountPath(account);
  sim.define({
    routes: [
      ['POST', `${at}/Messages.json`, (req) => messages.create(req)],
      ['GET', `${at}/Messages.json`, (req) => messages.list(req)],
      ['GET', `${at}/Messages/:sid.json`, (req) => messages.get(req)],
      ['POST', `${at}/Messages/:sid.json`, (req) => messages.update(req)],
      ['DELETE', `${at}/Messages/:sid.json`, (req) => messages.remove(req)],
      ['POST', `${at}/Calls.json`, (req) => calls.create(req)],
      ['GET', `${at}/Calls.json`, (req) => calls.list(req)],
      ['GET', `${at}/Calls/:sid.json`, (req) => calls.get(req)],
      ['POST', `${at}/Calls/:sid.json`, (req) => calls.update(req)],
      ['DELETE', `${at}/Calls/:sid.json`, (req) => calls.remove(req)],
      ['GET', `${at}/Calls/:call/Recordings.json`, (req) => recordings.ofCall(req)],
      ['POST', `${at}/Calls/:call/Recordings/:sid.json`, (req) => recordings.update(req)],
      ['GET', `${at}/Recordings/:sid.json`, (req) => recordings.get(req)],
      ['DELETE', `${at}/Recordings/:sid.json`, (req) => recordings.remove(req)],
      ['GET', `${at}/Recordings/:sid.mp3`, (req) => recordings.media(req)],
      ['GET', `${at}/AvailablePhoneNumbers/:country/Local.json`, (req) => numbers.search(req)],
      ['POST', `${at}/IncomingPhoneNumbers.json`, (req) => numbers.buy(req)],
      ['GET', `${at}/IncomingPhoneNumbers.json`, (req) => numbers.list(req)],
      ['GET', `${at}/IncomingPhoneNumbers/:sid.json`, (req) => numbers.get(req)],
      ['POST', `${at}/IncomingPhoneNumbers/:sid.json`, (req) => numbers.update(req)],
      ['DELETE', `${at}/IncomingPhoneNumbers/:sid.json`, (req) => numbers.release(req)],
    ],
    control: [
      ['POST', '/_sim/call', (req) => calls.place(req)],
      ['GET', '/_sim/call/:sid', (req) => calls.heard(req)],
      ['GET', '/_sim/words/:sid', (req) => calls.words(req)],
      ['POST', '/_sim/say/:sid', (req) => calls.say(req)],
      ['POST', '/_sim/doors', (req) => (useDoors(req.body.urls), json(200, {}))],
      ['POST', '/_sim/recording', (req) => recordings.configure(req)],
      ['POST', '/_sim/recording/begin', (req) => recordings.begin(req)],
      ['POST', '/_sim/recording/ready', () => recordings.ready()],
      ['GET', '/_sim/recordings', () => recordings.known()],
      ['POST', '/_sim/sms', (req) => messages.receive(req)],
      ['POST', '/_sim/handset', (req) => handsets.configure(req)],
    ],
    admit,
    missing: (req, known) =>
        admit(req) ?? (known ? refuse(405, 20004, 'Method not allowed') : notFound(req)),
    invalid: (problems) => {
      const p = problems.find((found) => found.path.length > 0 && !OWN_RULES.has(found.path[0]));
      return p && refuse(400, 20001, `Invalid parameter ${p.path.join('.')}: ${p.message}`);
    },
    reset: () => {
      useDoors([]);
      [handsets, numbers, messages, recordings, calls].forEach((part) => part.reset());
    },
  });
  return sim;
}

// The demo organizations' numbers, configured as their provisioning leaves them.
function demoNumbers(origin) {
  return ['+14165550001', '+14165550002'].map((PhoneNumber) => ({
                                                PhoneNumber,
                                                VoiceUrl: `${origin}/api/voice/incoming`,
                                                VoiceFallbackUrl: `${origin}/voice/rachel/`,
                                                StatusCallback: `${origin}/api/voice/status`,
                                                SmsUrl: `${origin}/api/webhooks/twilio/sms`,
                                              }));
}

if (isProgram(import.meta)) {
  const sim = twilio({
    account: setting('TWILIO_ACCOUNT_SID'),
    token: setting('TWILIO_AUTH_TOKEN'),
    numbers: demoNumbers(setting('VA_PUBLIC_URL')),
  });
  await run(sim, setting('TWILIO_BASE_URL'));
}

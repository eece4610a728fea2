// Calls that come in at the simulated Twilio, and what was said in them.
import {sim} from './sims.mjs';
import {waitFor} from './wait.mjs';

const twilio = sim('twilio');

// Somebody calls; the call's sid, while it goes on.
export async function dial({from, to, script, ...more}) {
  return (await twilio.post('call', {from, to, script, ...more})).sid;
}

export const heard = (sid) => twilio.get(`call/${sid}`);

// What the caller does from now on.
export const doing = (sid, script) => twilio.post(`say/${sid}`, {script});

// The agent's words in each of its media streams: {ms, word}, ms since the epoch.
export const wordsOf = (sid) => twilio.get(`words/${sid}`);

// Where the carrier reaches the system, first to last; none: as it does usually.
export const reachedBy = (urls = []) => twilio.post('doors', {urls});

// The call when it is over: {sid, status, log, requests}.
export function over(sid, limitMs = 120000) {
  return waitFor(`the end of call ${sid}`, async () => {
    const call = await heard(sid);
    return call.over && call;
  }, limitMs);
}

export const phone = async (how, limitMs) => over(await dial(how), limitMs);

// What the agent said, each sentence in the order it was heard.
export const said = (call) => call.log.filter((e) => e.who === 'agent' && e.text).map((e) => e.text);

// The agent's words between the caller's step n (0: before the first) and the next.
export function answerTo(call, n) {
  const texts = [];
  let steps = 0;
  for (const e of call.log) {
    if (e.who === 'caller') steps++;
    if (e.who === 'agent' && e.text && steps === n) texts.push(e.text);
  }
  return texts.join(' ');
}

export const problems = (call) => call.log.filter((e) => e.error);

// How the telephone of a number behaves: {call, machine, press, ring_ms, talk_ms}.
export const handset = (number, behaviour) => twilio.post('handset', {number, ...behaviour});

const line = (who, text) => console.log(`${who.padEnd(9)} ${text}`);

// The conversation as people read it, with how long each answer took.
export function printCall(call) {
  let asked = 0;
  for (const e of call.log) {
    if (e.who === 'caller') {
      line('caller', e.text ?? (e.press ? `(presses ${e.press})` : e.hangup ? '(hangs up)' : '(silence)'));
      asked = e.ms;
    }
    if (e.who === 'agent' && e.text) line('agent', `${e.text}  [${e.language}, ${e.ms - asked} ms]`);
    if (e.who === 'agent' && e.hangup) line('agent', '(hangs up)');
    if (e.who === 'carrier' && e.dial) line('carrier', `rings ${e.dial}`);
    if (e.who === 'carrier' && e.bridged) line('carrier', `connects the caller with ${e.bridged}`);
    if (e.who === 'whisper' && e.text) line('person', `hears: ${e.text}`);
    if (e.who === 'person') line('person', e.press ? `(presses ${e.press})` : '(does not react)');
    if (e.who === 'carrier' && e.error) line('carrier', `refuses: ${e.error}`);
  }
}

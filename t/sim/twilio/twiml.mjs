// What a voice document may say: the verbs, their attributes and what stands within them
// ("TwiML for Programmable Voice"). Twilio refuses a document that cannot be read (12100) and
// complains of one that breaks the schema (12200); here both end the document.
import {RECORDING_EVENTS} from './recordings.mjs';
import {faultOfAddress} from './sip.mjs';

const number = (least, most) => (v) => /^\d+$/.test(v) && Number(v) >= least && Number(v) <= most;
const oneOf = (...words) => (v) => words.includes(v);
const flag = oneOf('true', 'false');
const url = (v) => v.length > 0 && v.length <= 4000;
const wss = (v) => /^wss?:\/\/[^?]+$/.test(v);  // a stream's address has no query
const any = () => true;
const inputs = (v) => v.split(' ').every((word) => ['dtmf', 'speech'].includes(word));
const method = oneOf('GET', 'POST');
const digits = /^[\d*#wW]*$/;

const SAY = {voice: any, language: /^[a-z]{2,3}(-[A-Za-z0-9]+)*$/, loop: number(0, 1000)};
const PLAY = {loop: number(0, 1000), digits};
const VERBS = {
  Say: {attributes: SAY, text: true},
  Play: {attributes: PLAY, text: true},
  Pause: {attributes: {length: number(1, 180)}},
  Gather: {
    attributes: {
      input: inputs, action: url, method, timeout: number(1, 120), speechTimeout: /^(auto|\d+)$/,
      numDigits: number(1, 100), finishOnKey: /^[\d*#]*$/, language: SAY.language, hints: any,
      speechModel: any, actionOnEmptyResult: flag, bargeIn: flag, profanityFilter: flag,
    },
    children: ['Say', 'Play', 'Pause'],
  },
  Redirect: {attributes: {method}, text: true, needsText: true},
  Hangup: {attributes: {}},
  Reject: {attributes: {reason: oneOf('rejected', 'busy')}},
  Dial: {
    attributes: {
      action: url, method, timeout: number(5, 600), timeLimit: number(1, 14400), callerId: any,
      answerOnBridge: flag, hangupOnStar: flag,
    },
    children: ['Number', 'Sip'],
    text: true,
    alone: 'Sip',  // other nouns, or a second one, need features an account does not have by itself
  },
  Connect: {attributes: {action: url, method}, children: ['Stream']},
  Start: {attributes: {}, children: ['Recording']},
};
const NOUNS = {
  Number: {
    attributes: {url, method, statusCallback: url, statusCallbackMethod: method, statusCallbackEvent: any},
    text: true,
    needsText: true,
  },
  Sip: {
    attributes: {
      username: any, password: any, url, method, statusCallback: url, statusCallbackMethod: method,
      statusCallbackEvent: any,
    },
    text: true,
    needsText: true,
    says: faultOfAddress,
  },
  Stream: {
    attributes: {url: wss, name: any, statusCallback: url, statusCallbackMethod: method, track: any},
    needs: ['url'],
    children: ['Parameter'],
  },
  Recording: {
    attributes: {
      name: any, channels: oneOf('mono', 'dual'), track: oneOf('inbound', 'outbound', 'both'),
      trim: oneOf('trim-silence', 'do-not-trim'), recordingStatusCallback: url, recordingStatusCallbackMethod: method,
      recordingStatusCallbackEvent: (v) => v.split(' ').every((e) => RECORDING_EVENTS.includes(e)),
    },
  },
  Parameter: {
    attributes: {name: any, value: any},
    needs: ['name', 'value'],
    also: (a) => a.name.length + a.value.length < 500 || 'a Parameter of 500 characters or more',
  },
};

const fits = (rule, value) => (rule instanceof RegExp ? rule.test(value) : rule(value));

function faultOf(node, rule) {
  const odd = Object.keys(node.attributes).find((name) => !rule.attributes[name]);
  if (odd) return `<${node.name}> has no ${odd}`;
  const bad = Object.keys(node.attributes).find((n) => !fits(rule.attributes[n], node.attributes[n]));
  if (bad) return `<${node.name}> ${bad}="${node.attributes[bad]}"`;
  const missing = (rule.needs ?? []).find((name) => !(name in node.attributes));
  if (missing) return `<${node.name}> without ${missing}`;
  if (!rule.text && node.text.trim() !== '') return `text in <${node.name}>`;
  if (rule.needsText && node.text.trim() === '') return `an empty <${node.name}>`;
  const wrongText = rule.says?.(node.text.trim());
  if (wrongText) return wrongText;
  const verdict = rule.also?.(node.attributes) ?? true;
  return verdict === true ? faultOfChildren(node, rule) : verdict;
}

function faultOfChildren(node, rule) {
  if (node.children.length > 1 && node.children.some(({name}) => name === rule.alone))
    return `<${rule.alone}> beside another noun`;
  for (const child of node.children) {
    if (!(rule.children ?? []).includes(child.name)) return `<${child.name}> within <${node.name}>`;
    const fault = faultOf(child, VERBS[child.name] ?? NOUNS[child.name]);
    if (fault) return fault;
  }
  return undefined;
}

// Why the parsed document is none a call can follow; undefined: it is fine.
export function faultOfDocument(root) {
  if (root.text.trim() !== '') return 'text in <Response>';
  for (const verb of root.children) {
    if (!VERBS[verb.name]) return `<${verb.name}> is no verb`;
    const fault = faultOf(verb, VERBS[verb.name]);
    if (fault) return fault;
  }
  return undefined;
}

// What two shops' providers send all day, signed as they sign: texts, their delivery, the
// progress of calls, live conversations and reports; some of it forged or stale.
import {randomBytes, randomInt} from 'node:crypto';

import {DOWNTOWN, UPTOWN} from './account.mjs';
import {elevenlabsSignature} from './elevenlabs.mjs';
import {env} from './env.mjs';
import {signedForm} from './twilio.mjs';

const SHOPS = [
  {number: DOWNTOWN.number, agent: 'agent_downtown'},
  {number: UPTOWN.number, agent: 'agent_uptown'},
];
const STALE_S = 1801;  // beyond the tolerance
const TEXTS = [
  'Hi, what are your opening hours?', 'Do you have mountain bikes?',
  'Bonjour, êtes-vous ouverts samedi ?', 'I would like to talk to a human.'
];
const SPOKEN = ['Where is my order?', 'Do you fix brakes?', 'Thank you, bye.', 'Je cherche un vélo.'];
const CALL = ['initiated', 'ringing', 'in-progress', 'completed'];
const CONVERSATION_LENGTH = 6;

const unixNow = () => Math.floor(Date.now() / 1000);

/*
 * An event: kind, key (what its effect is known by in the database), path, headers, body,
 * verdict ('good', 'forged' or 'stale'), and more that a check needs. All keys and numbers
 * of a Traffic are its own: run is part of each.
 */
export class Traffic {
  #random;
  #count = 0;
  #firstNumber = randomInt(2000000, 8000000);
  #calls = [];
  #conversations = [];
  run = randomBytes(4).toString('hex');

  constructor(random) {
    this.#random = random;
  }

  good() {
    return this.#event('good', this.#random.weighted([
      [30, () => this.#smsStatus()],
      [30, () => this.#callStatus()],
      [25, () => this.#conversationEvent()],
      [8, () => this.#postCall()],
      [5, () => this.#sms()],
    ]));
  }

  // Each with a key that nothing good has.
  forged() {
    return this.#event('forged', this.#random.pick([
      () => this.#smsStatus(), () => this.#callStatus(this.#newCall()), () => this.#sms(),
      () => this.#conversationEvent(this.#newConversation()), () => this.#postCall()
    ]));
  }

  stale() {
    return this.#event('stale', this.#random.pick([
      () => this.#conversationEvent(this.#newConversation()), () => this.#postCall()
    ]));
  }

  #id() {
    return `${this.run}${(this.#count++).toString(16).padStart(24, '0')}`;
  }

  #number() {
    return `+1437${this.#firstNumber + this.#count++}`;
  }

  #shop() {
    return this.#random.pick(SHOPS);
  }

  #event(verdict, make) {
    const event = {verdict, ...make()};
    return {...event, ...(event.params ? this.#form(event) : this.#json(event))};
  }

  // Forged: by another's secret, or changed after it was signed.
  #form({verdict, path, params}) {
    const changed = verdict === 'forged' && this.#random.chance(0.5);
    const signed = signedForm({
      url: env.VA_PUBLIC_URL + path,
      params: changed ? {...params, AccountSid: `AC${'0'.repeat(32)}`} : params,
      authToken: verdict === 'forged' && !changed ? 'f'.repeat(32) : env.TWILIO_AUTH_TOKEN,
    });
    return changed ? {...signed, body: signed.body.replace(/AccountSid=\w+/, `AccountSid=${params.AccountSid}`)} :
                     signed;
  }

  #json({verdict, data, secret}) {
    const body = JSON.stringify(data);
    const changed = verdict === 'forged' && this.#random.chance(0.5);
    return {
      body,
      headers: {
        'content-type': 'application/json',
        ...elevenlabsSignature({
          secret: verdict === 'forged' && !changed ? `wsec_${'f'.repeat(64)}` : secret,
          body: changed ? `${body} ` : body,
          timestamp: unixNow() - (verdict === 'stale' ? STALE_S + this.#random.below(86400) : 0),
        }),
      },
    };
  }

  #sms() {
    const key = `SM${this.#id()}`;
    const from = this.#number();
    return {
      kind: 'sms',
      key,
      from,
      path: '/api/webhooks/twilio/sms',
      params: {
        MessageSid: key,
        SmsMessageSid: key,
        AccountSid: env.TWILIO_ACCOUNT_SID,
        From: from,
        To: this.#shop().number,
        Body: this.#random.pick(TEXTS),
        NumMedia: '0',
        NumSegments: '1',
        SmsStatus: 'received',
        ApiVersion: '2010-04-01',
      },
    };
  }

  #smsStatus() {
    const key = `SM${this.#id()}`;
    const status = this.#random.pick(['sent', 'delivered', 'undelivered']);
    return {
      kind: 'sms-status',
      key,
      path: '/api/webhooks/twilio/sms-status',
      params: {
        MessageSid: key,
        SmsSid: key,
        AccountSid: env.TWILIO_ACCOUNT_SID,
        From: this.#shop().number,
        To: this.#number(),
        MessageStatus: status,
        SmsStatus: status,
        ApiVersion: '2010-04-01',
      },
    };
  }

  #newCall() {
    return {sid: `CA${this.#id()}`, from: this.#number(), to: this.#shop().number, next: 0};
  }

  // The next step of a call that is under way, or the first of another.
  #callStatus(call = this.#underWay(this.#calls, () => this.#newCall(), CALL.length)) {
    const sequence = call.next++;
    return {
      kind: 'call-status',
      key: `${call.sid}:${sequence}`,
      call: call.sid,
      from: call.from,
      path: this.#random.pick(
          ['/api/voice/status', '/api/webhooks/twilio/status', '/webhooks/twilio/status']),
      params: {
        CallSid: call.sid,
        AccountSid: env.TWILIO_ACCOUNT_SID,
        From: call.from,
        To: call.to,
        Direction: 'inbound',
        CallStatus: CALL[sequence],
        SequenceNumber: String(sequence),
        Timestamp: new Date().toUTCString(),
        ApiVersion: '2010-04-01',
        ...(CALL[sequence] === 'completed' && {CallDuration: '61'}),
      },
    };
  }

  #newConversation() {
    return {id: `conv_${this.#id()}`, agent: this.#shop().agent, from: this.#number(), next: 0};
  }

  #conversationEvent(
      talk = this.#underWay(
          this.#conversations, () => this.#newConversation(), CONVERSATION_LENGTH)) {
    const event_id = talk.next++;
    const speaks = event_id % 2 === 0 ? 'agent' : 'user';
    return {
      kind: 'conversation',
      key: `${talk.id}:${speaks}:${event_id}`,
      conversation: talk.id,
      path: '/api/webhooks/elevenlabs/conversation-events',
      secret: env.ELEVENLABS_CONVERSATION_EVENTS_WEBHOOK_SECRET,
      data: {
        type: speaks === 'user' ? 'user_transcript' : 'agent_response',
        event_timestamp: unixNow(),
        data: {
          agent_id: talk.agent,
          conversation_id: talk.id,
          phone_number: talk.from,
          event_id,
          [speaks === 'user' ? 'user_transcript' : 'agent_response']: this.#random.pick(SPOKEN),
        },
      },
    };
  }

  #postCall() {
    const shop = this.#shop();
    const conversation_id = `conv_${this.#id()}`;
    const from = this.#number();
    return {
      kind: 'post-call',
      key: conversation_id,
      conversation: conversation_id,
      from,
      path: '/api/webhooks/elevenlabs/post-call',
      secret: env.ELEVENLABS_POST_CALL_WEBHOOK_SECRET,
      data: {
        type: 'post_call_transcription',
        event_timestamp: unixNow(),
        data: {
          agent_id: shop.agent,
          conversation_id,
          status: 'done',
          transcript: SPOKEN.map((message, i) => ({
                                   role: i % 2 === 0 ? 'user' : 'agent',
                                   message,
                                   time_in_call_secs: i * 4
                                 })),
          metadata: {
            start_time_unix_secs: unixNow() - 40,
            call_duration_secs: 40,
            cost: 200,
            phone_call: {
              type: 'twilio',
              direction: 'inbound',
              agent_number: shop.number,
              external_number: from,
              call_sid: `CA${this.#id()}`,
            },
          },
          analysis: {
            call_successful: 'success',
            transcript_summary: 'The caller asked about bikes.',
            evaluation_criteria_results: {},
            data_collection_results: {},
          },
          conversation_initiation_client_data: {dynamic_variables: {}},
        },
      },
    };
  }

  // One of a hundred that go on side by side; each gives `steps` events.
  #underWay(list, begin, steps) {
    const slot = this.#random.below(100);
    if (list[slot] === undefined || list[slot].next >= steps) list[slot] = begin();
    return list[slot];
  }
}

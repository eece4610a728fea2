// Messages: sending, looking up, what arrives from a handset, and opting out.
import {json} from '../lib/server.mjs';

import {accountPath, API_VERSION, dateFilter, isCallbackUrl, isNumber, newSid, notFound, page, placeOf, refuse, rfc2822} from './resource.mjs';

// "Twilio support for opt-out keywords": one word, any case, alone in the message.
const KEYWORDS = {
  STOP: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'],
  START: ['START', 'UNSTOP', 'YES'],
  HELP: ['HELP', 'INFO'],
};
const AUTOMATIC = {
  STOP:
      'You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.',
  START:
      'You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.',
  HELP: 'Reply STOP to unsubscribe. Msg&Data Rates May Apply.',
};

// "Test Credentials": recipients that fail in a known way.
const MAGIC = {
  '+15005550001': [21211, 'Invalid \'To\' Phone Number: +15005550001'],
  '+15005550002': [
    21612,
    'The \'To\' phone number: +15005550002, is not currently reachable using the \'From\' phone number via SMS.'
  ],
  '+15005550003': [
    21408,
    'Permission to send an SMS has not been enabled for the region indicated by the \'To\' number: +15005550003'
  ],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient'],
  '+15005550009': [21614, '\'To\' number is not a valid mobile number: +15005550009'],
};

const STEP_MS = 20;  // between two states of a message
const TERMINAL = new Set(['delivered', 'undelivered', 'failed', 'canceled', 'received']);

// STOP, START, HELP, or nothing.
function keywordOf(body) {
  const word = body.trim().toUpperCase();
  return Object.keys(KEYWORDS).find((k) => KEYWORDS[k].includes(word)) ?? '';
}

export class Messages {
  constructor({sim, account, numbers, webhooks, handsets}) {
    Object.assign(this, {sim, account, numbers, webhooks, handsets});
    this.reset();
  }

  reset() {
    this.all = [];
    this.blocked = new Set();  // "our number, theirs"
  }

  create(req) {
    const form =
        req.kind === 'form' ? req.body : {};  // a JSON body is not read, as if nothing was sent
    const refused = this.#refusal(form);
    if (refused) return refused;
    const scheduled = form.ScheduleType === 'fixed';
    const service = form.MessagingServiceSid ?? null;
    const accepted = service ? 'accepted' : 'queued';  // a service picks its number later
    const message = this.#add({
      direction: 'outbound-api',
      from: form.From ?? (scheduled ? null : this.numbers.all[0].phone_number),
      to: form.To,
      body: form.Body ?? '',
      media: [form.MediaUrl ?? []].flat(),
      service,
      callback: form.StatusCallback,
      status: scheduled ? 'scheduled' : accepted,
    });
    if (!scheduled) this.#travel(message);
    return json(201, this.#shown(message));
  }

  list(req) {
    const {query} = req;
    const sent = dateFilter(query, 'DateSent');
    const found = this.all.filter(
        (m) => (!query.has('To') || m.to === query.get('To')) &&
            (!query.has('From') || m.from === query.get('From')) && sent(m.sent ?? m.created));
    return page(req, 'messages', found.map((m) => this.#shown(m)).reverse());
  }

  get(req) {
    const message = this.#find(req);
    return message ? json(200, this.#shown(message)) : notFound(req);
  }

  // Cancelling one that is scheduled, or wiping the text of one that ended.
  update(req) {
    const message = this.#find(req);
    if (!message) return notFound(req);
    const form = req.kind === 'form' ? req.body : {};
    if (form.Status === 'canceled') {
      if (message.status !== 'scheduled')
        return refuse(400, 30409, 'This message cannot be canceled');
      this.#enter(message, 'canceled');
    } else if (form.Body === '') {
      if (!TERMINAL.has(message.status))
        return refuse(400, 20009, 'Cannot redact a message that is not in a final state');
      message.body = '';
    }
    return json(200, this.#shown(message));
  }

  remove(req) {
    const message = this.#find(req);
    if (!message) return notFound(req);
    this.all.splice(this.all.indexOf(message), 1);
    return json(204, undefined);
  }

  /*
   * POST /_sim/sms {from, to, body, media, copies}: a handset writes to one of our
   * numbers. Answers with the message's sid and what the application said; copies > 1
   * delivers the same webhook that often at once.
   */
  async receive(req) {
    const {from, to, body = '', media = [], copies = 1} = req.body ?? {};
    const number = this.numbers.byNumber(to);
    if (!number) return json(404, {error: `${to} is not one of our numbers`});
    const message = this.#add(
        {direction: 'inbound', from, to, body, media: media.map((m) => m.url), status: 'received'});
    const keyword = keywordOf(body);
    this.#obey(keyword, to, from);
    const params = inboundParams(this.account, message, media);
    const what = {kind: 'sms', url: number.sms_url, method: number.sms_method, params};
    const deliveries = number.sms_url ?
        await Promise.all(
            Array.from({length: copies}, () => this.#deliver(what, number, message))) :
        [];
    return json(200, {message_sid: message.sid, keyword, deliveries});
  }

  async #deliver(what, number, message) {
    let delivery = await this.webhooks.fetchTwiml(what);
    if (delivery.problem && number.sms_fallback_url) {
      const [code] = delivery.problem.split(':');
      const params = {...what.params, ErrorCode: code, ErrorUrl: number.sms_url};
      delivery = await this.webhooks.fetchTwiml({
        kind: 'sms-fallback',
        url: number.sms_fallback_url,
        method: number.sms_fallback_method,
        params
      });
    }
    for (const verb of delivery.twiml?.children ?? []) {
      if (verb.name === 'Message')
        this.#reply(message, verb.children.find((c) => c.name === 'Body')?.text ?? verb.text);
    }
    return delivery;
  }

  // Twilio blocks and answers by itself; the application is told all the same.
  #obey(keyword, ours, theirs) {
    const pair = `${ours}, ${theirs}`;
    if (keyword === 'STOP') this.blocked.add(pair);
    if (keyword === 'START') this.blocked.delete(pair);
    if (keyword)
      this.#travel(this.#add({
        direction: 'outbound-reply',
        from: ours,
        to: theirs,
        body: AUTOMATIC[keyword],
        status: 'queued'
      }));
  }

  #reply(message, text) {
    if (this.blocked.has(`${message.to}, ${message.from}`)) return;
    this.#travel(this.#add({
      direction: 'outbound-reply',
      from: message.to,
      to: message.from,
      body: text.trim(),
      status: 'queued'
    }));
  }

  #refusal(form) {
    const {To, From, Body, MediaUrl, MessagingServiceSid, StatusCallback, ValidityPeriod} = form;
    if (!To) return refuse(400, 21604, 'A \'To\' phone number is required.');
    if (!isNumber(To)) return refuse(400, 21211, `Invalid 'To' Phone Number: ${To}`);
    if (!From && !MessagingServiceSid)
      return refuse(400, 21603, 'A \'From\' phone number is required.');
    if (MAGIC[To]) return refuse(400, ...MAGIC[To]);
    if (From === To) return refuse(400, 21266, '\'To\' and \'From\' number cannot be the same');
    if (From && !/^\+?\d{1,15}$/.test(From))
      return refuse(400, 21212, `Invalid From Number (caller ID): ${From}`);
    if (From && !this.numbers.byNumber(From)) {
      return refuse(
          400, 21606,
          `The 'From' phone number provided (${
              From}) is not a valid message-capable Twilio phone number for this destination.`);
    }
    if (!Body && !MediaUrl) return refuse(400, 21602, 'Message body is required.');
    if ((Body ?? '').length > 1600)
      return refuse(400, 21617, 'The concatenated message body exceeds the 1600 character limit.');
    if (StatusCallback !== undefined && !isCallbackUrl(StatusCallback)) {
      return refuse(400, 21609, `The StatusCallback URL ${StatusCallback} is not a valid URL.`);
    }
    if (ValidityPeriod !== undefined && !(ValidityPeriod >= 1 && ValidityPeriod <= 36000)) {
      return refuse(400, 20001, `ValidityPeriod ${ValidityPeriod} is not between 1 and 36000`);
    }
    if (From && this.blocked.has(`${From}, ${To}`))
      return refuse(400, 21610, 'Attempt to send to unsubscribed recipient');
    return form.ScheduleType === undefined ? undefined : scheduleRefusal(form);
  }

  #add(fields) {
    const now = new Date();
    const message = {
      sid: newSid(fields.media?.length > 0 ? 'MM' : 'SM'),
      created: now,
      updated: now,
      sent: fields.direction === 'inbound' ? now : null,
      error: null,
      media: [],
      service: null,
      ...fields
    };
    this.all.push(message);
    return message;
  }

  // From the queue to the handset, as the handset's settings say.
  #travel(message) {
    const handset = this.handsets.of(message.to);
    const states = handset.sms === 'failed' ? ['failed'] : ['sent', handset.sms];
    if (message.callback) this.sim.later(0, () => this.#tell(message, 'queued'));
    states.forEach((state, i) => this.sim.later((i + 1) * handset.step_ms, () => {
      if (TERMINAL.has(message.status)) return;
      this.#enter(
          message, state,
          state === 'undelivered' || state === 'failed' ? handset.error_code : null);
    }));
  }

  #enter(message, status, error = null) {
    message.status = status;
    message.error = error;
    message.updated = new Date();
    if (status === 'sent') message.sent = message.updated;
    if (message.callback) this.sim.later(0, () => this.#tell(message, status, error));
  }

  #tell(message, status, error) {
    const done = ['delivered', 'undelivered'].includes(status);
    return this.webhooks.send({
      kind: 'sms-status',
      url: message.callback,
      params: {
        ...(done && {RawDlrDoneDate: new Date().toISOString().replace(/[-T:]/g, '').slice(2, 12)}),
        SmsSid: message.sid,
        SmsStatus: status,
        MessageStatus: status,
        To: message.to,
        MessageSid: message.sid,
        AccountSid: this.account,
        From: message.from ?? '',
        ApiVersion: API_VERSION,
        ...(error && {ErrorCode: String(error)}),
      },
    });
  }

  #find(req) {
    return this.all.find((m) => m.sid === req.params.sid);
  }

  #shown(m) {
    const uri = `${accountPath(this.account)}/Messages/${m.sid}`;
    return {
      account_sid: this.account,
      api_version: API_VERSION,
      body: m.body,
      date_created: rfc2822(m.created),
      date_sent: rfc2822(m.sent),
      date_updated: rfc2822(m.updated),
      direction: m.direction,
      error_code: m.error,
      error_message: null,
      from: m.from,
      messaging_service_sid: m.service,
      num_media: String(m.media.length),
      num_segments: String(m.from === null ? 0 : segments(m.body)),
      price: null,
      price_unit: 'USD',
      sid: m.sid,
      status: m.status,
      subresource_uris: {media: `${uri}/Media.json`},
      to: m.to,
      uri: `${uri}.json`,
    };
  }
}

// Scheduling needs a Messaging Service and a time from 5 minutes to 35 days ahead.
function scheduleRefusal(form) {
  if (form.ScheduleType !== 'fixed')
    return refuse(400, 20001, `ScheduleType ${form.ScheduleType} is not known`);
  if (!form.MessagingServiceSid)
    return refuse(400, 35118, 'MessagingServiceSid is required to schedule a message');
  const ahead = new Date(form.SendAt ?? NaN).getTime() - Date.now();
  if (!(ahead >= 300e3 && ahead <= 35 * 86400e3))
    return refuse(400, 35114, 'SendAt time must be between 300 seconds and 35 days');
  return undefined;
}

// GSM 03.38 is narrower than Latin-1; counting by it is close enough for a price.
function segments(body) {
  const narrow =
      /^[\x0a\x0d\x20-\x7e£¥èéùìòÇØøÅåÄÖÑÜ§¿äöñüà¡ÆæßÉ]*$/.test(body);
  const [one, more] = narrow ? [160, 153] : [70, 67];
  return body.length <= one ? 1 : Math.ceil(body.length / more);
}

function inboundParams(account, message, media) {
  const from = placeOf(message.from);
  const to = placeOf(message.to);
  const params = {
    ToCountry: to.country,
    ToState: to.state,
    ToCity: to.city,
    ToZip: '',
    FromCountry: from.country,
    FromState: from.state,
    FromCity: from.city,
    FromZip: '',
    SmsMessageSid: message.sid,
    SmsSid: message.sid,
    MessageSid: message.sid,
    SmsStatus: 'received',
    NumMedia: String(media.length),
    NumSegments: String(segments(message.body)),
    Body: message.body,
    From: message.from,
    To: message.to,
    AccountSid: account,
    ApiVersion: API_VERSION,
  };
  media.forEach((m, i) => {
    params[`MediaUrl${i}`] = m.url;
    params[`MediaContentType${i}`] = m.type ?? 'image/jpeg';
  });
  return params;
}

export const HANDSET_SMS = {
  sms: 'delivered',
  error_code: 30003,
  step_ms: STEP_MS
};

// Calls placed through the API: their life, their callbacks, the document fetched when
// somebody answers. What is said in a call is the simulated caller's part.
import {json} from '../lib/server.mjs';

import {accountPath, API_VERSION, dateFilter, isCallbackUrl, isNumber, newSid, notFound, page, placeOf, refuse, rfc2822} from './resource.mjs';

const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];
const ENDED = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);
const SIP = {
  completed: '200',
  busy: '486',
  'no-answer': '487',
  canceled: '487',
  failed: '404'
};

// call: "answer", "busy", "no-answer", "failed"; machine: an answering machine takes it.
export const HANDSET_CALL = {
  call: 'answer',
  ring_ms: 30,
  talk_ms: 500,
  machine: false
};

export class Calls {
  constructor({sim, account, numbers, webhooks, handsets}) {
    Object.assign(this, {sim, account, numbers, webhooks, handsets});
    this.reset();
  }

  reset() {
    this.all = [];
  }

  create(req) {
    const form = req.kind === 'form' ? req.body : {};
    const refused = this.#refusal(form);
    if (refused) return refused;
    const now = new Date();
    const call = {
      sid: newSid('CA'),
      created: now,
      updated: now,
      status: 'queued',
      started: null,
      ended: null,
      from: form.From,
      to: form.To,
      answeredBy: null,
      sequence: 0,
      document: {url: form.Url, method: form.Method, twiml: form.Twiml},
      detect: form.MachineDetection,
      callback: form.StatusCallback,
      callbackMethod: form.StatusCallbackMethod,
      events: form.StatusCallbackEvent === undefined ? ['completed'] :
                                                       [form.StatusCallbackEvent].flat(),
    };
    this.all.push(call);
    this.#dial(call);
    return json(201, this.#shown(call));
  }

  list(req) {
    const {query} = req;
    const started = dateFilter(query, 'StartTime');
    const found = this.all.filter(
        (c) => (!query.has('To') || c.to === query.get('To')) &&
            (!query.has('From') || c.from === query.get('From')) &&
            (!query.has('Status') || c.status === query.get('Status')) &&
            started(c.started ?? c.created));
    return page(req, 'calls', found.map((c) => this.#shown(c)).reverse());
  }

  get(req) {
    const call = this.#find(req);
    return call ? json(200, this.#shown(call)) : notFound(req);
  }

  // Redirecting a live call, or ending it. On an update Url wins over Twiml.
  update(req) {
    const call = this.#find(req);
    if (!call) return notFound(req);
    const form = req.kind === 'form' ? req.body : {};
    if (form.Url !== undefined && !isCallbackUrl(form.Url))
      return refuse(400, 21205, 'Url is not a valid URL');
    if ((form.Twiml ?? '').length > 4000)
      return refuse(400, 21623, 'Twiml parameter cannot exceed 4000 characters');
    if (form.Status === undefined && form.Url === undefined && form.Twiml === undefined)
      return json(200, this.#shown(call));
    const ringing = ['queued', 'ringing'];
    const from = {canceled: ringing, completed: [...ringing, 'in-progress']}[form.Status] ??
        ['in-progress'];
    if (!from.includes(call.status))
      return refuse(400, 21220, 'Call is not in-progress. Cannot redirect.');
    if (form.Status !== undefined) {
      this.#end(call, form.Status);
    } else {
      call.document =
          form.Url !== undefined ? {url: form.Url, method: form.Method} : {twiml: form.Twiml};
      this.sim.later(0, () => this.#run(call));
    }
    return json(200, this.#shown(call));
  }

  remove(req) {
    const call = this.#find(req);
    if (!call) return notFound(req);
    if (!ENDED.has(call.status))
      return refuse(409, 20409, 'The call is in progress and cannot be deleted');
    this.all.splice(this.all.indexOf(call), 1);
    return json(204, undefined);
  }

  #refusal(form) {
    const {To, From, Url, Twiml, ApplicationSid, StatusCallback} = form;
    if (!To) return refuse(400, 21201, 'No \'To\' number is specified');
    if (!From) return refuse(400, 21213, 'No \'From\' number is specified');
    if (!isNumber(To))
      return refuse(
          400, 21211, `The phone number you are attempting to call, ${To}, is not valid.`);
    if (!isNumber(From))
      return refuse(400, 21212, `The source phone number provided, ${From}, is not valid.`);
    if (!this.numbers.byNumber(From)) {
      return refuse(
          400, 21210,
          `The source phone number provided, ${From}, is not yet verified for your account.`);
    }
    if (!Url && !Twiml && !ApplicationSid)
      return refuse(400, 21205, '\'Url\' or \'Twiml\' or \'ApplicationSid\' is required');
    if (Url && !isCallbackUrl(Url)) return refuse(400, 21205, `Url ${Url} is not a valid URL`);
    if ((Twiml ?? '').length > 4000)
      return refuse(400, 21623, 'Twiml parameter cannot exceed 4000 characters');
    if (StatusCallback !== undefined && !isCallbackUrl(StatusCallback))
      return refuse(400, 21609, `The StatusCallback URL ${StatusCallback} is not a valid URL.`);
    const odd = [form.StatusCallbackEvent ?? []].flat().find((e) => !EVENTS.includes(e));
    return odd && refuse(400, 21626, `StatusCallbackEvent ${odd} is not known`);
  }

  #dial(call) {
    const handset = this.handsets.of(call.to);
    this.sim.later(0, () => this.#event(call, 'initiated'));
    if (handset.call === 'failed') {
      this.sim.later(handset.ring_ms, () => this.#end(call, 'failed'));
      return;
    }
    this.sim.later(handset.ring_ms / 2, () => this.#enter(call, 'ringing', 'ringing'));
    this.sim.later(
        handset.ring_ms,
        () => handset.call === 'answer' ? this.#answer(call, handset) :
                                          this.#end(call, handset.call));
  }

  #answer(call, handset) {
    if (call.status !== 'ringing') return undefined;
    call.started = new Date();
    if (call.detect) call.answeredBy = handset.machine ? 'machine_start' : 'human';
    this.#enter(call, 'in-progress', 'answered');
    this.sim.later(handset.talk_ms, () => this.#end(call, 'completed'));
    return this.#run(call);
  }

  // Fetches the document; one that says nothing more than good-bye ends the call.
  async #run(call) {
    if (call.status !== 'in-progress' || !call.document.url) return;
    const delivery = await this.webhooks.fetchTwiml({
      kind: 'voice',
      url: call.document.url,
      method: call.document.method,
      params: this.#params(call),
      voice: true
    });
    const verbs = delivery.twiml?.children ?? [];
    if (delivery.problem || verbs.every((v) => v.name === 'Hangup')) this.#end(call, 'completed');
  }

  #enter(call, status, event) {
    if (ENDED.has(call.status)) return;
    call.status = status;
    call.updated = new Date();
    this.#event(call, event);
  }

  #end(call, status) {
    if (ENDED.has(call.status)) return;
    call.ended = new Date();
    // Ending a call that nobody answered yet cancels it.
    this.#enter(call, status === 'completed' && !call.started ? 'canceled' : status, 'completed');
  }

  // Events are requests of their own: they may overtake each other, hence SequenceNumber.
  #event(call, event) {
    if (!call.callback || !call.events.includes(event)) return;
    const status =
        event === 'initiated' ? event : call.status;  // the resource knows no "initiated"
    const seconds = this.#seconds(call);
    const params = {
      ...this.#params(call, status),
      Timestamp: rfc2822(new Date()),
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(call.sequence++),
      ...(ENDED.has(status) && {
        CallDuration: String(seconds),
        Duration: String(Math.ceil(seconds / 60)),
        SipResponseCode: SIP[status],
      }),
    };
    this.sim.later(0, () => this.webhooks.send({
      kind: 'call-status',
      url: call.callback,
      method: call.callbackMethod,
      params,
      voice: true
    }));
  }

  #params(call, status = call.status) {
    const place = (prefix, number) => {
      const p = placeOf(number);
      return {
        [`${prefix}City`]: p.city,
        [`${prefix}State`]: p.state,
        [`${prefix}Zip`]: '',
        [`${prefix}Country`]: p.country
      };
    };
    return {
      CallSid: call.sid,
      AccountSid: this.account,
      From: call.from,
      To: call.to,
      Caller: call.from,
      Called: call.to,
      CallStatus: status,
      ApiVersion: API_VERSION,
      Direction: 'outbound-api',
      ...place('From', call.from),
      ...place('To', call.to),
      ...place('Caller', call.from),
      ...place('Called', call.to),
      ...(call.answeredBy && {AnsweredBy: call.answeredBy}),
    };
  }

  #seconds(call) {
    return call.started && call.ended ?
        Math.max(1, Math.round((call.ended - call.started) / 1000)) :
        0;
  }

  #find(req) {
    return this.all.find((c) => c.sid === req.params.sid);
  }

  #shown(c) {
    const uri = `${accountPath(this.account)}/Calls/${c.sid}`;
    const parts = [
      'events', 'notifications', 'payments', 'recordings', 'siprec', 'streams', 'transcriptions'
    ];
    const pascal = (s) => s[0].toUpperCase() + s.slice(1);
    return {
      account_sid: this.account,
      answered_by: c.answeredBy,
      api_version: API_VERSION,
      caller_name: null,
      date_created: rfc2822(c.created),
      date_updated: rfc2822(c.updated),
      direction: 'outbound-api',
      duration: ENDED.has(c.status) ? String(this.#seconds(c)) : null,
      end_time: rfc2822(c.ended),
      forwarded_from: null,
      from: c.from,
      from_formatted: c.from,
      group_sid: null,
      parent_call_sid: null,
      phone_number_sid: this.numbers.byNumber(c.from)?.sid ?? null,
      price: null,
      price_unit: 'USD',
      queue_time: '0',
      sid: c.sid,
      start_time: rfc2822(c.started),
      status: c.status,
      subresource_uris: Object.fromEntries(parts.map((p) => [p, `${uri}/${pascal(p)}.json`])),
      to: c.to,
      to_formatted: c.to,
      trunk_sid: null,
      uri: `${uri}.json`,
    };
  }
}

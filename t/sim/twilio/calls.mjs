// Calls placed through the API: their life, their callbacks, the document fetched when
// somebody answers. Calls that come in follow what they are answered with (talk.mjs).
import {json} from '../lib/server.mjs';
import {parseXml} from '../lib/xml.mjs';

import {accountPath, API_VERSION, dateFilter, isCallbackUrl, isNumber, newSid, notFound, page, placeOf, refuse, rfc2822} from './resource.mjs';
import {SipLeg, statusOf} from './sip.mjs';
import {shownStream, shownWords} from './streams.mjs';
import {Talk} from './talk.mjs';

const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];
const ENDED = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);
const SIP = {
  completed: '200',
  busy: '486',
  'no-answer': '487',
  canceled: '487',
  failed: '404'
};

// call: "answer", "busy", "no-answer", "failed"; machine: an answering machine takes it, whose
// greeting lasts greeting_ms ("fax": a fax does); press: what whoever answers presses when he is
// asked to take a call; script: what he says in a call of ours (talk.mjs), which then lasts as
// long as its documents.
export const HANDSET_CALL = {
  call: 'answer',
  ring_ms: 30,
  talk_ms: 500,
  machine: false,
  greeting_ms: 100,
  press: '1',
  script: null
};

// AnsweredBy, by what answers: at once, or (DetectMessageEnd) when a machine's greeting is over.
const VERDICTS = {
  Enable: (machine) => (machine === 'fax' ? 'fax' : machine ? 'machine_start' : 'human'),
  DetectMessageEnd: (machine) => (machine === 'fax' ? 'fax' : machine ? 'machine_end_beep' : 'human'),
};

// Withheld numbers arrive as these digits ("ANONYMOUS" on a keypad).
const WITHHELD = '+266696687';
const CALLER = ['from', 'to', 'script', 'stir', 'forwarded_from', 'caller_name'];

export class Calls {
  constructor({sim, account, numbers, webhooks, handsets, recordings}) {
    Object.assign(this, {sim, account, numbers, webhooks, handsets, recordings});
    this.reset();
  }

  /*
   * POST /_sim/call {from, to, script, stir, forwarded_from, caller_name}: somebody calls one of
   * our numbers; no from: it is withheld. Answers {sid} at once.
   */
  place(req) {
    const odd = Object.keys(req.body ?? {}).find((k) => !CALLER.includes(k));
    const number = this.numbers.byNumber(req.body?.to);
    if (odd || !number)
      return json(400, {error: odd ? `a caller has no ${odd}` : `${req.body?.to} is not ours`});
    const {from = WITHHELD, to, script = [], stir = 'TN-Validation-Passed-A'} = req.body;
    const call = {
      ...this.#fresh(from, to),
      direction: 'inbound',
      status: 'ringing',
      stir,
      forwardedFrom: req.body.forwarded_from,
      callerName: req.body.caller_name,
      document: {url: number.voice_url, method: number.voice_method},
      callback: number.status_callback,
      callbackMethod: number.status_callback_method,
      events: ['completed'],
      log: [],
      requests: [],
      streams: [],
    };
    call.talk = new Talk(this.#hostOf(call, number.voice_fallback_url), script);
    this.all.push(call);
    this.sim.later(0, () => this.#pickUp(call));
    return json(200, {sid: call.sid});
  }

  // GET /_sim/call/:sid: what was said and done in it so far, and every document it was given.
  heard(req) {
    const call = this.#find(req);
    if (!call?.talk) return json(404, {error: `no call ${req.params.sid}`});
    const {sid, status, log, requests, streams} = call;
    return json(200, {
      sid, status, over: ENDED.has(status), log, requests, streams: streams.map(shownStream)
    });
  }

  // GET /_sim/words/:sid: the agent's words in each of its media streams.
  words(req) {
    const call = this.#find(req);
    return call?.streams ? json(200, call.streams.map(shownWords)) :
                           json(404, {error: `no call ${req.params.sid}`});
  }

  // POST /_sim/say/:sid {script}: what is left of the caller's script is this from now on.
  say(req) {
    const call = this.#find(req);
    if (!call?.talk || !Array.isArray(req.body?.script))
      return json(400, {error: 'no such call, or no script'});
    call.talk.script = [...req.body.script];
    return json(200, {sid: call.sid});
  }

  // How media streams are carried (streams.mjs).
  useStreams(streams) {
    this.streams = streams;
  }

  // Nobody is told of it.
  reset() {
    for (const call of this.all ?? []) {
      call.status = 'completed';
      hangUpStreams(call);
    }
    this.all = [];
  }

  create(req) {
    const form = req.kind === 'form' ? req.body : {};
    const refused = this.#refusal(form);
    if (refused) return refused;
    const call = {
      ...this.#fresh(form.From, form.To),
      document: {url: form.Url, method: form.Method, twiml: form.Twiml},
      detect: Object.hasOwn(VERDICTS, form.MachineDetection ?? '') ? form.MachineDetection : undefined,
      verdictTo: form.AsyncAmd === 'true' ?
          {url: form.AsyncAmdStatusCallback, method: form.AsyncAmdStatusCallbackMethod} :
          undefined,
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
      // A stream is closed by its carrier then, and a leg to somebody else.
      hangUpStreams(call);
      call.sip?.hangUp();
      call.document =
          form.Url !== undefined ? {url: form.Url, method: form.Method} : {twiml: form.Twiml};
      this.sim.later(0, () => (call.talk ? call.talk.run(documentOf(call)) : this.#run(call)));
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

  #fresh(from, to) {
    const now = new Date();
    return {
      sid: newSid('CA'),
      created: now,
      updated: now,
      status: 'queued',
      direction: 'outbound-api',
      started: null,
      ended: null,
      from,
      to,
      answeredBy: null,
      sequence: 0,
    };
  }

  // An inbound call is in progress from its first document on.
  #pickUp(call) {
    call.started = new Date();
    this.#enter(call, 'in-progress', 'answered');
    return call.talk.run(call.document);
  }

  #hostOf(call, fallback) {
    return {
      fallback,
      ended: () => ENDED.has(call.status),
      end: (status) => this.#end(call, status),
      log: (entry) => call.log.push({ms: Date.now() - call.created.getTime(), ...entry}),
      fetch: (url, method, extra) => this.#ask(call, url, method, {...this.#params(call), ...extra}),
      dial: (verb, talk) =>
          (verb.children[0]?.name === 'Sip' ? this.#ringSip(call, verb, talk) : this.#ring(call, verb, talk)),
      stream: (stream, talk) => this.#stream(call, stream, talk),
      record: (attributes) => this.recordings.start(call.sid, attributes),
    };
  }

  async #ask(call, url, method, params) {
    const begun = Date.now();
    const delivery = await this.webhooks.fetchTwiml({kind: 'voice', url, method, params, voice: true});
    call.requests.push({
      url,
      params,
      ms: Date.now() - begun,
      status: delivery.attempts.at(-1).status,
      body: delivery.attempts.at(-1).body,
      problem: delivery.problem,
    });
    return delivery;
  }

  // <Dial>: rings the person, lets him hear the whisper, and tells what became of it.
  async #ring(call, verb, talk) {
    const noun = verb.children[0];
    const number = (noun?.text ?? verb.text).trim();
    const {call: behaviour, ring_ms, talk_ms, machine, press} = this.handsets.of(number);
    const leg = {...this.#fresh(verb.attributes.callerId ?? call.from, number), parent: call.sid};
    call.log.push({who: 'carrier', dial: number, whisper: noun?.attributes.url});
    await new Promise((resolve) => this.sim.later(ring_ms, resolve));
    const status = behaviour === 'answer' ?
        await this.#takes(call, leg, noun?.attributes, machine ? undefined : press, talk) :
        behaviour;
    if (status === 'completed') {
      call.log.push({who: 'carrier', bridged: number});
      await new Promise((resolve) => this.sim.later(talk_ms, resolve));
    }
    return {
      DialCallSid: leg.sid,
      DialCallStatus: status,
      DialBridged: String(status === 'completed'),
      ...(status === 'completed' && {DialCallDuration: String(Math.ceil(talk_ms / 1000))}),
    };
  }

  /*
   * <Dial><Sip>: a platform at a SIP address, which has the call until it hangs up, or the caller
   * does (a step {hangup} of his script).
   */
  async #ringSip(call, verb, talk) {
    const {timeout = 30, callerId = call.from} = verb.attributes;
    const {attributes, text} = verb.children[0];
    const uri = text.trim();
    call.log.push({who: 'carrier', dial: uri});
    call.sip = new SipLeg({
      uri,
      from: callerId,
      username: attributes.username,
      password: attributes.password,
      headers: {'X-Twilio-CallSid': call.sid, 'X-Twilio-AccountSid': this.account},
    });
    const code = await call.sip.ring(1000 * timeout);
    const status = statusOf(code);
    const begun = Date.now();
    if (status === 'completed') {
      call.log.push({who: 'carrier', bridged: uri});
      if (talk.script[0]?.hangup) this.sim.later(talk.script[0].ms ?? 0, () => talk.leave());
      await call.sip.over();
    }
    call.sip = undefined;
    return {
      DialCallSid: newSid('CA'),
      DialCallStatus: status,
      DialBridged: String(status === 'completed'),
      DialSipResponseCode: code,
      ...(status === 'completed' && {DialCallDuration: String(Math.ceil((Date.now() - begun) / 1000))}),
    };
  }

  // "completed" when the person stays on the line behind the whisper, else "no-answer".
  async #takes(call, leg, attributes, press, talk) {
    if (!attributes?.url) return 'completed';
    let over = false;
    const host = {
      ended: () => over,
      end: () => (over = true),
      log: (entry) => call.log.push({...entry, who: entry.who === 'agent' ? 'whisper' : 'person'}),
      fetch: (url, method, extra) => this.#ask(call, url, method, {
        ...this.#params(call),
        CallSid: leg.sid,
        ParentCallSid: call.sid,
        From: leg.from,
        To: leg.to,
        Direction: 'outbound-dial',
        ...extra,
      }),
    };
    const person = new Talk(host, [press === undefined ? {silent: true} : {press}]);
    await person.run({url: new URL(attributes.url, talk.base).href, method: attributes.method});
    return person.hungUp ? 'no-answer' : 'completed';
  }

  async #stream(call, stream, talk) {
    const sid = newSid('MZ');
    const tell = (event, error) => stream.statusCallback && this.webhooks.send({
      kind: 'stream-status',
      url: new URL(stream.statusCallback, talk.base).href,
      params: {
        AccountSid: this.account,
        CallSid: call.sid,
        StreamSid: sid,
        StreamName: stream.name ?? sid,
        StreamEvent: event,
        Timestamp: new Date().toISOString(),
        ...(error && {StreamError: error}),
      },
      voice: true,
    });
    return this.streams.carry({call, stream, sid, account: this.account, tell});
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
    this.#enter(call, 'in-progress', 'answered');
    const talk = () => this.#talk(call, handset);
    if (!call.detect) return talk();
    const greeting = handset.machine && call.detect === 'DetectMessageEnd' ? handset.greeting_ms : 0;
    if (call.verdictTo) {
      this.sim.later(greeting, () => this.#tellVerdict(call, handset));
      return talk();
    }
    // Without AsyncAmd the document waits for the verdict.
    return this.sim.later(greeting, () => {
      call.answeredBy = VERDICTS[call.detect](handset.machine);
      talk();
    });
  }

  #talk(call, handset) {
    if (handset.script) {
      Object.assign(call, {log: [], requests: [], streams: []});
      call.talk = new Talk(this.#hostOf(call), handset.script);
      return call.talk.run(documentOf(call));
    }
    this.sim.later(handset.talk_ms, () => this.#end(call, 'completed'));
    return this.#run(call);
  }

  // A request of its own, which says nothing of the numbers.
  #tellVerdict(call, handset) {
    if (ENDED.has(call.status)) return;
    call.answeredBy = VERDICTS[call.detect](handset.machine);
    if (!isCallbackUrl(call.verdictTo.url ?? '')) return;
    this.webhooks.send({
      kind: 'answered-by',
      url: call.verdictTo.url,
      method: call.verdictTo.method,
      params: {
        CallSid: call.sid,
        AccountSid: this.account,
        AnsweredBy: call.answeredBy,
        MachineDetectionDuration: String(Date.now() - call.started),
      },
      voice: true,
    });
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
    hangUpStreams(call);
    call.sip?.hangUp();
    call.ended = new Date();
    this.recordings.callEnded(call.sid);
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
      Direction: call.direction,
      ...(call.stir && {StirVerstat: call.stir}),
      ...(call.forwardedFrom && {ForwardedFrom: call.forwardedFrom}),
      ...(call.callerName && {CallerName: call.callerName}),
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
      direction: c.direction,
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

const hangUpStreams = ({streams = []}) => streams.filter((s) => s.closed === null).forEach((s) => s.hangUp());

// What run() takes of a document given by an address or as a text.
function documentOf(call) {
  const {url, method, twiml} = call.document;
  return twiml === undefined ? {url, method} : {twiml: parseXml(twiml).children};
}

// The talk: what was said and what is still to be sent. A message has a name from the moment it is
// written and is sent by it, one after the other and over whichever way there is, until it is
// answered: by its name the server hears it once.
import type {Config} from './config.ts';
import {Link} from './link.ts';
import type {Entry} from './memory.ts';
import {Memory} from './memory.ts';
import type {Answer, Lead, Push, Refusal, Request, Shop, Written} from './protocol.ts';

const LISTEN_MS = 10e3, LISTEN_HIDDEN_MS = 30e3;
const PAGE = 16;           // of what people wrote, in one answer
const LEFT_MS = 60e3;      // another tab would have sent it by then
const QUIET_MS = 60e3;     // a socket nobody looks at is closed
const GIVE_UP = 4;         // tries of what the server cannot do
const BUSY_MS = 5e3;
const PAUSES_MS = [500, 1e3, 2e3, 4e3, 8e3, 15e3, 30e3];

// Why nothing can be sent just now.
export type Trouble = '' | 'offline' | 'busy' | 'closed';

const pauseOf = (tries: number) => PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]! * (0.75 + Math.random() / 2);

// randomUUID() is there on secure pages only.
function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export class Talk {
  shop: Shop | undefined;
  met = false;  // the shop was asked for, whatever came of it
  trouble: Trouble = '';
  sending = false;  // an answer is waited for
  readonly #changed: () => void;
  readonly #memory: Memory;
  readonly #link: Link;
  #queue: Entry[] = [];
  #requests = new Map<string, Request>();  // by the message's name: the same again is the same
  #era = 0;       // of the talk; what was asked in one that has ended is nothing any more
  #joined: string | undefined;  // the session the socket is of
  #looked = false;
  #wake = () => {};
  #listener = 0;
  #quiet = 0;

  constructor(config: Config, changed: () => void) {
    this.#changed = changed;
    this.#memory = new Memory(`voiceagent.chat.${config.business}`, config.storage, (forgotten) => {
      if (forgotten) this.#begone();
      changed();
    });
    this.#link = new Link(config, {opened: () => this.#opened(), pushed: (p) => this.#pushed(p)});
    this.shop = this.#memory.shop;
    this.#queue = this.kept.entries.filter((e) => e.state === 'waiting');
    addEventListener('online', () => this.hurry());
    addEventListener('pagehide', () => this.#link.disconnect());
    addEventListener('pageshow', (e) => e.persisted && this.#attend());
    this.#attend();
    if (this.#queue.length > 0) void this.#send();
  }

  get kept() {
    return this.#memory.kept;
  }
  get wasOpen() {
    return this.#memory.open;
  }

  // The visitor looks at the chat, or no longer.
  look(looks: boolean): void {
    this.#looked = looks;
    this.#memory.open = looks;
    if (looks && !this.shop) void this.#meet();
    this.#attend();
  }

  say(text: string, more: Pick<Entry, 'lead' | 'shown'> = {}): void {
    const entry: Entry = {id: newName(), kind: 'visitor', text, at: Date.now(), state: 'waiting', ...more};
    this.kept.entries.push(entry);
    this.#enqueue(entry);
  }

  retry(id: string): void {
    const entry = this.kept.entries.find((e) => e.id === id && e.state === 'failed');
    if (!entry) return;
    entry.state = 'waiting';
    delete entry.why;
    this.#enqueue(entry);
  }

  // What could not be sent is taken back.
  drop(id: string): void {
    this.#memory.drop(id);
    this.#changed();
  }

  // The chat is over for the visitor: nothing of it stays in his browser.
  end(): void {
    this.#memory.forget();
    this.#begone();
    this.#changed();
  }

  #begone() {
    this.#era++;
    this.#queue = [];
    this.sending = false;
    this.#requests.clear();
    this.#joined = undefined;
    this.trouble = '';
    this.#wake();
    this.#link.disconnect();  // the socket is the old session's
    this.#attend();
  }

  hurry(): void {
    this.#link.hurry();
    this.#wake();
  }

  // ------------------------------------------------------------------ sending

  #enqueue(entry: Entry) {
    this.#queue.push(entry);
    this.#save();
    void this.#send();
  }

  async #send() {
    if (this.sending) return;
    const era = this.#era;
    this.sending = true;
    this.#changed();
    while (this.#queue[0]) {
      await this.#deliver(this.#queue[0]);
      if (era !== this.#era) return;
      this.#queue.shift();
    }
    this.sending = false;
    this.#changed();
  }

  // Until it is answered, or never will be.
  async #deliver(entry: Entry) {
    const era = this.#era;
    for (let tries = 0; entry.state === 'waiting'; tries++) {
      const overSocket = this.#link.stands;
      const result = await this.#link.ask(this.#requestOf(entry));
      if (era !== this.#era) return;
      if ('answer' in result) {
        if (overSocket) this.#joined = result.answer.sessionId;
        this.#answered(entry, result.answer);
      } else {
        const pause = this.#refused(entry, result.refusal, tries);
        this.#save();
        if (pause > 0) await this.#nap(pause);
        if (era !== this.#era) return;
      }
    }
  }

  #requestOf(entry: Entry): Request {
    const {sessionId, after} = this.kept;
    const made = this.#requests.get(entry.id);
    if (made && made.sessionId === sessionId) return made;
    const request: Request = {
      message: entry.text,
      messageId: entry.id,
      ...(sessionId && {sessionId}),
      after,
      ...entry.lead as Partial<Record<keyof Lead, string>>,
    };
    this.#requests.set(entry.id, request);
    return request;
  }

  // How long to wait before it is tried again; 0: at once, or not at all (it has failed).
  #refused(entry: Entry, {code, message, retryMs}: Refusal, tries: number): number {
    const pause = Math.max(pauseOf(tries), retryMs);
    switch (code) {
      case 'pending':
        return 1000;
      case 'lost':  // the socket, with the message on it
        return tries === 0 ? 0 : pause;
      case 'offline':
      case 'unavailable':
      case 'timeout':
        if (tries > 0 || !navigator.onLine) this.trouble = 'offline';
        return pause;
      case 'too_many_requests':
        this.trouble = 'busy';
        return tries < GIVE_UP ? Math.max(pause, BUSY_MS) : this.#fail(entry, 'tooMany');
      case 'not_found':
        return this.#renew(entry);
      case 'internal':
      case 'ended':
        if (tries >= GIVE_UP) return this.#fail(entry, 'badMessage');
        this.#askAnew(entry);
        return pause;
      case 'unauthorized':
      case 'forbidden':
        this.trouble = 'closed';
        return this.#fail(entry, 'closed');
      case 'conflict':
        return this.#fail(entry, 'otherNumber');
      default:
        if (!entry.lead) return this.#fail(entry, 'badMessage');
        return this.#fail(entry, message.startsWith('email') ? 'leadEmailBad' : 'leadPhoneBad');
    }
  }

  // nginx gives the same request the same answer for a while: what went wrong has to look new.
  #askAnew(entry: Entry) {
    const request = this.#requests.get(entry.id);
    if (request) this.#requests.set(entry.id, {...request, again: (request.again ?? 0) + 1});
  }

  #fail(entry: Entry, why: string): 0 {
    entry.state = 'failed';
    entry.why = why;
    this.#requests.delete(entry.id);
    if (this.trouble !== 'closed') this.trouble = '';
    return 0;
  }

  // The session is over: the message begins another one.
  #renew(entry: Entry): 0 {
    const {kept} = this;
    if (!kept.sessionId) return this.#fail(entry, 'closed');
    delete kept.sessionId;
    Object.assign(kept, {after: 0, person: false, action: 'continue'});
    this.#joined = undefined;
    this.#note('renewed', entry.at - 1);
    return 0;
  }

  #nap(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // ------------------------------------------------------------------ hearing

  #answered(entry: Entry, answer: Answer) {
    const {kept} = this;
    this.trouble = '';
    entry.state = 'sent';
    this.#requests.delete(entry.id);
    this.#begin(answer.sessionId);
    if (answer.lead) kept.lead = answer.lead;
    if (answer.nextAction) kept.action = answer.nextAction;
    this.#take(answer);
    if (answer.reply) {
      this.#add({
        id: `re:${entry.id}`,
        kind: 'agent',
        text: answer.reply,
        at: Date.now(),
        urgent: answer.nextAction === 'emergency' || answer.emergencyLevel === 'urgent',
        ...(answer.nextAction && {action: answer.nextAction}),
      });
    }
    this.#save();
    if (this.#link.stands && this.#joined !== kept.sessionId) void this.#listen();
    this.#attend();
  }

  #begin(sessionId: string) {
    if (this.kept.sessionId === sessionId) return;
    this.kept.sessionId = sessionId;
    this.kept.after = 0;
  }

  #take({person, messages = []}: Answer) {
    this.#setPerson(person);
    messages.forEach((m) => this.#written(m));
  }

  #written({number, id, message}: Written) {
    const {kept} = this;
    if (number <= kept.after) return;
    kept.after = number;
    this.#add({id, kind: 'person', text: message, at: Date.now()});
  }

  #setPerson(person: boolean) {
    const {kept} = this;
    if (kept.person === person) return;
    kept.person = person;
    kept.action = 'continue';
    this.#note(person ? 'joined' : 'left');
  }

  // Tabs that hear of it at once come to the same name for it.
  #note(key: string, at = Date.now()) {
    const before = this.kept.entries.filter((e) => e.kind === 'note').length;
    this.#add({id: `note:${before}:${key}`, kind: 'note', text: key, at});
  }

  #add(entry: Entry) {
    if (!this.kept.entries.some((e) => e.id === entry.id)) this.kept.entries.push(entry);
  }

  #pushed(push: Push) {
    if (push.type === 'person') {
      this.#setPerson(push.person);
    } else if (push.number > this.kept.after + 1) {
      // One is missing: all behind the last that is known, which a socket gives but once.
      return void this.#listen((request) => this.#link.post(request));
    } else {
      this.#written(push);
    }
    this.#save();
    this.#attend();
  }

  // ---------------------------------------------------------------- listening

  #opened() {
    this.#joined = undefined;
    if (this.kept.sessionId) void this.#listen();
    if (!this.shop && this.#looked) void this.#meet();
    this.#wake();
  }

  async #listen(ask = (request: Request) => this.#link.ask(request)): Promise<void> {
    const era = this.#era;
    const {sessionId, after} = this.kept;
    if (!sessionId) return;
    if (this.#link.stands) this.#joined = sessionId;
    const result = await ask({sessionId, after});
    if (era !== this.#era || sessionId !== this.kept.sessionId) return;
    if ('refusal' in result) return this.#unheard(result.refusal);
    this.#take(result.answer);
    this.#save();
    if ((result.answer.messages?.length ?? 0) >= PAGE) return this.#listen(ask);
  }

  #unheard({code}: Refusal) {
    this.#joined = undefined;
    if (code !== 'not_found') return;
    delete this.kept.sessionId;  // over; the next message begins another
    Object.assign(this.kept, {after: 0, person: false, action: 'continue'});
    if (this.kept.entries.length > 0) this.#note('renewed');
    this.#save();
  }

  // A socket, or else a question now and then, as long as somebody looks or people are to answer.
  #attend() {
    const {sessionId, person, action} = this.kept;
    const waits = Boolean(sessionId) && (person || action === 'wait_for_person' || action === 'emergency');
    clearTimeout(this.#quiet);
    clearTimeout(this.#listener);
    if (this.#looked || waits) {
      this.#link.connect();
      this.#listener = setTimeout(() => void this.#ask(), document.hidden ? LISTEN_HIDDEN_MS : LISTEN_MS);
    } else {
      this.#quiet = setTimeout(() => this.#link.disconnect(), QUIET_MS);
    }
  }

  async #ask() {
    if (!this.#link.stands && this.kept.sessionId && !this.sending) await this.#listen();
    if (!this.shop && this.#looked) await this.#meet();
    this.#adopt();
    this.#attend();
  }

  // What another tab has left unsent, since it was closed.
  #adopt() {
    const left = this.kept.entries.filter((e) => e.state === 'waiting' && e.at < Date.now() - LEFT_MS &&
        !this.#queue.some((q) => q.id === e.id));
    left.forEach((e) => this.#enqueue(e));
  }

  async #meet() {
    const met = await this.#link.shop();
    const trouble = 'name' in met ? '' : ['unauthorized', 'forbidden'].includes(met.code) ? 'closed' : 'offline';
    if ('name' in met) this.shop = this.#memory.shop = met;
    this.met = true;
    if (!this.sending) this.trouble = trouble;
    this.#changed();
  }

  #save() {
    this.#memory.save();
    this.#changed();
  }
}

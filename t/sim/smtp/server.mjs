// The SMTP side: who may send, what is refused, what is kept.
import {once} from 'node:events';
import {SMTPServer} from 'smtp-server';

import {messageProblem, readMessage} from './message.mjs';

const LARGEST = 10 << 20;
const ADDRESS = /^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$/;

export class MailServer {
  #sockets = new Map();

  constructor({sim, misbehaviour, login, tls}) {
    Object.assign(this, {sim, misbehaviour, login});
    const step = (work) => (...args) => this.#step(work, args);
    this.server = new SMTPServer({
      ...tls,
      name: 'mail.sim.invalid',
      size: LARGEST,
      authOptional: !login,
      allowInsecureAuth: true,  // on loopback
      hideSTARTTLS: !tls,
      disabledCommands: login ? [] : ['AUTH'],
      disableReverseLookup: true,
      logger: false,
      onConnect: step((session) => this.#connect(session)),
      onAuth: step((auth) => this.#auth(auth)),
      onMailFrom: step((address, session) => this.#mail(address, session)),
      onRcptTo: step((address, session) => this.#rcpt(address, session)),
      onData: step((stream, session) => this.#data(stream, session)),
    });
    this.server.on('error', () => {});  // connections that end early are the client's affair
    this.server.server.on('connection', (socket) => {
      this.#sockets.set(socket.remotePort, socket);
      socket.on('close', () => this.#sockets.delete(socket.remotePort));
    });
  }

  // Resolves with the server, listening on loopback.
  async listen(port) {
    const {server} = this.server;
    this.server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  close() {
    this.#sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  // Runs work and answers with its result, or with the refusal it threw; without an answer
  // when that says so.
  async #step(work, args) {
    const answer = args.pop();
    try {
      answer(null, await work(...args));
    } catch (e) {
      if (!e.dropped) answer(e);
    }
  }

  // Refuses, or closes the connection, when that was ordered.
  async #ordered(point, session, text) {
    const found = await this.misbehaviour.at(point, text);
    if (found) throw this.#end(found, session);
  }

  // The refusal that was ordered; of a connection that is closed nobody hears.
  #end({drop, code, message = 'refused by order'}, session) {
    if (!drop) return refusal(code, message);
    this.#sockets.get(session.remotePort)?.destroy();
    return Object.assign(new Error('dropped'), {dropped: true});
  }

  async #connect(session) {
    await this.#ordered('connect', session);
  }

  async #auth({method, username, password}, session) {
    await this.#ordered('auth', session, username);
    const {user, password: wanted} = this.login;
    if (username !== user || password !== wanted)
      throw refusal(535, '5.7.8 Authentication credentials invalid');
    return {user: `${username} by ${method}`};
  }

  async #mail({address}, session) {
    if (address !== '' && !ADDRESS.test(address))
      throw refusal(553, '5.1.7 The sender address is not valid');
    await this.#ordered('mail', session, address);
  }

  async #rcpt({address}, session) {
    if (!ADDRESS.test(address)) throw refusal(553, '5.1.3 The recipient address is not valid');
    await this.#ordered('rcpt', session, address);
  }

  async #data(stream, session) {
    const pieces = [];
    for await (const piece of stream) pieces.push(piece);
    const raw = Buffer.concat(pieces);
    const {mailFrom, rcptTo} = session.envelope;
    const record = {
      from: mailFrom.address,
      to: rcptTo.map((r) => r.address),
      tls: session.secure,
      user: session.user ?? null,
      ...readMessage(raw),
      raw: raw.toString(),
    };
    const problem = stream.sizeExceeded ? [552, '5.3.4 Message too big'] : messageProblem(raw);
    const ordered = problem ? undefined : await this.misbehaviour.at('data', record.raw);
    const error = problem ? refusal(...problem) : ordered && this.#end(ordered, session);
    const taken = !error || ordered?.kept === true;
    const answer = taken ? '250' : error.dropped ? null : `${error.responseCode} ${error.message}`;
    this.sim.record({...record, taken, answer});
    if (error) throw error;
    return 'OK: queued';
  }
}

const refusal = (responseCode, message) => Object.assign(new Error(message), {responseCode});

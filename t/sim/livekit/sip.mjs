/*
 * The SIP side of the simulated LiveKit: an inbound trunk, which asks for user and password where
 * it has some, and one dispatch rule, by the callee and without a prefix: a call goes to the room
 * that is named as what was dialled, and is made where there is none. It rings until an agent is
 * there. The exchange itself goes over HTTP, for nothing here judges SIP:
 *
 *   POST /sip/invite {uri, from, username, password, headers}   answered as an INVITE is:
 *        407 for a wrong login, 404 for no SIP address, else {leg}
 *   GET  /sip/legs/:leg?not=ringing      {state, code} as soon as the state is another one:
 *        "ringing", "answered", "over"; code: what the INVITE was answered with in the end
 *   POST /sip/legs/:leg/bye              whoever called hangs up
 */
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

const newId = (prefix) => prefix + randomBytes(6).toString('hex');

export class Sip {
  #legs = new Map();

  // rooms: {join(name, participant), leave(name, identity), hasAgent(name)}
  constructor({username, password, rooms}) {
    Object.assign(this, {username, password, rooms});
  }

  get routes() {
    return [
      ['POST', '/sip/invite', (req) => this.#invite(req)],
      ['GET', '/sip/legs/:leg', (req) => this.#watch(req)],
      ['POST', '/sip/legs/:leg/bye', (req) => this.#bye(req)],
    ];
  }

  // A room is over, for everybody in it.
  roomEnds(room) {
    for (const leg of this.#legs.values()) {
      if (leg.room === room) this.#become(leg, 'over', leg.state === 'ringing' ? '480' : leg.code);
    }
  }

  reset() {
    for (const leg of this.#legs.values()) this.#become(leg, 'over', leg.code);
    this.#legs.clear();
  }

  #invite({body: {uri, from, username, password, headers}}) {
    const room = /^sip:([^@;]+)@[^@]+$/.exec(uri)?.[1];
    if (!room) return json(404, {});
    if (this.username && (username !== this.username || password !== this.password))
      return json(407, {});
    const leg = {id: newId('SCL_'), room, identity: `sip_${from}`, state: 'ringing', waiting: []};
    this.#legs.set(leg.id, leg);
    this.rooms.join(room, {
      identity: leg.identity,
      kind: 'SIP',
      attributes: {
        'sip.callID': leg.id,
        'sip.phoneNumber': from,
        'sip.trunkPhoneNumber': room,
        'sip.twilio.callSid': headers['X-Twilio-CallSid'],
        'sip.twilio.accountSid': headers['X-Twilio-AccountSid'],
      }
    });
    if (this.rooms.hasAgent(room)) this.#become(leg, 'answered', '200');
    return json(200, {leg: leg.id});
  }

  async #watch(req) {
    const leg = this.#legs.get(req.params.leg);
    if (!leg) return json(404, {});
    if (leg.state === req.query.get('not'))
      await new Promise((resolve) => leg.waiting.push(resolve));
    return json(200, {state: leg.state, code: leg.code});
  }

  #bye(req) {
    const leg = this.#legs.get(req.params.leg);
    if (!leg) return json(481, {});
    this.rooms.leave(leg.room, leg.identity);
    this.#become(leg, 'over', leg.state === 'ringing' ? '487' : leg.code);
    return json(200, {});
  }

  #become(leg, state, code) {
    Object.assign(leg, {state, code});
    for (const resolve of leg.waiting.splice(0)) resolve();
  }
}

// Events of the account, in lists, signed by the SDK's own function (version 3), sent again
// with the next attemptNumber until they are taken.
import {Signature} from '@hubspot/api-client';

import {deliver} from '../lib/delivery.mjs';
import {json} from '../lib/server.mjs';

const DEADLINE = 5000;
const PAUSES = [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000];  // really: 24 hours

export const PORTAL = 62515;  // the number of the one account

export class Webhooks {
  #next = 1;

  constructor({sim, clientSecret, webhookUrl}) {
    Object.assign(this, {sim, clientSecret, webhookUrl});
  }

  // POST /_sim/webhook {events, copies}
  order(req) {
    const {events = [], copies = 1} = req.body ?? {};
    if (events.length === 0 || events.some((e) => !e.subscriptionType || !e.objectId))
      return json(400, {error: 'a webhook needs events with subscriptionType and objectId'});
    const told = events.map((e) => this.#event(e));
    const records = Array.from({length: copies}, () => this.#send(told));
    return json(200, {deliveries: records.map((r) => r.n)});
  }

  #event(told) {
    const eventId = this.#next++;
    return {
      eventId,
      subscriptionId: 1,
      portalId: PORTAL,
      appId: 54321,
      occurredAt: Date.now(),
      changeSource: 'CRM_UI',
      ...told,
    };
  }

  #send(events) {
    const make = (attemptNumber) => {
      const body = JSON.stringify(events.map((e) => ({...e, attemptNumber})));
      return {headers: this.#headers(body), body};
    };
    const limits = {connectMs: DEADLINE, readMs: DEADLINE, totalMs: DEADLINE};
    return deliver(
        this.sim,
        {kind: events[0].subscriptionType, url: this.webhookUrl, make, pauses: PAUSES, limits});
  }

  #headers(body) {
    const timestamp = Date.now();
    const signed = {
      clientSecret: this.clientSecret,
      requestBody: body,
      url: this.webhookUrl,
      method: 'POST',
      timestamp,
    };
    return {
      'content-type': 'application/json',
      'x-hubspot-request-timestamp': String(timestamp),
      'x-hubspot-signature-v3': Signature.getSignature('POST', 'v3', signed),
    };
  }
}

// Calls that reached OpenAI over SIP and wait for an answer: offered by a test, once each.
import {json} from '../lib/server.mjs';

import {refuse} from './resource.mjs';

export class Calls {
  #offers = new Map();

  offer({body}) {
    this.#offers.set(body.id, {id: body.id, declined: null});
    return json(200, {id: body.id});
  }

  show() {
    return json(200, [...this.#offers.values()]);
  }

  reject({params, body}) {
    const offer = this.#offers.get(params.id);
    if (!offer || offer.declined !== null) {
      return refuse(404, 'call_id_not_found', `No call found with id ${params.id}.`);
    }
    offer.declined = body?.status_code ?? 603;
    return {status: 200, body: '', headers: {}};
  }

  reset() {
    this.#offers.clear();
  }
}

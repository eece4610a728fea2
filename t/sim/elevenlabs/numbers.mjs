// Numbers imported from Twilio, and calls placed from them.
import {request} from '../lib/client.mjs';
import {json} from '../lib/server.mjs';

import {check, isE164, isText, refuse} from './resource.mjs';

// Where the platform points an imported number.
const INBOUND_CALL = 'https://api.us.elevenlabs.io/twilio/inbound_call';
const INBOUND_SMS = 'https://api.us.elevenlabs.io/twilio/sms';

export class PhoneNumbers {
  // twilioBaseUrl: where the numbers live; without it imports are taken on trust.
  constructor({all, agents, twilioBaseUrl}) {
    Object.assign(this, {all, agents, twilioBaseUrl});
  }

  /*
   * POST /v1/convai/phone-numbers: checks the account, then takes the number over at
   * Twilio. enable_sms is on unless refused, and then the number's own SMS address is gone.
   */
  async create(req) {
    const {body} = req;
    const wrong = check(body, [
      ['provider', (v) => v === undefined || v === 'twilio', 'Input should be \'twilio\''],
      ['phone_number', isE164, 'Input should be a phone number in E.164 format'],
      ['label', isText, 'Field required'],
      ['sid', isText, 'Field required'],
      ['token', isText, 'Field required'],
    ]);
    if (wrong) return wrong;
    if (body.agent_id && !this.agents.get(body.agent_id)) return this.agents.missing(body.agent_id);
    if (this.all.entries().some(([, n]) => n.phone_number === body.phone_number)) {
      return refuse(
          400, 'phone_number_already_exists',
          `The number ${body.phone_number} was imported before`);
    }
    const refused = this.twilioBaseUrl && await this.#takeOver(body);
    if (refused) return refused;
    const {phone_number, label, agent_id = null} = body;
    return json(200, {phone_number_id: this.all.add({phone_number, label, agent_id})});
  }

  list() {
    return json(200, this.all.entries().map(([id, n]) => this.#shown(n, id)));
  }

  get(req) {
    return this.all.with(req, (n, id) => json(200, this.#shown(n, id)));
  }

  patch(req) {
    return this.all.with(req, (n, id) => {
      const {agent_id, label} = req.body ?? {};
      if (agent_id && !this.agents.get(agent_id)) return this.agents.missing(agent_id);
      if (agent_id !== undefined) n.agent_id = agent_id;
      if (label !== undefined) n.label = label;
      return json(200, this.#shown(n, id));
    });
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      return json(200, {});
    });
  }

  async #takeOver({phone_number, sid, token, enable_sms = true}) {
    const account = `${this.twilioBaseUrl}/2010-04-01/Accounts/${sid}`;
    const authorization = `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}`;
    const ask = (path, options = {}) => request(account + path, {
      ...options,
      headers: {authorization, 'content-type': 'application/x-www-form-urlencoded'}
    });
    const found =
        await ask(`/IncomingPhoneNumbers.json?PhoneNumber=${encodeURIComponent(phone_number)}`);
    if (found.status !== 200)
      return refuse(400, 'invalid_twilio_credentials', 'Twilio does not accept the account');
    const number =
        JSON.parse(found.body).incoming_phone_numbers.find((n) => n.phone_number === phone_number);
    if (!number)
      return refuse(400, 'twilio_number_not_found', `The account does not own ${phone_number}`);
    const body = new URLSearchParams({
                   VoiceUrl: INBOUND_CALL,
                   ...(enable_sms && {SmsUrl: INBOUND_SMS})
                 }).toString();
    const set = await ask(`/IncomingPhoneNumbers/${number.sid}.json`, {method: 'POST', body});
    return set.status === 200 ? undefined :
                                refuse(400, 'twilio_error', 'Twilio refused the configuration');
  }

  #shown(n, phone_number_id) {
    const agent = this.agents.get(n.agent_id);
    return {
      provider: 'twilio',
      phone_number: n.phone_number,
      label: n.label,
      phone_number_id,
      supports_inbound: true,
      supports_outbound: true,
      assigned_agent: agent ? {agent_id: n.agent_id, agent_name: agent.name} : null,
    };
  }
}

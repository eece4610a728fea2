/*
 * <Dial><Sip>: one leg to a SIP address, as the carrier sees it. The simulated platform at the
 * other end takes it over HTTP (livekit/sip.mjs); of the address the user, the host and its port
 * count, and the way it is to be carried must be one Twilio knows.
 */
import {request} from '../lib/client.mjs';

const BUSY = ['486', '600'], SILENT = ['408', '480', '487'];

// DialCallStatus, by what the INVITE was answered with.
export function statusOf(code) {
  if (code === '200') return 'completed';
  return BUSY.includes(code) ? 'busy' : SILENT.includes(code) ? 'no-answer' : 'failed';
}

// What is wrong with the address for Twilio; undefined: it is fine.
export function faultOfAddress(text) {
  if (text.length >= 255) return 'a SIP address of 255 characters or more';
  if (!/^sips?:[^\s@;]+@[^\s@;]+(;[^\s;]+)*$/.test(text)) return `no SIP address: ${text}`;
  const transport = /;transport=([^;]*)/i.exec(text)?.[1];
  return transport === undefined || /^(udp|tcp|tls)$/i.test(transport) ?
      undefined :
      `transport=${transport}`;
}

export class SipLeg {
  // who: {uri, from, username, password, headers}
  constructor(who) {
    this.who = who;
    this.at = `http://${/@([^;]+)/.exec(who.uri)[1]}/sip`;
  }

  // The INVITE's answer, after ms at most: "200", "486", …; "487": nobody took it.
  async ring(ms) {
    try {
      const {status, body} = await this.#ask('POST', '/invite', this.who);
      if (status !== 200) return String(status);
      this.leg = JSON.parse(body).leg;
    } catch {
      return '503';
    }
    let late;
    const patience = new Promise((resolve) => (late = setTimeout(resolve, ms, undefined)));
    const answer = await Promise.race([this.#until('ringing'), patience]);
    clearTimeout(late);
    if (!answer) await this.hangUp();
    return answer?.code ?? '487';
  }

  // Resolves when the leg is over, whoever ended it.
  over = () => this.#until('answered');

  async hangUp() {
    if (this.leg) await this.#ask('POST', `/legs/${this.leg}/bye`, {}).catch(() => undefined);
  }

  async #until(state) {
    const {body} = await this.#ask('GET', `/legs/${this.leg}?not=${state}`);
    return JSON.parse(body);
  }

  #ask(method, path, body) {
    return request(this.at + path, {
      method,
      headers: {'content-type': 'application/json'},
      body: body && JSON.stringify(body),
      readMs: 600000,
      totalMs: 600000,
    });
  }
}

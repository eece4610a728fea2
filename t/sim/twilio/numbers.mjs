// Numbers: those that can be bought, and those that are ours.
import {json} from '../lib/server.mjs';

import {accountPath, API_VERSION, areasOf, isCallbackUrl, isNumber, newSid, notFound, page, placeOf, refuse, rfc2822} from './resource.mjs';

const URLS = ['VoiceUrl', 'VoiceFallbackUrl', 'SmsUrl', 'SmsFallbackUrl', 'StatusCallback'];
const METHODS = [
  'VoiceMethod', 'VoiceFallbackMethod', 'SmsMethod', 'SmsFallbackMethod', 'StatusCallbackMethod'
];
const PER_AREA = 30;  // numbers for sale in one area code
const snake = (name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
const national = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3');

export class Numbers {
  // seeds: [{PhoneNumber, VoiceUrl, …}], ours from the start.
  constructor(account, seeds) {
    this.account = account;
    this.seeds = seeds;
    this.reset();
  }

  reset() {
    this.all = this.seeds.map((seed) => this.#own(seed.PhoneNumber, seed));
  }

  byNumber(number) {
    return this.all.find((n) => n.phone_number === number);
  }

  // GET /AvailablePhoneNumbers/{CC}/Local.json
  search(req) {
    const areas = areasOf(req.params.country);
    if (areas.length === 0) return notFound(req);
    const {query} = req;
    const pattern = containsPattern(query.get('Contains') ?? '');
    if (!pattern) return refuse(400, 21421, `Contains ${query.get('Contains')} is not valid`);
    const found = areas.filter((area) => !query.has('AreaCode') || area === query.get('AreaCode'))
                      .flatMap(numbersOf)
                      .filter((number) => !this.byNumber(number) && pattern.test(number.slice(1)))
                      .map((number) => available(number, req.params.country))
                      .filter(
                          (n) => (!query.has('InRegion') || n.region === query.get('InRegion')) &&
                              (!query.has('InLocality') || n.locality === query.get('InLocality')));
    return json(200, {
      available_phone_numbers: found.slice(0, Math.min(Number(query.get('PageSize') ?? 30), 30)),
      uri: `${req.path}?${query}`,
    });
  }

  // POST /IncomingPhoneNumbers.json: search results are not reserved, the first buyer has it.
  buy(req) {
    const form = req.kind === 'form' ? req.body : {};
    const {PhoneNumber, AreaCode} = form;
    if (!PhoneNumber && !AreaCode) return refuse(400, 21404, 'PhoneNumber or AreaCode is required');
    if (PhoneNumber && !isNumber(PhoneNumber))
      return refuse(400, 21421, `PhoneNumber ${PhoneNumber} is not valid`);
    const wrong = settingsRefusal(form);
    if (wrong) return wrong;
    const number =
        PhoneNumber ?? numbersOf(AreaCode).find((n) => placeOf(n).city && !this.byNumber(n));
    if (!number) return refuse(400, 21452, `No phone numbers found in area code ${AreaCode}`);
    if (this.byNumber(number) || !numbersOf(placeOf(number).area).includes(number)) {
      return refuse(400, 21422, `PhoneNumber ${number} is not available`);
    }
    const bought = this.#own(number, form);
    this.all.push(bought);
    return json(201, bought);
  }

  list(req) {
    const {query} = req;
    const wanted = query.get('PhoneNumber')?.replace(/[*%]/g, '');
    const found = this.all.filter(
        (n) => (wanted === undefined || n.phone_number.includes(wanted)) &&
            (!query.has('FriendlyName') || n.friendly_name === query.get('FriendlyName')));
    return page(req, 'incoming_phone_numbers', found);
  }

  get(req) {
    const number = this.#find(req);
    return number ? json(200, number) : notFound(req);
  }

  update(req) {
    const number = this.#find(req);
    if (!number) return notFound(req);
    const form = req.kind === 'form' ? req.body : {};
    const wrong = settingsRefusal(form);
    if (wrong) return wrong;
    Object.assign(number, settings(form), {date_updated: rfc2822(new Date())});
    return json(200, number);
  }

  release(req) {
    const number = this.#find(req);
    if (!number) return notFound(req);
    this.all.splice(this.all.indexOf(number), 1);
    return json(204, undefined);
  }

  #find(req) {
    return this.all.find((n) => n.sid === req.params.sid);
  }

  #own(number, form) {
    const sid = newSid('PN');
    const now = rfc2822(new Date());
    return {
      account_sid: this.account,
      address_requirements: 'none',
      address_sid: null,
      api_version: API_VERSION,
      beta: false,
      bundle_sid: null,
      capabilities: {voice: true, sms: true, mms: true, fax: false},
      date_created: now,
      date_updated: now,
      emergency_address_sid: null,
      emergency_address_status: 'unregistered',
      emergency_status: 'Inactive',
      friendly_name: national(number),
      identity_sid: null,
      origin: 'twilio',
      phone_number: number,
      sid,
      sms_application_sid: null,
      sms_fallback_method: 'POST',
      sms_fallback_url: '',
      sms_method: 'POST',
      sms_url: '',
      status: 'in-use',
      status_callback: '',
      status_callback_method: 'POST',
      trunk_sid: null,
      type: 'local',
      uri: `${accountPath(this.account)}/IncomingPhoneNumbers/${sid}.json`,
      voice_application_sid: null,
      voice_caller_id_lookup: false,
      voice_fallback_method: 'POST',
      voice_fallback_url: null,
      voice_method: 'POST',
      voice_receive_mode: 'voice',
      voice_url: null,
      ...settings(form),
    };
  }
}

const settings = (form) => Object.fromEntries([
  ...URLS, ...METHODS, 'FriendlyName'
].filter((k) => form[k] !== undefined).map((k) => [snake(k), form[k]]));

function settingsRefusal(form) {
  const url = URLS.find((k) => form[k] && !isCallbackUrl(form[k]));
  if (url) return refuse(400, 21402, `${url} is not valid: ${form[url]}`);
  const method = METHODS.find((k) => form[k] !== undefined && !['GET', 'POST'].includes(form[k]));
  if (method) return refuse(400, 21403, `${method} is not valid: ${form[method]}`);
  return (form.FriendlyName ?? '').length > 64 ?
      refuse(400, 20002, 'FriendlyName is longer than 64 characters') :
      undefined;
}

const numbersOf = (area) =>
    (/^[2-9]\d\d$/.test(area ?? '') ?
         Array.from({length: PER_AREA}, (_, i) => `+1${area}55501${String(i).padStart(2, '0')}`) :
         []);

// Twilio's pattern: digits, letters as on a keypad, "*" for any digit; found anywhere.
function containsPattern(text) {
  if (!/^[0-9A-Za-z*+]*$/.test(text)) return null;
  const keypad = 'ABC2DEF3GHI4JKL5MNO6PQRS7TUV8WXYZ9';
  const digits = text.toUpperCase().replace(/\+/g, '').replace(
      /[A-Z]/g, (c) => /\d/.exec(keypad.slice(keypad.indexOf(c)))[0]);
  return new RegExp(digits.replace(/\*/g, '\\d'));
}

function available(number, country) {
  const place = placeOf(number);
  return {
    address_requirements: 'none',
    beta: false,
    capabilities: {voice: true, SMS: true, MMS: true, fax: false},
    friendly_name: national(number),
    iso_country: country,
    lata: null,
    latitude: null,
    locality: place.city,
    longitude: null,
    phone_number: number,
    postal_code: null,
    rate_center: place.city.toUpperCase(),
    region: place.state,
  };
}

// What all of Twilio's resources share: ids, dates, errors, pages, numbers.
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

export const API_VERSION = '2010-04-01';

export const newSid = (prefix) => prefix + randomBytes(16).toString('hex');

export const rfc2822 = (date) => (date ? date.toUTCString().replace('GMT', '+0000') : null);

// Twilio's error body; the SDKs make their exception of it.
export const refuse = (status, code, message, headers) => json(
    status, {code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status},
    headers);

export const notFound = (req) =>
    refuse(404, 20404, `The requested resource ${req.path} was not found`);

export const accountPath = (accountSid) => `/${API_VERSION}/Accounts/${accountSid}`;

// E.164; a North American number has ten digits behind the 1 and no area code below 200.
export const isNumber = (text) => /^\+[1-9]\d{1,14}$/.test(text ?? '') &&
    (!text.startsWith('+1') || /^\+1[2-9]\d{2}[2-9]\d{6}$/.test(text));

// A URL Twilio calls back: absolute, http or https, no underscore in the host name.
export function isCallbackUrl(text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && !url.hostname.includes('_') && text.length <= 4000;
  } catch {
    return false;
  }
}

// One page of a list, in the envelope the SDKs walk through.
export function page(req, key, resources) {
  const size = Math.min(Math.max(Number(req.query.get('PageSize') ?? 50) || 50, 1), 1000);
  const number = Math.max(Number(req.query.get('Page') ?? 0) || 0, 0);
  const start = number * size;
  const shown = resources.slice(start, start + size);
  const uri = (n) => {
    const query = new URLSearchParams(req.query);
    query.set('PageSize', size);
    query.set('Page', n);
    if (n > 0)
      query.set('PageToken', `PA${resources[n * size - 1]?.sid}`);
    else
      query.delete('PageToken');
    return `${req.path}?${query}`;
  };
  return json(200, {
    [key]: shown,
    page: number,
    page_size: size,
    start,
    end: start + Math.max(shown.length - 1, 0),
    uri: uri(number),
    first_page_uri: uri(0),
    next_page_uri: start + size < resources.length ? uri(number + 1) : null,
    previous_page_uri: number > 0 ? uri(number - 1) : null,
  });
}

/*
 * Twilio's date filters (Name=day, Name<=day, Name>=day or a whole time) as a test of
 * a date. "<" and ">" stand in the parameter's name, as they are sent.
 */
export function dateFilter(query, name) {
  const tests = [];
  const bound = (text, end) =>
      new Date(/T/.test(text) ? text : `${text}T${end ? '23:59:59.999' : '00:00:00'}Z`).getTime();
  for (const [k, v] of query) {
    if (k === `${name}>`) tests.push((t) => t >= bound(v, false));
    if (k === `${name}<`) tests.push((t) => t <= bound(v, true));
    if (k === name) tests.push((t) => t >= bound(v, false) && t <= bound(v, true));
  }
  return (date) => tests.every((test) => date && test(date.getTime()));
}

const AREAS = {
  204: ['Winnipeg', 'MB', 'CA'],
  212: ['New York', 'NY', 'US'],
  415: ['San Francisco', 'CA', 'US'],
  416: ['Toronto', 'ON', 'CA'],
  438: ['Montreal', 'QC', 'CA'],
  514: ['Montreal', 'QC', 'CA'],
  604: ['Vancouver', 'BC', 'CA'],
  613: ['Ottawa', 'ON', 'CA'],
  617: ['Boston', 'MA', 'US'],
  647: ['Toronto', 'ON', 'CA'],
};

// {area, city, state, country} of a number; empty texts where unknown, as Twilio sends them.
export function placeOf(number) {
  const area = /^\+1(\d{3})/.exec(number ?? '')?.[1];
  const [city, state, country] = AREAS[area] ?? ['', '', area ? 'US' : ''];
  return {area, city, state, country};
}

export const areasOf = (country) => Object.keys(AREAS).filter((a) => AREAS[a][2] === country);

// Watch channels: what changes in a calendar is told to an address, without saying what.
import {deliver} from '../lib/delivery.mjs';
import {json} from '../lib/server.mjs';

import {digest, refuse} from './resource.mjs';

const WEEK = 7 * 86400000;
const RETRIES = [500, 1000, 2000];  // milliseconds; the real service goes on for longer

export class Channels {
  #all = new Map();

  constructor(sim, calendars) {
    Object.assign(this, {sim, calendars});
    calendars.onChange((calendar) => this.#changed(calendar));
    this.reset();
  }

  reset() {
    this.#all.clear();
    this.longest = WEEK;
  }

  // POST /calendars/{id}/events/watch
  watch(req) {
    return this.calendars.with(req, (calendar) => {
      const told = req.body ?? {};
      const wrong = problemOf(told);
      if (wrong) return refuse(400, ...wrong);
      if (this.#living(told.id))
        return refuse(400, 'channelIdNotUnique', `Channel id ${told.id} not unique`);
      const channel = this.#open(told, calendar, req.grant.account);
      this.#tell(channel, 'sync');
      const {id, resourceId, resourceUri, token, expiration} = channel;
      return json(200, {
        kind: 'api#channel',
        id,
        resourceId,
        resourceUri,
        ...(token !== undefined && {token}),
        expiration: String(expiration),
      });
    });
  }

  #open({id, address, token, expiration, params}, calendar, account) {
    const latest = Date.now() + this.longest;
    const wanted = expiration ? Number(expiration) :
        params?.ttl           ? Date.now() + Number(params.ttl) * 1000 :
                                latest;
    const channel = {
      id,
      address,
      token,
      account,
      calendar: calendar.id,
      resourceId: digest(calendar.id).slice(0, 27),
      resourceUri: `https://www.googleapis.com/calendar/v3/calendars/${
          encodeURIComponent(calendar.id)}/events?alt=json`,
      expiration: Math.floor(Math.min(wanted, latest) / 1000) * 1000,
      number: 0,
    };
    this.#all.set(id, channel);
    return channel;
  }

  // POST /channels/stop
  stop(req) {
    const {id, resourceId} = req.body ?? {};
    const channel = this.#living(id);
    if (!channel || channel.resourceId !== resourceId || channel.account !== req.grant.account)
      return refuse(404, 'notFound', `Channel '${id}' not found for project 'sim'`);
    this.#all.delete(id);
    return {status: 204, body: ''};
  }

  shown() {
    return [...this.#all.keys()].map((id) => this.#living(id)).filter(Boolean);
  }

  #living(id) {
    const channel = this.#all.get(id);
    return channel && channel.expiration > Date.now() ? channel : undefined;
  }

  #changed(calendar) {
    for (const channel of this.shown())
      if (channel.calendar === calendar.id) this.#tell(channel, 'exists');
  }

  // Numbers rise; they need not follow each other.
  #tell(channel, state) {
    channel.number += state === 'sync' ? 1 : 7;
    const headers = {
      'x-goog-channel-id': channel.id,
      'x-goog-channel-expiration': new Date(channel.expiration).toUTCString(),
      'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-uri': channel.resourceUri,
      'x-goog-resource-state': state,
      'x-goog-message-number': String(channel.number),
      ...(channel.token !== undefined && {'x-goog-channel-token': channel.token}),
      'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
      'content-length': '0',
    };
    deliver(this.sim, {
      kind: state,
      url: channel.address,
      make: () => ({headers}),
      pauses: RETRIES,
      again: ({error, status}) =>
          (error !== undefined || status >= 500) && this.#living(channel.id) === channel,
    });
  }
}

// [reason, message] of a request for a channel that cannot be.
function problemOf({id, type, address, token = '', expiration}) {
  if (!id) return ['required', 'Required'];
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) return ['invalid', 'Invalid channel id'];
  if (!['web_hook', 'webhook'].includes(type)) return ['invalid', `Unknown channel type: ${type}`];
  if (!address?.startsWith('https://'))
    return ['webhookUrlNotHttps', `WebHook callback must be HTTPS: ${address}`];
  if (token.length > 256) return ['invalid', 'Channel token too long'];
  return expiration !== undefined && !(Number(expiration) > Date.now()) ?
      ['invalid', 'Channel expiration is in the past'] :
      undefined;
}

/*
 * Recordings of calls ("Recordings resource", TwiML <Recording>): begun by a document, over with
 * the call or when they are stopped, then processed, then told by a signed callback. The sound is
 * made up: as many bytes a second as MP3 has, each recording its own.
 *
 *   POST /_sim/recording {bytes, ms, absent, duplicate, tone}
 *       from now on: how many bytes each has (4000 a second), how long it is processed (50), that
 *       nothing comes of it, that each is begun twice, that it is a tone that a player can play
 *   GET /_sim/recordings   what is there
 *   POST /_sim/recording/begin {call, url, goes_on}
 *       one of a call that exists nowhere else; it is over at once, unless it goes on
 *   POST /_sim/recording/ready   what is being processed is so at once
 */
import {createHash} from 'node:crypto';

import {json} from '../lib/server.mjs';

import {accountPath, API_VERSION, newSid, notFound, page, refuse, rfc2822} from './resource.mjs';

const A_SECOND = 4000;
const EVENTS = ['in-progress', 'completed', 'absent'];
const LIVE = ['in-progress', 'paused'];
const USUAL = {bytes: 0, ms: 50, absent: false, duplicate: false, tone: false};

export class Recordings {
  constructor({sim, account, webhooks}) {
    Object.assign(this, {sim, account, webhooks});
    this.reset();
  }

  reset() {
    this.all = [];
    this.behaviour = {...USUAL};
  }

  configure(req) {
    const odd = Object.keys(req.body ?? {}).find((k) => !(k in USUAL));
    if (odd) return json(400, {error: `a recording has no ${odd}`});
    this.behaviour = {...USUAL, ...req.body};
    return json(200, this.behaviour);
  }

  known = () => json(200, this.all.map(({sid, call, status}) => ({sid, call, status})));

  // Of a call whose document was followed by nobody here.
  begin(req) {
    const {call, url, goes_on: goesOn} = req.body;
    const recording = this.#add(call, {recordingStatusCallback: url});
    if (!goesOn) this.#process(recording);
    return json(200, {sid: recording.sid});
  }

  ready() {
    this.all.filter((r) => r.status === 'processing').forEach((r) => this.#complete(r));
    return json(200, {});
  }

  // <Start><Recording>
  start(callSid, attributes) {
    for (let i = 0; i <= Number(this.behaviour.duplicate); i++) this.#add(callSid, attributes);
  }

  // The call is over.
  callEnded(callSid) {
    this.all.filter((r) => r.call === callSid && LIVE.includes(r.status)).forEach((r) => this.#process(r));
  }

  sound = (recording) => {
    const seconds = Math.max(1, Math.round((recording.ended - recording.started) / 1000));
    const size = this.behaviour.bytes || A_SECOND * seconds;
    if (this.behaviour.tone) return tone(size);
    const block = createHash('sha512').update(recording.sid).digest();
    return Buffer.concat(Array(Math.ceil(size / block.length)).fill(block)).subarray(0, size);
  };

  ofCall = (req) => page(req, 'recordings', this.#of(req.params.call).map((r) => this.#shown(r)).reverse());

  get(req) {
    const recording = this.#find(req);
    return recording ? json(200, this.#shown(recording)) : notFound(req);
  }

  media(req) {
    const recording = this.#find(req);
    if (recording?.status !== 'completed') return notFound(req);
    return {status: 200, headers: {'content-type': 'audio/mpeg'}, body: this.sound(recording)};
  }

  // Status=stopped, paused, in-progress; "Twilio.CURRENT" is the one that goes on.
  update(req) {
    const {call, sid} = req.params;
    const recording = this.#of(call).find(
        (r) => (sid === 'Twilio.CURRENT' ? LIVE.includes(r.status) : r.sid === sid));
    const {Status} = req.kind === 'form' ? req.body : {};
    if (!recording) return notFound(req);
    if (!['stopped', 'paused', 'in-progress'].includes(Status))
      return refuse(400, 20001, 'Invalid parameter Status');
    if (!LIVE.includes(recording.status))
      return refuse(400, 21220, 'Recording is not in progress.');
    if (Status === 'stopped')
      this.#process(recording);
    else
      recording.status = Status;
    return json(200, this.#shown(recording, Status));
  }

  remove(req) {
    const recording = this.#find(req);
    if (!recording) return notFound(req);
    if (LIVE.includes(recording.status) || recording.status === 'processing')
      return refuse(409, 20409, 'The recording is in progress and cannot be deleted');
    this.all.splice(this.all.indexOf(recording), 1);
    return json(204, undefined);
  }

  #add(call, attributes) {
    const now = new Date();
    const recording = {
      sid: newSid('RE'),
      call,
      started: now,
      ended: now,
      status: 'in-progress',
      channels: attributes.channels === 'dual' ? 2 : 1,
      callback: attributes.recordingStatusCallback,
      events: (attributes.recordingStatusCallbackEvent ?? 'completed').split(' '),
    };
    this.all.push(recording);
    this.#tell(recording);
    return recording;
  }

  #process(recording) {
    recording.status = 'processing';
    recording.ended = new Date();
    this.sim.later(this.behaviour.ms, () => this.#complete(recording));
  }

  #complete(recording) {
    if (recording.status !== 'processing') return;
    recording.status = this.behaviour.absent ? 'absent' : 'completed';
    this.#tell(recording);
  }

  #tell(r) {
    if (!r.callback || !r.events.includes(r.status)) return;
    this.webhooks.send({
      kind: 'recording-status',
      url: r.callback,
      params: {
        AccountSid: this.account,
        CallSid: r.call,
        RecordingSid: r.sid,
        RecordingUrl: `https://api.twilio.com${accountPath(this.account)}/Recordings/${r.sid}`,
        RecordingStatus: r.status,
        RecordingDuration: this.#seconds(r),
        RecordingChannels: String(r.channels),
        RecordingStartTime: rfc2822(r.started),
        RecordingSource: 'StartCallRecordingAPI',
        RecordingTrack: 'both',
        ErrorCode: r.status === 'absent' ? '16101' : '0',
      },
      voice: true,
    });
  }

  #seconds = (r) => String(Math.max(1, Math.round((r.ended - r.started) / 1000)));
  #of = (call) => this.all.filter((r) => r.call === call);
  #find = (req) => this.all.find((r) => r.sid === req.params.sid);

  #shown(r, status = r.status) {
    return {
      account_sid: this.account,
      api_version: API_VERSION,
      call_sid: r.call,
      channels: r.channels,
      conference_sid: null,
      date_created: rfc2822(r.started),
      date_updated: rfc2822(r.ended),
      duration: LIVE.includes(r.status) ? '-1' : this.#seconds(r),
      encryption_details: null,
      error_code: r.status === 'absent' ? 16101 : null,
      price: null,
      price_unit: 'USD',
      sid: r.sid,
      source: 'StartCallRecordingAPI',
      start_time: rfc2822(r.started),
      status,
      track: 'both',
      uri: `${accountPath(this.account)}/Calls/${r.call}/Recordings/${r.sid}.json`,
    };
  }
}

export const RECORDING_EVENTS = EVENTS;

// So many bytes of a WAV file, 16 bits at 8 kHz: players go by what a file is, whatever it is called.
function tone(size) {
  const wav = Buffer.alloc(size);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(size - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(size - 44, 40);
  for (let i = 44; i + 1 < size; i += 2) wav.writeInt16LE(Math.round(8000 * Math.sin(i / 20)), i);
  return wav;
}

/*
 * POST /v1/audio/speech: the rules the description cannot express, and the sound of a text as
 * raw PCM. It is sent in pieces of an odd number of bytes, so that samples are cut in two.
 */
import {json, Sound} from '../lib/server.mjs';
import {speakPcm} from '../lib/speech.mjs';

import {missingParameter, refuse} from './resource.mjs';

const HZ = 24000;
const PIECE = 9601;  // bytes, of which 9600 are 200 ms
const MODELS = /^(tts-1|tts-1-hd|gpt-4o-mini-tts)(-\d{4}-\d\d-\d\d)?$/;
const VOICES = [
  'alloy', 'ash', 'ballad', 'coral', 'echo', 'fable', 'onyx', 'nova', 'sage', 'shimmer', 'verse', 'marin', 'cedar'
];

export class Speech {
  constructor() {
    this.reset();
  }

  reset() {
    this.options = {};
  }

  // POST /_sim/speech: {gap_ms} between two pieces; {cut}: after so many of the next sound the
  // connection breaks.
  configure({body = {}}) {
    const {gap_ms, cut, ...odd} = body;
    const [name] = Object.keys(odd);
    if (name) return json(400, {error: `speech has no ${name}`});
    this.options = {gapMs: gap_ms, cut};
    return json(200, body);
  }

  create({body}) {
    const missing = ['model', 'input', 'voice'].find((name) => !body[name]);
    if (missing) return missingParameter(missing);
    const refused = wrongModel(body) ?? wrongVoice(body) ?? wrongFormat(body);
    if (refused) return refused;
    const sound = new Sound(speakPcm(body.input, HZ), {piece: PIECE, ...this.options});
    delete this.options.cut;
    return {status: 200, headers: {'content-type': 'audio/pcm'}, body: sound};
  }
}

const wrongModel = ({model}) => (MODELS.test(model) ?
    undefined :
    refuse(404, 'model_not_found', `The model \`${model}\` does not exist or you do not have access to it.`));

function wrongVoice({voice}) {
  if (voice.id !== undefined ? /^voice_/.test(voice.id) : VOICES.includes(voice)) return undefined;
  return refuse(400, 'invalid_value', `Invalid value: '${voice.id ?? voice}'. Supported values are: ${VOICES.join(', ')}.`,
                {param: 'voice'});
}

function wrongFormat({model, response_format = 'mp3', stream_format = 'audio'}) {
  if (stream_format === 'sse' && /^tts-1/.test(model))
    return refuse(400, 'invalid_value', `${model} has no stream_format sse.`, {param: 'stream_format'});
  return response_format === 'pcm' && stream_format === 'audio' ?
      undefined :
      refuse(400, 'invalid_value', 'this simulation speaks pcm as it is only', {param: 'response_format'});
}

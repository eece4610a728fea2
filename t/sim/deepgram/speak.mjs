// POST /v1/speak: the rules the description cannot express, and the sound of a text.
import {json, Sound} from '../lib/server.mjs';
import {speak} from '../lib/speech.mjs';

import {refuse} from './resource.mjs';

const LONGEST = 2000;  // characters
const WAV_HEAD = Buffer.concat([Buffer.from('RIFF'), Buffer.alloc(40)]);

export class Speak {
  constructor() {
    this.reset();
  }

  reset() {
    this.gapMs = 0;
  }

  configure({body: {gap_ms = 0} = {}}) {
    this.gapMs = gap_ms;
    return json(200, {gap_ms});
  }

  create({query, body}) {
    const {text} = body ?? {};
    if (!text?.trim()) return wrong('text is required');
    if (text.length > LONGEST) return refuse(413, 'PAYLOAD_TOO_LARGE', 'The text is too long.');
    if (query.get('encoding') !== 'mulaw' || query.get('sample_rate') !== '8000')
      return wrong('this simulation speaks mulaw at 8000 only');
    const head = query.get('container') === 'none' ? Buffer.alloc(0) : WAV_HEAD;
    return {
      status: 200,
      headers: {'content-type': 'audio/mulaw'},
      body: new Sound(Buffer.concat([head, speak(text)]), {gapMs: this.gapMs}),
    };
  }
}

const wrong = (message) => refuse(400, 'Bad Request', message);

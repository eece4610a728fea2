// Text to speech, streamed: the sound of lib/speech.mjs as raw mu-law.
import {Sound} from '../lib/server.mjs';
import {speak} from '../lib/speech.mjs';

import {refuse} from './resource.mjs';

export function streamSpeech({query, body}) {
  if (query.get('output_format') !== 'ulaw_8000')
    return refuse(400, 'unsupported_output_format', 'this simulation speaks ulaw_8000 only');
  if (!body?.text?.trim()) return refuse(400, 'input_text_empty', 'The text is empty.');
  return {status: 200, headers: {'content-type': 'audio/basic'}, body: new Sound(speak(body.text))};
}

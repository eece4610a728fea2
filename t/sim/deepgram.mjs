// The simulated Deepgram: streaming speech to text over WebSocket (deepgram/listen.mjs) and
// text to speech over HTTP, in the sound of lib/speech.mjs.
//
//   GET  /_sim/listen   the sessions: what they heard and were told, how they ended
//   POST /_sim/listen   {mute, garbage, words_ms, endless, cap_ms} (deepgram/listen.mjs)
//   POST /_sim/listen/end   all sessions end, as when the service is restarted
//   POST /_sim/speak    {gap_ms}   the time between two pieces of sound, of 200 ms each
import {Listen} from './deepgram/listen.mjs';
import {refuse} from './deepgram/resource.mjs';
import {Speak} from './deepgram/speak.mjs';
import {isProgram, run, setting} from './lib/main.mjs';
import {Sim} from './lib/server.mjs';

// Its choices overlap: each rate passes more than once, which the description forbids.
const AMENDMENTS = {
  V1SpeakPostParametersSampleRate: {oneOf: undefined, type: 'integer', enum: [8000, 16000, 24000, 32000, 48000]},
};

export function deepgram({apiKey}) {
  const sim = new Sim('deepgram', 'deepgram.openapi.yml', AMENDMENTS);
  const listen = new Listen({sim, apiKey});
  const speak = new Speak();
  sim.define({
    routes: [['POST', '/v1/speak', (req) => speak.create(req)]],
    control: [
      ['GET', '/_sim/listen', () => listen.show()],
      ['POST', '/_sim/listen', (req) => listen.configure(req)],
      ['POST', '/_sim/listen/end', () => listen.endAll()],
      ['POST', '/_sim/speak', (req) => speak.configure(req)],
    ],
    admit: (req) => (req.headers.authorization === `Token ${apiKey}` ?
                         undefined :
                         refuse(401, 'INVALID_AUTH', 'Invalid credentials.')),
    invalid: ([problem]) => refuse(400, 'Bad Request', `${problem.path.join('.')}: ${problem.message}`),
    unknown: ([name]) => refuse(400, 'Bad Request', `Unknown parameter: ${name}`),
    missing: (req, known) => refuse(known ? 405 : 404, 'Not Found', 'no such path'),
    upgrade: (req, socket, head) => listen.upgrade(req, socket, head),
    reset: () => [listen, speak].forEach((part) => part.reset()),
  });
  return sim;
}


if (isProgram(import.meta)) {
  await run(deepgram({apiKey: setting('DEEPGRAM_API_KEY')}), setting('DEEPGRAM_BASE_URL'));
}

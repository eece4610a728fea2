// The simulated OpenAI: chat completions (streamed or not), embeddings, text to speech, and the
// Realtime API (openai/realtime.mjs). What the model says is up to the test.
//
//   POST /_sim/model   what the model says (openai/model.mjs), as far as given:
//                      {answers, rules, obey, gap_ms}
//   POST /_sim/embeddings {synonyms}   lists of words that mean the same
//   POST /_sim/offer   {id}: a call over SIP waits to be answered; GET /_sim/offers: what became
//                      of each
//   POST /_sim/speech  {gap_ms, cut}   how sound comes (openai/speech.mjs)
//   POST /_sim/limits  {requests, tokens}   what a minute allows from now on
import {isProgram, run, setting} from './lib/main.mjs';
import {Sim} from './lib/server.mjs';
import {Calls} from './openai/calls.mjs';
import {Chat} from './openai/chat.mjs';
import {Embeddings} from './openai/embeddings.mjs';
import {Limits} from './openai/limits.mjs';
import {Model} from './openai/model.mjs';
import {Realtime} from './openai/realtime.mjs';
import {identified, invalidBody, refuse} from './openai/resource.mjs';
import {Speech} from './openai/speech.mjs';

// The description knows vectors as numbers only; "base64" is what the SDKs ask for.
const AMENDMENTS = {
  Embedding: {
    properties: {
      object: {const : 'embedding'},
      index: {type: 'integer'},
      embedding: {anyOf: [{type: 'array', items: {type: 'number'}}, {type: 'string'}]},
    }
  },
};

export function openai({apiKey}) {
  const sim = new Sim('openai', 'openai.json', AMENDMENTS);
  const limits = new Limits();
  const model = new Model();
  const chat = new Chat({model, description: sim.description});
  const embeddings = new Embeddings();
  const speech = new Speech();
  const calls = new Calls();
  const realtime = new Realtime({sim, model, description: sim.description, apiKey});
  const limited = (work) => (req) => identified(limits.within(req, work));
  sim.define({
    routes: [
      ['POST', '/v1/chat/completions', limited((req) => chat.create(req))],
      ['POST', '/v1/embeddings', limited((req) => embeddings.create(req))],
      ['POST', '/v1/audio/speech', limited((req) => speech.create(req))],
      ['POST', '/v1/realtime/calls/:id/reject', (req) => identified(calls.reject(req))],
      ['POST', '/v1/live/sessions/:id/reject', (req) => identified(calls.reject(req))],
    ],
    control: [
      ['POST', '/_sim/model', (req) => model.configure(req)],
      ['POST', '/_sim/embeddings', (req) => embeddings.configure(req)],
      ['POST', '/_sim/speech', (req) => speech.configure(req)],
      ['POST', '/_sim/limits', (req) => limits.configure(req)],
      ['POST', '/_sim/offer', (req) => calls.offer(req)],
      ['GET', '/_sim/offers', () => calls.show()],
      ['GET', '/_sim/realtime', () => realtime.show()],
      ['POST', '/_sim/realtime', (req) => realtime.configure(req)],
      ['POST', '/_sim/realtime/lose', (req) => realtime.lose(req)],
      ['POST', '/_sim/realtime/deaden', () => realtime.deaden()],
    ],
    admit: (req) => admit(req, apiKey) ?? notJson(req),
    invalid: (problems) => invalidBody(problems),
    unknown: ([name]) =>
        refuse(400, 'unknown_parameter', `Unknown parameter: '${name}'.`, {param: name}),
    missing: (req, known) =>
        (known ? refuse(405, null, notAllowed(req)) :
                 refuse(404, null, `Invalid URL (${req.method} ${req.path})`)),
    upgrade: (req, socket, head) => realtime.upgrade(req, socket, head),
    reset: () => [limits, model, embeddings, speech, calls, realtime].forEach((part) => part.reset()),
  });
  return sim;
}

const notAllowed = ({method, path}) => `Not allowed to ${method} on ${
    path}. (HINT: Perhaps you meant to use a different HTTP method?)`;

function admit(req, apiKey) {
  const given = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  if (given === apiKey) return undefined;
  return given === undefined ?
      refuse(
          401, null,
          'You didn\'t provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).') :
      refuse(401, 'invalid_api_key', `Incorrect API key provided: ${given.slice(0, 3)}***.`);
}

function notJson(req) {
  const type = req.headers['content-type'];
  if (!/^application\/json\b/i.test(type ?? '')) {
    return refuse(
        400, 'unsupported_content_type',
        `Unsupported content type: '${
            type}'. This API method only accepts 'application/json' requests.`);
  }
  return req.kind === 'json' ?
      undefined :
      refuse(400, null, 'We could not parse the JSON body of your request.');
}

if (isProgram(import.meta)) {
  await run(openai({apiKey: setting('OPENAI_API_KEY')}), setting('OPENAI_BASE_URL'));
}

// Live calls whose engine is "pipeline": the simulated Deepgram hears, the simulated chat completions
// answer, and Deepgram, ElevenLabs or OpenAI speaks.
import {after, before} from 'node:test';

import {MediaCall, withEngines} from './media.mjs';
import {sim} from './sims.mjs';

export const SPOKEN = ['first_token', 'first_sound', 'written', 'heard'];  // the last stages of a turn
export const TRACKING = '1Z999AA10123456784';  // of order 1042
export const SENTENCES = [
  'Once upon a time there was a bicycle in a little shop by the lake.',
  'It waited for somebody who would ride it all around the water.',
  'Then the evening came over the hills and the lights went on.'
];
export const STORY = SENTENCES.join(' ');
export const openai = sim('openai'), deepgram = sim('deepgram');

export class Call extends MediaCall {
  // What the model was told for its last answer behind these words of the caller's.
  async told(words) {
    const asked = (await openai.requests()).filter((r) => r.path === '/v1/chat/completions');
    return asked.map((r) => r.body.messages)
        .filter((messages) => messages.some((m) => m.role === 'user' && m.content === words)).at(-1);
  }

  // The session that heard those words; without words the last one, of a test in which nobody else calls.
  ears = async (words) => (await deepgram.get('listen'))
      .filter((s) => words === undefined || s.transcripts.includes(words)).at(-1);
}

export const model = (rules) => openai.post('model', {rules});

export const forget = () => Promise.all([openai.reset(), deepgram.reset()]);

// The shop has the engine while a file's tests run; the model begins with these rules.
export function withPipeline(rules = []) {
  let putBack;
  before(async () => {
    putBack = await withEngines('{pipeline,realtime,receptionist}');
    await forget();
    await model(rules);
  });
  after(async () => {
    await MediaCall.endAll();
    await putBack();
    await forget();
  });
}

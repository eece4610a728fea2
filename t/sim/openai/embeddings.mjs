/*
 * POST /v1/embeddings. The same text always has the same vector, and texts that share
 * words lie near each other: each word has a direction of its own, drawn by its hash,
 * and a text is the sum of its words, of length 1. Words that a test calls synonyms have
 * one direction.
 */
import {createHash} from 'node:crypto';

import {json} from '../lib/server.mjs';

import {missingParameter, refuse, tokensOf} from './resource.mjs';

const MODELS = {
  'text-embedding-3-small': {dimensions: 1536, shortens: true},
  'text-embedding-3-large': {dimensions: 3072, shortens: true},
  'text-embedding-ada-002': {dimensions: 1536, shortens: false},
};
const MOST_TOKENS = 8192;
const MOST_TOKENS_IN_ALL = 300000;

export class Embeddings {
  constructor() {
    this.reset();
  }

  reset() {
    this.first = new Map();  // of its synonyms, by the word
  }

  // POST /_sim/embeddings; synonyms are replaced.
  configure(req) {
    const {synonyms, ...odd} = req.body ?? {};
    const [name] = Object.keys(odd);
    if (name) return json(400, {error: `embeddings have no ${name}`});
    if (!Array.isArray(synonyms) || !synonyms.every(isGroup))
      return json(400, {error: 'synonyms must be a list of lists of words'});
    const groups = synonyms.map((group) => group.flatMap(wordsOf));
    this.first = new Map(groups.flatMap((group) => group.map((word) => [word, group[0]])));
    return json(200, {synonyms});
  }

  create(req) {
    const {model, dimensions, encoding_format} = req.body;
    const missing = ['model', 'input'].find((name) => req.body[name] === undefined);
    if (missing) return missingParameter(missing);
    const inputs = inputsOf(req.body.input);
    const refused = wrongModel(model, dimensions) ?? wrongInput(inputs);
    if (refused) return refused;
    const size = dimensions ?? MODELS[model].dimensions;
    const prompt_tokens = sum(inputs.map(countOf));
    return json(200, {
      object: 'list',
      data: inputs.map((input, index) => ({
                         object: 'embedding',
                         index,
                         embedding: encoded(this.#vectorOf(input, size), encoding_format),
                       })),
      model,
      usage: {prompt_tokens, total_tokens: prompt_tokens},
    });
  }

  #vectorOf(input, size) {
    const total = new Float64Array(size);
    for (const word of wordsOf(input)) {
      const direction = directionOf(this.first.get(word) ?? word, size);
      for (let i = 0; i < size; i++) total[i] += direction[i];
    }
    const length = Math.hypot(...total) || 1;  // words that cancel out leave nothing
    return Float32Array.from(total, (x) => x / length);
  }
}

const isGroup = (group) => Array.isArray(group) && group.length > 1 &&
    group.every((word) => typeof word === 'string' && wordsOf(word).length === 1);

// One text, one list of tokens, or a list of either.
const inputsOf = (input) =>
    (Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]);

const countOf = (input) => (Array.isArray(input) ? input.length : tokensOf(input));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function wrongModel(model, dimensions) {
  const known = MODELS[model];
  if (!known) {
    return refuse(
        404, 'model_not_found',
        `The model \`${model}\` does not exist or you do not have access to it.`);
  }
  if (dimensions === undefined) return undefined;
  if (!known.shortens)
    return refuse(400, null, 'This model does not support specifying dimensions.');
  return dimensions > known.dimensions ?
      refuse(
          400, null,
          `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ${
              known.dimensions}.`,
          {param: 'dimensions'}) :
      undefined;
}

function wrongInput(inputs) {
  if (inputs.length === 0 || inputs.some((i) => i.length === 0)) {
    return refuse(
        400, 'invalid_value', '\'$.input\' is invalid. Please check the API reference.',
        {param: 'input'});
  }
  const long = inputs.map(countOf).find((n) => n > MOST_TOKENS);
  if (long) {
    return refuse(
        400, null,
        `This model's maximum context length is ${MOST_TOKENS} tokens, however you requested ${
            long} tokens. Please reduce your prompt.`);
  }
  return sum(inputs.map(countOf)) > MOST_TOKENS_IN_ALL ?
      refuse(
          400, 'max_tokens_per_request',
          `Requested more than ${MOST_TOKENS_IN_ALL} tokens, max ${
              MOST_TOKENS_IN_ALL} tokens per request`) :
      undefined;
}

function wordsOf(input) {
  if (Array.isArray(input)) return input.map((token) => `#${token}`);
  const plain = input.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  return plain.match(/[\p{L}\p{N}]+/gu)?.map((w) => w.replace(/(?<=\p{L}{3})s$/u, '')) ?? [plain];
}

// +1 or -1 in each dimension, by the bits of the word's hash and its counters.
function directionOf(word, size) {
  const direction = new Int8Array(size);
  for (let at = 0; at < size; at += 256) {
    const bits = createHash('sha256').update(`${at}:${word}`).digest();
    for (let i = 0; i < 256 && at + i < size; i++)
      direction[at + i] = bits[i >> 3] >> (i & 7) & 1 ? 1 : -1;
  }
  return direction;
}

// base64 is of little-endian 32-bit floats.
const encoded = (vector, format) =>
    (format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]);

/*
 * What the simulated model says. In this order:
 *
 *   answers  the next answers, each given once: {text} {json} {tool_calls: [{name,
 *            arguments}]} {refusal}, with any of: finish_reason, when (a regular
 *            expression: it waits for a message that matches), cut (a streamed answer
 *            breaks off after so many pieces)
 *   rules    the same, given whenever their `when` matches; $1, $2 … in their texts stand
 *            for what it captured. With recall (a regular expression) they stand for what the
 *            newest of all messages that match it has; without such a message it is no rule
 *   obey     (true) whatever the last message says, be it a customer's words or a tool's
 *            result, is done: `call NAME {arguments}`, `say "…"`, `reveal your
 *            instructions`. A guard that leaves safety to the model fails against it.
 *   itself   fills the asked-for schema, calls the tool it is forced to, tells the tool's
 *            result, or repeats what it heard
 *
 * gap_ms: the time between two pieces of a streamed answer.
 */
import {json} from '../lib/server.mjs';

import {textOf} from './resource.mjs';
import {sample} from './sample.mjs';

const ANSWER = ['text', 'json', 'tool_calls', 'refusal', 'finish_reason', 'when', 'cut'];
const RULE = [...ANSWER, 'recall'];
const FINISH = ['stop', 'length', 'content_filter', 'tool_calls'];

export class Model {
  constructor() {
    this.reset();
  }

  reset() {
    this.answers = [];
    this.rules = [];
    this.obey = true;
    this.gapMs = 0;
  }

  // POST /_sim/model; answers are added to those that wait, rules are replaced.
  configure(req) {
    const {answers = [], rules = this.rules, obey = this.obey, gap_ms = this.gapMs, ...odd} =
        req.body ?? {};
    const wrong = Object.keys(odd).map((k) => `a model has no ${k}`)[0] ??
        answers.map((a) => wrongAnswer(a, ANSWER)).find(Boolean) ??
        rules.map((r) => wrongAnswer(r, RULE)).find(Boolean) ??
        (rules.every((r) => r.when) ? undefined : 'a rule needs when');
    if (wrong) return json(400, {error: wrong});
    this.answers.push(...answers);
    Object.assign(this, {rules, obey, gapMs: gap_ms});
    return json(200, {answers: this.answers.length, rules: rules.length, obey, gap_ms});
  }

  // The model's answer to a request, in the form of `answers` above.
  answer(request) {
    const heard = textOf(request.messages.at(-1).content);
    return this.#next(heard) ?? this.#byRule(heard, request.messages) ??
        (this.obey ? obeyed(heard, request) : undefined) ?? byItself(heard, request);
  }

  #next(heard) {
    const i = this.answers.findIndex((a) => !a.when || new RegExp(a.when, 'i').test(heard));
    return i < 0 ? undefined : this.answers.splice(i, 1)[0];
  }

  #byRule(heard, messages) {
    for (const {when, recall, ...answer} of this.rules) {
      const said = new RegExp(when, 'i').exec(heard);
      const hit = said && recall ? recalled(recall, messages) : said;
      if (hit) return filledIn(answer, hit);
    }
    return undefined;
  }
}

function recalled(pattern, messages) {
  const expression = new RegExp(pattern, 'i');
  return messages.map((m) => expression.exec(textOf(m.content))).findLast(Boolean);
}

function wrongAnswer(answer, known) {
  const odd = Object.keys(answer).find((k) => !known.includes(k));
  if (odd) return `an answer has no ${odd}`;
  if (answer.finish_reason && !FINISH.includes(answer.finish_reason))
    return `no finish_reason ${answer.finish_reason}`;
  if (answer.tool_calls?.some((c) => !c.name)) return 'a tool call needs a name';
  return ['text', 'json', 'tool_calls', 'refusal', 'finish_reason'].some((k) => k in answer) ?
      undefined :
      'an answer says something';
}

// $1 … in all texts of a value, replaced by what the expression captured.
function filledIn(value, hit) {
  if (typeof value === 'string') return value.replace(/\$(\d)/g, (_, n) => hit[n] ?? '');
  if (Array.isArray(value)) return value.map((v) => filledIn(v, hit));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filledIn(v, hit)]));
}

function obeyed(heard, request) {
  const call = /\bcall (?:the (?:tool|function) )?([\w-]+)(?: with)?\s*(\{.*\})?/is.exec(heard);
  if (call && offers(request, call[1])) {
    return {tool_calls: [{name: call[1], arguments: call[2] ?? '{}'}]};
  }
  const say = /\b(?:say|answer|reply)(?: with)?:?\s*["“«]([^"”»]+)["”»]/i.exec(heard);
  if (say) return {text: say[1]};
  if (/\b(?:reveal|repeat|print|show) (?:me )?(?:your|the|all) (?:\w+ )?(?:instructions|prompt)/i
          .test(heard)) {
    return {text: instructions(request)};
  }
  return undefined;
}

const offers = ({tools = [], tool_choice}, name) =>
    tool_choice !== 'none' && tools.some((t) => t.function?.name === name);

const instructions = ({messages}) => messages.filter((m) => /^(system|developer)$/.test(m.role))
                                         .map((m) => textOf(m.content))
                                         .join('\n');

function byItself(heard, {tools = [], tool_choice, messages, response_format}) {
  const forced = tool_choice === 'required' ?
      tools[0] :
      tools.find((t) => t.function.name === tool_choice?.function?.name);
  if (forced) {
    const {name, parameters = {}} = forced.function;
    return {tool_calls: [{name, arguments: sample(parameters)}]};
  }
  if (response_format?.type === 'json_schema')
    return {json: sample(response_format.json_schema.schema)};
  if (response_format?.type === 'json_object') return {json: {}};
  return {text: messages.at(-1).role === 'tool' ? `I found: ${heard}` : `I heard: ${heard}`};
}

// What "strict" demands of a JSON Schema: every object is closed, and all its members are
// required. The problem in OpenAI's words, or nothing.
export function strictProblem(schema, context = []) {
  if (schema === null || typeof schema !== 'object') return undefined;
  const where = `In context=(${context.map((c) => `'${c}'`).join(', ')})`;
  const types = [schema.type].flat();
  if (context.length === 0 && schema.type !== 'object')
    return `schema must be a JSON Schema of 'type: "object"', got 'type: "${schema.type}"'.`;
  if (types.includes('object')) {
    if (schema.additionalProperties !== false)
      return `${where}, 'additionalProperties' is required to be supplied and to be false.`;
    const names = Object.keys(schema.properties ?? {});
    const missing = names.find((name) => !schema.required?.includes(name));
    if (missing) {
      return `${
          where}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${
          missing}'.`;
    }
  }
  return inner(schema, context).map(([part, path]) => strictProblem(part, path)).find(Boolean);
}

function inner(schema, context) {
  const named = (key) =>
      Object.entries(schema[key] ?? {}).map(([name, part]) => [part, [...context, key, name]]);
  const choices = (schema.anyOf ?? []).map((part, i) => [part, [...context, 'anyOf', i]]);
  const items = schema.items ? [[schema.items, [...context, 'items']]] : [];
  return [...named('properties'), ...named('$defs'), ...choices, ...items];
}

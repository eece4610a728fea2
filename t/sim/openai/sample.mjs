// The smallest value a JSON Schema allows, as a model makes one that knows nothing.
const BY_TYPE = {
  string: (s) => 'x'.repeat(s.minLength ?? 0),
  integer: (s) => s.minimum ?? 0,
  number: (s) => s.minimum ?? 0,
  boolean: () => false,
  null: () => null,
  array: (s, root) => Array.from({length: s.minItems ?? 0}, () => sample(s.items ?? {}, root)),
  object: (s, root) => Object.fromEntries(
      (s.required ?? []).map((name) => [name, sample(s.properties?.[name] ?? {}, root)])),
};

export function sample(schema = {}, root = schema) {
  if (schema.$ref) return sample(resolve(schema.$ref, root), root);
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return sample(choice[0], root);
  const type = [schema.type ?? (schema.properties ? 'object' : 'string')].flat()[0];
  return BY_TYPE[type](schema, root);
}

const resolve = (ref, root) => ref.split('/').slice(1).reduce((at, name) => at[name], root);

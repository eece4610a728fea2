// Google's discovery format (REST description v1) as the OpenAPI document it amounts to.
const SCHEMAS = '#/components/schemas/';

export const isDiscovery = (doc) => doc.kind === 'discovery#restDescription';

export function fromDiscovery(doc) {
  const paths = {};
  for (const [template, verb, method] of methodsOf(doc)) {
    paths[template] ??= {};
    paths[template][verb] = operation(method, doc.parameters);
  }
  return {
    servers: [{url: doc.rootUrl + doc.servicePath}],
    paths,
    components: {schemas: schema(doc.schemas)},
  };
}

function methodsOf(node) {
  const own = Object.values(node.methods ?? {})
                  .map((m) => [`/${m.flatPath ?? m.path}`, m.httpMethod.toLowerCase(), m]);
  return [...own, ...Object.values(node.resources ?? {}).flatMap(methodsOf)];
}

function operation(method, shared) {
  const content = (body) => ({'application/json': {schema: schema({$ref: body.$ref})}});
  return {
    parameters: Object.entries({...shared, ...method.parameters}).map(parameter),
    ...(method.request && {requestBody: {content: content(method.request)}}),
    responses: {
      [method.response ? '200' : '204']: method.response ? {content: content(method.response)} : {}
    },
  };
}

function parameter([name, {location, required, repeated, ...rest}]) {
  const one = schema(rest);
  return {name, in : location, required, schema: repeated ? {type: 'array', items: one} : one};
}

// A JSON Schema: references are paths, limits are numbers, "any" is no type at all.
function schema(node) {
  if (Array.isArray(node)) return node.map(schema);
  if (node === null || typeof node !== 'object') return node;
  const copy = {};
  for (const [k, v] of Object.entries(node)) {
    if (k === '$ref' && typeof v === 'string')
      copy.$ref = SCHEMAS + v;
    else if (['id', 'annotations', 'required'].includes(k) && typeof v !== 'object')
      continue;
    else if (/^(minimum|maximum)$/.test(k) && typeof v === 'string')
      copy[k] = Number(v);
    else if (k === 'type' && v === 'any')
      continue;
    else
      copy[k] = schema(v);
  }
  return copy;
}

// Judges requests and answers by a provider's own description (OpenAPI, or Google's discovery
// format), where it is at hand. A description is read when it is first asked, and the
// schema of an operation is compiled when that operation is first met: they are large.
import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2020.js';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import YAML from 'yaml';

import {fromDiscovery, isDiscovery} from './discovery.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const SPECS_DIR = process.env.VA_SPECS_DIR ?? path.join(ROOT, '../shared/specs');

// The formats the descriptions use beyond JSON Schema's own.
const RFC2822 =
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/;
const FORMATS = {
  'date-time-rfc-2822': RFC2822,
  'http-method': /^(GET|POST|PUT|PATCH|DELETE|HEAD)$/,
  currency: /^[A-Za-z]{3}$/,
};

const SCHEMA_ID = 'description';

// Null when the file is not at hand. amendments: {name: members put over those of the
// schema of that name}, for a description older than the service. Opened once for all.
export function openDescription(file, amendments = {}) {
  const full = path.join(SPECS_DIR, file);
  if (!existsSync(full)) return null;
  const key = JSON.stringify([full, amendments]);
  if (!opened.has(key)) opened.set(key, new Description(full, amendments));
  return opened.get(key);
}
const opened = new Map();

class Description {
  #file;
  #amendments;
  #doc;
  #operations;
  #named = new Map();
  #compilers = new Map();

  constructor(file, amendments) {
    this.#file = file;
    this.#amendments = amendments;
  }

  // What is wrong with a request: {known, problems, unknown}. unknown lists names the
  // description does not have. form: values arrive as text and are read by type.
  request(method, pathname, {query, body, form}) {
    const found = this.#find(method, pathname);
    if (!found) return {known: false, problems: [], unknown: []};
    const problems = [];
    const unknown = [];
    this.#query(found.operation, query, problems, unknown);
    const schema = bodySchema(found.operation.requestBody, form);
    if (schema && body !== undefined) {
      problems.push(...this.#check(schema, body, form ? 'form' : 'json'));
      unknown.push(...this.#unknownNames(schema, body));
    } else if (!schema && body !== undefined && found.operation.requestBody) {
      problems.push({path: [], message: 'the body is not of the described type'});
    }
    return {known: true, problems, unknown};
  }

  // What is wrong with an answer of ours.
  answer(method, pathname, status, body) {
    const operation = this.#find(method, pathname)?.operation;
    if (!operation) return [];
    const described = operation.responses[status] ?? operation.responses.default;
    if (!described) {
      return status < 300 ? [{path: [], message: `status ${status} is not described`}] : [];
    }
    const schema = described.content?.['application/json']?.schema;
    return schema && body !== undefined ? this.#check(schema, body, 'answer') : [];
  }

  // What is wrong with a value that should be of the schema of that name.
  named(name, value) {
    this.#load();
    if (!this.#named.has(name)) {
      this.#named.set(name, {$ref: `${SCHEMA_ID}#/components/schemas/${name}`});
    }
    return this.#check(this.#named.get(name), value, 'answer');
  }

  #load() {
    if (this.#doc) return;
    const text = readFileSync(this.#file, 'utf8');
    const read = this.#file.endsWith('.json') ? JSON.parse(text) : YAML.parse(text);
    this.#doc = absolute(isDiscovery(read) ? fromDiscovery(read) : read);
    for (const [name, members] of Object.entries(this.#amendments)) {
      const {schemas} = this.#doc.components;
      if (!schemas[name]) throw new Error(`${this.#file} has no schema ${name}`);
      if (members.type) delete schemas[name].enum;
      Object.assign(schemas[name], members);
    }
    const base = basePath(this.#doc.servers);
    this.#operations =
        Object.entries(this.#doc.paths ?? {}).map(([template, item]) => ({
                                              pattern: pathPattern(base + template),
                                              parameters: (template.match(/\{/g) ?? []).length,
                                              item,
                                            }));
    this.#operations.sort((a, b) => a.parameters - b.parameters);  // the literal path first
  }

  #find(method, pathname) {
    this.#load();
    const hit =
        this.#operations.find((o) => o.pattern.test(pathname) && o.item[method.toLowerCase()]);
    return hit && {operation: hit.item[method.toLowerCase()]};
  }

  #query(operation, query, problems, unknown) {
    const described = (operation.parameters ?? [])
                          .map((p) => (p.$ref ? this.#resolve(p) : p))
                          .filter((p) => p.in === 'query');
    for (const name of new Set(query.keys())) {
      const parameter = described.find((p) => p.name === name);
      if (!parameter) {
        unknown.push(`query ${name}`);
        continue;
      }
      const all = query.getAll(name);
      const value = parameter.schema?.type === 'array' ? all : all[0];
      for (const p of this.#check(parameter.schema ?? {}, value, 'form')) {
        problems.push({path: ['query', name, ...p.path], message: p.message});
      }
    }
    for (const p of described) {
      if (p.required && !query.has(p.name)) {
        problems.push({path: ['query', p.name], message: 'is required'});
      }
    }
  }

  // kind: 'json'; 'form', whose values came as text and are read by the type they should
  // have; 'answer', where the addresses are those within the service.
  #check(schema, value, kind) {
    const {ajv, compiled} = this.#compiler(kind);
    if (!compiled.has(schema)) compiled.set(schema, ajv.compile(schema));
    const validate = compiled.get(schema);
    // Reading text by type changes the value in place; the caller keeps its own.
    if (validate(kind === 'form' ? structuredClone(value) : value)) return [];
    return validate.errors.map(
        (e) => ({
          path: e.instancePath.split('/').slice(1),
          message: e.keyword === 'required' ? e.message :
                                              `${e.message} (${JSON.stringify(e.params)})`,
        }));
  }

  #compiler(kind) {
    if (this.#compilers.has(kind)) return this.#compilers.get(kind);
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      validateSchema: false,
      logger: false,  // formats that are only a name for people
      coerceTypes: kind === 'form' ? 'array' : false,
    });
    addFormats(ajv);
    for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format);
    if (kind === 'answer') ajv.addFormat('uri', ajv.formats['uri-reference']);
    ajv.addSchema({$id: SCHEMA_ID, components: this.#doc.components});
    const compiler = {ajv, compiled: new Map()};
    this.#compilers.set(kind, compiler);
    return compiler;
  }

  #resolve(node) {
    let at = node;
    while (at?.$ref) {
      at = at.$ref.slice(SCHEMA_ID.length + 2)
               .split('/')
               .reduce(
                   (n, k) => n?.[decodeURIComponent(k).replace(/~1/g, '/').replace(/~0/g, '~')],
                   this.#doc);
    }
    return at;
  }

  #unknownNames(schema, value) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
    const names = new Set();
    const patterns = [];
    const collect = (node) => {
      const s = this.#resolve(node);
      if (!s) return;
      Object.keys(s.properties ?? {}).forEach((k) => names.add(k));
      patterns.push(...Object.keys(s.patternProperties ?? {}).map((p) => new RegExp(p)));
      for (const part of [...(s.allOf ?? []), ...(s.anyOf ?? []), ...(s.oneOf ?? [])])
        collect(part);
    };
    collect(schema);
    return Object.keys(value).filter((k) => !names.has(k) && !patterns.some((p) => p.test(k)));
  }
}

// The path that stands before all of a description's paths.
const basePath = (servers) =>
    new URL(servers?.[0]?.url ?? '/', 'http://sim.invalid').pathname.replace(/\/$/, '');

const pathPattern = (template) =>
    new RegExp(`^${template.replace(/[.+]/g, '\\$&').replace(/\{[^}]+\}/g, '([^/]+)')}$`);

function bodySchema(requestBody, form) {
  const types = Object.keys(requestBody?.content ?? {});
  const wanted =
      types.find((t) => (form ? t === 'application/x-www-form-urlencoded' : /json/.test(t)));
  return wanted && requestBody.content[wanted].schema;
}

// A copy whose references name the schema they point into, and where OpenAPI 3.0's
// "nullable" is JSON Schema's null type.
function absolute(node) {
  if (Array.isArray(node)) return node.map(absolute);
  if (node === null || typeof node !== 'object') return node;
  const copy = {};
  for (const [k, v] of Object.entries(node)) {
    copy[k] =
        k === '$ref' && typeof v === 'string' && v.startsWith('#') ? SCHEMA_ID + v : absolute(v);
  }
  if (copy.nullable !== true) return copy;
  delete copy.nullable;
  if (typeof copy.type !== 'string') return {anyOf: [copy, {type: 'null'}]};
  copy.type = [copy.type, 'null'];
  if (copy.enum) copy.enum.push(null);
  return copy;
}

// Contacts, calls and notes.
import {json} from '../lib/server.mjs';

import {COMPUTED, unknownType} from './properties.mjs';
import {invalid, notFound, refuse} from './resource.mjs';
import {matcher, searchProblem, sorter} from './search.mjs';

// The kinds of association an object may be made with: [id, name, what it leads to].
const ASSOCIATIONS = {
  contacts: [],
  calls: [[194, 'call_to_contact', 'contacts']],
  notes: [[202, 'note_to_contact', 'contacts']],
};

const SHOWN = {
  contacts: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
  calls: COMPUTED.calls,
  notes: COMPUTED.notes,
};

const FIRST_ID = 512;
const LARGEST_PAGE = 100;
const LARGEST_BATCH = 100;

export class Objects {
  constructor({properties, seeds}) {
    Object.assign(this, {properties, seeds});
    this.reset();
  }

  reset() {
    this.indexMs = 0;
    this.nextId = FIRST_ID;
    this.all = {contacts: new Map(), calls: new Map(), notes: new Map()};
    this.seeds.forEach((values) => this.#add('contacts', values, []));
  }

  create(req) {
    return this.#typed(req, (type) => {
      const {properties: values = {}, associations = []} = req.body ?? {};
      const refused = this.properties.problem(type, values, true) ?? this.#taken(type, values) ??
          this.#unlinked(type, associations);
      if (refused) return refused;
      const object = this.#add(type, values, associations);
      return json(201, this.#shown(type, object, Object.keys(object.values)));
    });
  }

  get(req) {
    return this.#with(req, (object, type) => {
      const wanted = listed(req.query, 'properties');
      const shown = this.#shown(type, object, wanted);
      const kinds = listed(req.query, 'associations');
      return json(200, {...shown, ...(kinds.length > 0 && {associations: linked(object, kinds)})});
    });
  }

  update(req) {
    return this.#with(req, (object, type) => {
      const {properties: values = {}} = req.body ?? {};
      const refused =
          this.properties.problem(type, values, false) ?? this.#taken(type, values, object.id);
      if (refused) return refused;
      Object.assign(object.values, values);
      object.updatedAt = new Date();
      return json(200, this.#shown(type, object, Object.keys(object.values)));
    });
  }

  remove(req) {
    return this.#with(req, (object) => {
      object.archived = true;
      return {status: 204, body: ''};
    });
  }

  list(req) {
    return this.#typed(req, (type) => {
      const limit = Math.min(Number(req.query.get('limit') ?? 10), LARGEST_PAGE);
      const start = Number(req.query.get('after') ?? 0);
      const living = this.#living(type).filter((o) => Number(o.id) >= start);
      const page = living.slice(0, limit);
      const next = living[limit];
      return json(200, {
        results: page.map((o) => this.#shown(type, o, listed(req.query, 'properties'))),
        ...(next && {paging: {next: {after: next.id}}}),
      });
    });
  }

  search(req) {
    return this.#typed(req, (type) => {
      const asked = req.body ?? {};
      const refused = searchProblem(asked, (name) => this.properties.has(type, name));
      if (refused) return refused;
      const matches = matcher(asked);
      const since = Date.now() - this.indexMs;
      const order = sorter(asked.sorts);
      const found =
          this.#living(type)
              .filter((o) => o.createdAt.getTime() <= since && matches((n) => valueOf(o, n)))
              .sort((a, b) => order((n) => valueOf(a, n), (n) => valueOf(b, n)));
      const {limit = 10, after = '0', properties = []} = asked;
      const end = Number(after) + limit;
      return json(200, {
        total: found.length,
        results: found.slice(Number(after), end).map((o) => this.#shown(type, o, properties)),
        ...(end < found.length && {paging: {next: {after: String(end)}}}),
      });
    });
  }

  // All or nothing: one input that cannot be refuses the batch.
  upsert(req) {
    return this.#typed(req, (type) => {
      const startedAt = new Date().toISOString();
      const {inputs = []} = req.body ?? {};
      if (inputs.length > LARGEST_BATCH)
        return invalid(`Batch is too large: ${inputs.length}, at most ${LARGEST_BATCH}.`);
      const refused = duplicate(inputs) ??
          inputs.map((input) => this.#upsertProblem(type, input)).find(Boolean);
      if (refused) return refused;
      const results = inputs.map((input) => this.#upsertOne(type, input));
      return json(200, {
        status: 'COMPLETE',
        results,
        startedAt,
        completedAt: new Date().toISOString(),
      });
    });
  }

  #upsertProblem(type, {id, idProperty = 'hs_object_id', properties: values}) {
    if (idProperty !== 'hs_object_id' && !this.properties.uniques(type).includes(idProperty))
      return invalid(`Property ${idProperty} is not a unique property of ${type}.`);
    const found = this.#by(type, idProperty, id);
    if (!found && idProperty === 'hs_object_id') return notFound();
    return this.properties.problem(type, values, !found) ?? this.#taken(type, values, found?.id);
  }

  #upsertOne(type, {id, idProperty = 'hs_object_id', properties: values, objectWriteTraceId}) {
    const found = this.#by(type, idProperty, id);
    const object = found ?? this.#add(type, {[idProperty]: id, ...values}, []);
    if (found) {
      Object.assign(found.values, values);
      found.updatedAt = new Date();
    }
    const shown = this.#shown(type, object, Object.keys(object.values));
    return {
      ...shown,
      properties:
          Object.fromEntries(Object.entries(shown.properties).filter(([, v]) => v !== null)),
      new: !found,
      ...(objectWriteTraceId && {objectWriteTraceId}),
    };
  }

  #add(type, values, associations) {
    const now = new Date();
    const object = {
      id: String(this.nextId++),
      values: {...values},
      links: associations.map((a) => ({
                                to: a.to.id,
                                kind: kindOf(type, a.types[0]),
                              })),
      createdAt: now,
      updatedAt: now,
      archived: false,
    };
    this.all[type].set(object.id, object);
    return object;
  }

  // What is unique belongs to one.
  #taken(type, values, ownId) {
    for (const name of this.properties.uniques(type)) {
      const other = values[name] ? this.#by(type, name, values[name]) : undefined;
      if (other && other.id !== ownId) {
        const what = type === 'contacts' ? 'Contact' : 'Object';
        return refuse(409, 'CONFLICT', `${what} already exists. Existing ID: ${other.id}`);
      }
    }
    return undefined;
  }

  #unlinked(type, associations) {
    for (const {to, types} of associations) {
      const kind = kindOf(type, types[0] ?? {});
      if (!kind)
        return invalid(`No association of type ${types[0]?.associationTypeId} from ${type}.`);
      if (!this.#living(kind[2]).some((o) => o.id === to.id))
        return invalid(`Object with id ${to.id} does not exist.`);
    }
    return undefined;
  }

  #living = (type) => [...this.all[type].values()].filter((o) => !o.archived);

  #by(type, name, value) {
    return this.#living(type).find(
        (o) => valueOf(o, name)?.toLowerCase() === String(value).toLowerCase());
  }

  #typed(req, answer) {
    const {type} = req.params;
    return this.properties.knowsType(type) ? answer(type) : unknownType(type);
  }

  #with(req, answer) {
    return this.#typed(req, (type) => {
      const name = req.query.get('idProperty') ?? 'hs_object_id';
      const object = this.#by(type, name, req.params.id);
      return object ? answer(object, type) : notFound();
    });
  }

  #shown(type, object, wanted) {
    const names = [...new Set([...SHOWN[type], ...wanted])].sort();
    return {
      id: object.id,
      properties: Object.fromEntries(names.map((n) => [n, valueOf(object, n) ?? null])),
      createdAt: object.createdAt.toISOString(),
      updatedAt: object.updatedAt.toISOString(),
      archived: object.archived,
    };
  }
}

const national = (phone) => phone?.replace(/\D/g, '').replace(/^1(?=\d{10}$)/, '');

// A property's value; the service works some out.
function valueOf({id, values, createdAt, updatedAt}, name) {
  const computed = {
    hs_object_id: id,
    createdate: createdAt.toISOString(),
    hs_createdate: createdAt.toISOString(),
    lastmodifieddate: updatedAt.toISOString(),
    hs_lastmodifieddate: updatedAt.toISOString(),
    hs_searchable_calculated_phone_number: national(values.phone),
    hs_searchable_calculated_mobile_number: national(values.mobilephone),
  };
  return name in computed ? computed[name] : values[name];
}

const kindOf = (type, {associationCategory, associationTypeId}) =>
    associationCategory === 'HUBSPOT_DEFINED' ?
    ASSOCIATIONS[type].find(([id]) => id === associationTypeId) :
    undefined;

function linked({links}, kinds) {
  const to = (kind) =>
      links.filter((l) => l.kind[2] === kind).map((l) => ({id: l.to, type: l.kind[1]}));
  return Object.fromEntries(kinds.map((kind) => [kind, {results: to(kind)}]));
}

const listed = (query, name) => query.getAll(name).flatMap((v) => v.split(',')).filter(Boolean);

function duplicate(inputs) {
  const ids = inputs.map((i) => i.id.toLowerCase());
  return new Set(ids).size < ids.length ? invalid('Duplicate ids in batch.') : undefined;
}

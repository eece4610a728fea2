// The properties objects have: HubSpot's own as far as they are known here, and those
// made with POST /crm/properties/….
import {json} from '../lib/server.mjs';

import {invalid, refuse} from './resource.mjs';

const CALL_STATUS = [
  'BUSY', 'CALLING_CRM_USER', 'CANCELED', 'COMPLETED', 'CONNECTING', 'FAILED', 'IN_PROGRESS',
  'MISSED', 'NO_ANSWER', 'QUEUED', 'RINGING'
];

const text = {};
const number = {
  error: 'INVALID_LONG',
  test: (v) => /^-?\d+(\.\d+)?$/.test(v)
};
const time = {
  error: 'INVALID_DATE',
  test: (v) => /^\d{12,14}$/.test(v) || (/^\d{4}-\d\d-\d\d/.test(v) && !Number.isNaN(Date.parse(v)))
};
const option = (...options) => ({error: 'INVALID_OPTION', test: (v) => options.includes(v)});
const email = {
  error: 'INVALID_EMAIL',
  test: (v) => /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(v),
  unique: true
};
const html = {
  error: 'PROPERTY_VALUE_TOO_LONG',
  test: (v) => v.length <= 65536
};
const all = (names, kind) => Object.fromEntries(names.split(' ').map((n) => [n, kind]));

const OWN = {
  contacts: {
    ...all(
        'firstname lastname phone mobilephone company website address city state zip country jobtitle hs_lead_status hs_language hubspot_owner_id message notes_last_contacted',
        text),
    email,
    lifecyclestage: option(
        'subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity',
        'customer', 'evangelist', 'other'),
  },
  calls: {
    ...all(
        'hs_call_title hs_call_from_number hs_call_to_number hs_call_recording_url hs_call_disposition hs_call_source hubspot_owner_id',
        text),
    hs_timestamp: time,
    hs_call_body: html,
    hs_call_duration: number,
    hs_call_direction: option('INBOUND', 'OUTBOUND'),
    hs_call_status: option(...CALL_STATUS),
  },
  notes: {
    ...all('hubspot_owner_id hs_attachment_ids', text),
    hs_timestamp: time,
    hs_note_body: html,
  },
};

const REQUIRED = {
  contacts: [],
  calls: ['hs_timestamp'],
  notes: ['hs_timestamp']
};

// What only the service sets.
export const COMPUTED = {
  contacts: [
    'createdate', 'hs_object_id', 'lastmodifieddate', 'hs_searchable_calculated_phone_number',
    'hs_searchable_calculated_mobile_number'
  ],
  calls: ['hs_createdate', 'hs_object_id', 'hs_lastmodifieddate'],
  notes: ['hs_createdate', 'hs_object_id', 'hs_lastmodifieddate'],
};

export class Properties {
  constructor() {
    this.reset();
  }

  reset() {
    this.all = structuredNames();
  }

  knowsType = (type) => type in this.all;
  has = (type, name) => name in this.all[type] || COMPUTED[type].includes(name);
  uniques = (type) => Object.keys(this.all[type]).filter((name) => this.all[type][name].unique);

  // The refusal of values that cannot be set, or nothing.
  problem(type, values, creating) {
    const wrong = Object.entries(values).flatMap(([name, value]) => this.#wrong(type, name, value));
    if (wrong.length > 0)
      return invalid(`Property values were not valid: ${JSON.stringify(wrong)}`);
    const missing = creating ? REQUIRED[type].filter((name) => !values[name]) : [];
    return missing.length > 0 ?
        invalid(
            `Error creating ${
                type.slice(0, -1).toUpperCase()}. Some required properties were not set.`,
            {context: {properties: missing}}) :
        undefined;
  }

  #wrong(type, name, value) {
    const problem = (error, message) => [{isValid: false, message, error, name}];
    if (COMPUTED[type].includes(name))
      return problem(
          'READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`);
    const property = this.all[type][name];
    if (!property) return problem('PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`);
    return value === '' || !property.test || property.test(value) ?
        [] :
        problem(property.error, `"${value}" is not a valid value of ${name}.`);
  }

  // POST /crm/properties/{version}/{type}
  create(req) {
    const {type} = req.params;
    if (!this.knowsType(type)) return unknownType(type);
    const {name, label, groupName, fieldType, hasUniqueValue = false} = req.body ?? {};
    const missing = Object.entries({name, label, groupName, fieldType, type: req.body?.type})
                        .find(([, v]) => !v)
                        ?.[0];
    if (missing) return invalid(`Invalid input JSON: ${missing} is required`);
    if (!/^[a-z][a-z0-9_]*$/.test(name)) return invalid(`Property name ${name} is not valid`);
    if (this.has(type, name)) {
      return refuse(409, 'OBJECT_ALREADY_EXISTS', `A property named '${name}' already exists.`);
    }
    this.all[type][name] = {unique: hasUniqueValue};
    return json(201, described({...req.body, hasUniqueValue}));
  }

  list(req) {
    const {type} = req.params;
    if (!this.knowsType(type)) return unknownType(type);
    const results = Object.entries(this.all[type]).map(([name, p]) => described({
                                                         name,
                                                         label: name,
                                                         groupName: 'information',
                                                         type: 'string',
                                                         fieldType: 'text',
                                                         hasUniqueValue: p.unique ?? false,
                                                       }));
    return json(200, {results});
  }
}

export const unknownType = (type) => invalid(`Unable to infer object type from: ${type}`);

const structuredNames = () =>
    Object.fromEntries(Object.entries(OWN).map(([type, own]) => [type, {...own}]));

const described = (property) => ({description: '', options: [], ...property});

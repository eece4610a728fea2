// Agents, and the configuration they refer to: tools, secrets, knowledge, webhooks.
import {json} from '../lib/server.mjs';

import {ACCESS, check, Collection, isObject, isText, merged, newId, page, refuse, unixNow} from './resource.mjs';

const DEFAULT_VOICE = 'cjVigY5qzO86Huf0OWal';

export class Agents {
  // parts: the collections agents refer to.
  constructor(parts) {
    Object.assign(this, parts);
    this.all = new Collection('agent', 'agent');
  }

  // POST /v1/convai/agents/create
  create(req) {
    const wrong =
        check(
            req.body, [['conversation_config', isObject, 'Input should be a valid dictionary']]) ??
        this.#dangling(req.body);
    return wrong ?? json(200, {agent_id: this.add(req.body)});
  }

  add(body, id) {
    return this.all.add(
        {
          name: body.name ?? 'New agent',
          conversation_config: body.conversation_config,
          platform_settings: body.platform_settings ?? {},
          workflow: body.workflow ?? {nodes: {}, edges: {}, prevent_subagent_loops: false},
          tags: body.tags ?? [],
          created: unixNow(),
          version: newId('agtvrsn'),
        },
        id);
  }

  get(req) {
    return this.all.with(req, (agent, id) => json(200, this.#shown(agent, id)));
  }

  patch(req) {
    return this.all.with(req, (agent, id) => {
      const wrong = this.#dangling(req.body);
      if (wrong) return wrong;
      for (const k of ['name', 'conversation_config', 'platform_settings', 'workflow', 'tags']) {
        if (req.body?.[k] !== undefined) agent[k] = merged(agent[k], req.body[k]);
      }
      agent.version = newId('agtvrsn');
      return json(200, this.#shown(agent, id));
    });
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      for (const [, number] of this.numbers.entries())
        if (number.agent_id === id) number.agent_id = null;
      return json(200, {});
    });
  }

  list(req) {
    const search = req.query.get('search')?.toLowerCase();
    const found =
        this.all.entries().filter(([, a]) => !search || a.name.toLowerCase().includes(search));
    return page(
        req, 'agents', found, (a, agent_id) => ({
                                agent_id,
                                name: a.name,
                                voice_id: a.conversation_config.tts?.voice_id ?? DEFAULT_VOICE,
                                tags: a.tags,
                                created_at_unix_secs: a.created,
                                access_info: ACCESS,
                                last_call_time_unix_secs: null,
                                archived: false,
                              }));
  }

  // An agent cannot refer to what does not exist.
  #dangling(body) {
    const prompt = body?.conversation_config?.agent?.prompt;
    const tool = (prompt?.tool_ids ?? []).find((id) => !this.tools.get(id));
    if (tool) return this.tools.missing(tool);
    const document = (prompt?.knowledge_base ?? []).find((k) => !this.documents.get(k.id));
    if (document) return this.documents.missing(document.id);
    const hook = body?.platform_settings?.workspace_overrides?.webhooks?.post_call_webhook_id;
    return hook && !this.webhooks.get(hook) ? this.webhooks.missing(hook) : undefined;
  }

  #shown(agent, agent_id) {
    const phone_numbers = this.numbers.entries()
                              .filter(([, n]) => n.agent_id === agent_id)
                              .map(([id, n]) => ({
                                     phone_number: n.phone_number,
                                     label: n.label,
                                     supports_inbound: true,
                                     supports_outbound: true,
                                     phone_number_id: id,
                                     provider: 'twilio'
                                   }));
    return {
      agent_id,
      name: agent.name,
      conversation_config: agent.conversation_config,
      metadata: {created_at_unix_secs: agent.created, updated_at_unix_secs: unixNow()},
      platform_settings: agent.platform_settings,
      phone_numbers,
      workflow: agent.workflow,
      access_info: ACCESS,
      tags: agent.tags,
      version_id: agent.version,
      branch_id: null,
      main_branch_id: null,
    };
  }
}

export class Tools {
  constructor(all) {
    this.all = all;
  }

  create(req) {
    return this.#wrong(req) ??
        json(200, this.#shown(req.body.tool_config, this.all.add(req.body.tool_config)));
  }

  list() {
    return json(200, {tools: this.all.entries().map(([id, config]) => this.#shown(config, id))});
  }

  get(req) {
    return this.all.with(req, (config, id) => json(200, this.#shown(config, id)));
  }

  patch(req) {
    return this.all.with(req, (_, id) => {
      const wrong = this.#wrong(req);
      if (!wrong) this.all.add(req.body.tool_config, id);
      return wrong ?? json(200, this.#shown(req.body.tool_config, id));
    });
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      return json(200, {});
    });
  }

  #wrong(req) {
    const kinds = ['webhook', 'client', 'system', 'mcp'];
    const webhook = req.body?.tool_config?.type === 'webhook';
    return check(req.body, [
      ['tool_config.type', (v) => kinds.includes(v), `Input should be one of ${kinds.join(', ')}`],
      [
        'tool_config.name', (v) => /^[a-zA-Z0-9_-]{1,64}$/.test(v ?? ''),
        'String should match pattern ^[a-zA-Z0-9_-]{1,64}$'
      ],
      ...(webhook ? [[
        'tool_config.api_schema.url', (v) => /^https?:\/\//.test(v ?? ''),
        'Input should be a valid URL'
      ]] :
                    []),
    ]);
  }

  #shown(config, id) {
    return {
      id,
      tool_config: config,
      access_info: ACCESS,
      usage_stats: {total_calls: 0, avg_latency_secs: 0}
    };
  }
}

// A secret's value goes in and never comes out.
export class Secrets {
  constructor(all) {
    this.all = all;
  }

  create(req) {
    return this.#wrong(req, 'new') ?? json(200, this.#shown(req.body, this.all.add(req.body)));
  }

  list() {
    const nothing = {tools: [], agents: [], others: [], phone_numbers: []};
    return json(200, {
      secrets: this.all.entries().map(([id, s]) => ({...this.#shown(s, id), used_by: nothing}))
    });
  }

  patch(req) {
    return this.all.with(req, (_, id) => {
      const wrong = this.#wrong(req, 'update');
      if (!wrong) this.all.add(req.body, id);
      return wrong ?? json(200, this.#shown(req.body, id));
    });
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      return json(204, undefined);
    });
  }

  #wrong(req, type) {
    return check(req.body, [
      ['type', (v) => v === type, `Input should be '${type}'`], ['name', isText, 'Field required'],
      ['value', isText, 'Field required']
    ]);
  }

  #shown(secret, id) {
    return {type: 'stored', secret_id: id, name: secret.name};
  }
}

// Texts of the knowledge base.
export class Documents {
  constructor(all, agents) {
    this.all = all;
    this.agents = agents;
  }

  create(req) {
    const wrong = check(req.body, [['text', isText, 'Field required']]);
    if (wrong) return wrong;
    const {text, name = 'Text', parent_folder_id = null} = req.body;
    const id = this.all.add({text, name, parent_folder_id, created: unixNow()});
    return json(200, {id, name, folder_path: []});
  }

  list(req) {
    return page(
        req, 'documents', this.all.entries(),
        (d, id) => ({...this.#summary(d, id), dependent_agents: []}));
  }

  get(req) {
    return this.all.with(
        req, (d, id) => json(200, {...this.#summary(d, id), extracted_inner_html: d.text}));
  }

  patch(req) {
    return this.all.with(req, (d, id) => {
      if (req.body?.name !== undefined) d.name = req.body.name;
      return json(200, {...this.#summary(d, id), extracted_inner_html: d.text});
    });
  }

  // One that an agent uses goes only with force.
  remove(req) {
    return this.all.with(req, (_, id) => {
      const used = this.agents.entries().some(
          ([, a]) =>
              (a.conversation_config.agent?.prompt?.knowledge_base ?? []).some((k) => k.id === id));
      if (used && req.query.get('force') !== 'true')
        return refuse(400, 'document_in_use', 'The document is used by an agent');
      this.all.remove(id);
      return json(200, {});
    });
  }

  #summary(d, id) {
    const size_bytes = Buffer.byteLength(d.text);
    return {
      id,
      name: d.name,
      type: 'text',
      supported_usages: ['prompt', 'auto'],
      access_info: ACCESS,
      metadata: {created_at_unix_secs: d.created, last_updated_at_unix_secs: d.created, size_bytes}
    };
  }
}

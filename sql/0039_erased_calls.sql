-- Whatever is told of a call asks first whether its person was erased.
create index erasure_requests_reference on voiceagent.erasure_requests (organization_id, kind, reference);

// Plays node-zendesk's own calls on a desk: DESK_URL, DESK_TOKEN and DESK_HOOK,
// where webhooks are taken. A line on standard output is a call that did what
// it is documented to do; the first that did not ends the program.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);
const {createClient} = require('node-zendesk');

const {DESK_URL, DESK_TOKEN, DESK_LIMITED_URL, DESK_LIMITED_TOKEN, DESK_HOOK, DESK_START} = process.env;
const options = {endpointUri: `${DESK_URL}/api/v2`, throwOriginalException: true};
const bearer = {...options, token: DESK_TOKEN, useOAuth: true, oauth: true};
const client = createClient(bearer);
const keyed = createClient({...bearer, customHeaders: {'Idempotency-Key': 'node-1'}});
const basic = createClient({...options, username: 'somebody@example.org', token: DESK_TOKEN});

const done = (call) => console.log(call);

// refused has a call fail with a status, and gives the answer's body.
async function refused(status, name, call) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.statusCode ?? error.status, status, `${error}`);
    assert.equal(error.result.error, name);
    return error.result;
  }
  assert.fail(`not refused with ${status}`);
}

const {result: me} = await basic.users.me();
assert.equal(me.role, 'agent');
done('basic');

const body = {ticket: {subject: 'Node', external_id: 'node-1', comment: {body: 'one', public: false}, tags: ['node']}};
const {response, result: made} = await keyed.tickets.create(body);
assert.equal(response.status, 201);
assert.equal(made.external_id, 'node-1');
assert.equal(made.status, 'new');
const {result: again} = await keyed.tickets.create(body);
assert.equal(again.id, made.id);
done('create');
await refused(400, 'IdempotentRequestError', () => keyed.tickets.create({ticket: {...body.ticket, subject: 'Other'}}));
done('idempotency');

assert.equal((await client.tickets.show(made.id)).result.subject, 'Node');
done('show');
const {result: two} = await client.tickets.create({ticket: {subject: 'Two', comment: {body: 'b'}}});
const many = (await client.tickets.showMany([made.id, two.id, 1])).result;
assert.deepEqual((many.tickets ?? many).map((t) => t.id), [made.id, two.id]);
done('show_many');
const all = await client.tickets.list();
assert.ok(all.some((t) => t.id === made.id) && all.length >= 2);
done('list');
assert.deepEqual((await client.tickets.listWithFilter('external_id', 'node-1')).map((t) => t.id), [made.id]);
done('external_id');

const updated = await client.tickets.update(made.id, {
  ticket: {status: 'open', priority: 'high', comment: {body: 'two', public: false}, safe_update: 'true', updated_stamp: made.updated_at},
});
assert.equal(updated.result.priority, 'high');
done('update');
await refused(409, 'UpdateConflict', () =>
  client.tickets.update(made.id, {ticket: {priority: 'low', safe_update: 'true', updated_stamp: '2001-01-01T00:00:00Z'}}),
);
assert.equal((await client.tickets.show(made.id)).result.priority, 'high');
done('safe_update');

assert.deepEqual((await client.tickets.getComments(made.id)).map((c) => c.plain_body), ['one', 'two']);
done('comments');
const audits = await client.ticketaudits.list(made.id);
assert.equal(audits.length, 2);
assert.ok(audits[1].events.some((e) => e.type === 'Change' && e.field_name === 'priority' && e.value === 'high'));
assert.equal((await client.ticketaudits.show(made.id, audits[1].id)).result.id, audits[1].id);
done('audits');

const found = await client.search.queryAll('type:ticket external_id:node-1');
assert.deepEqual(found.map((t) => [t.id, t.result_type]), [[made.id, 'ticket']]);
assert.equal((await client.search.showResultsCount('type:ticket tags:node')).result.count ?? (await client.search.showResultsCount('type:ticket tags:node')).result, 1);
done('search');
assert.deepEqual((await client.search.exportResults('external_id:node-1', 'ticket')).map((t) => t.id), [made.id]);
done('search_export');
await refused(422, 'invalid', () => client.search.query('type:ticket nonsense:x'));
done('search_422');

const page = (await client.ticketexport.exportCursor(DESK_START)).result; // it sends cursor=undefined along
assert.ok((page.tickets ?? page).some((t) => t.id === made.id && t.generated_timestamp > 0));
const since = await client.tickets.incremental(DESK_START);
assert.ok(since.some((t) => t.id === made.id));
done('incremental');

await client.tickets.addTags(made.id, {tags: ['more']});
assert.deepEqual((await client.tickets.show(made.id)).result.tags, ['more', 'node']);
await client.tickets.updateTags(made.id, {tags: ['only']});
assert.deepEqual((await client.tickets.show(made.id)).result.tags, ['only']);
done('tags');

const fields = await client.ticketfields.list();
const trn = fields.find((f) => f.title === 'TRN');
assert.equal(trn.type, 'regexp');
const {result: field} = await client.ticketfields.create({ticket_field: {type: 'text', title: 'Node’s field'}});
await client.tickets.update(made.id, {ticket: {custom_fields: [{id: field.id, value: 'v'}, {id: trn.id, value: '1234567'}]}});
assert.equal((await client.tickets.show(made.id)).result.custom_fields.find((f) => f.id === field.id).value, 'v');
const wrong = await refused(422, 'RecordInvalid', () => client.tickets.update(made.id, {ticket: {custom_fields: [{id: trn.id, value: 'x'}]}}));
assert.equal(wrong.details.base[0].ticket_field_id, trn.id);
done('fields');

const hook = {name: 'Node', endpoint: DESK_HOOK, http_method: 'POST', request_format: 'json', status: 'active', subscriptions: ['zen:event-type:ticket.status_changed']};
const {result: webhook} = await client.webhooks.create({webhook: hook});
assert.match(webhook.id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
assert.ok((await client.webhooks.list()).some((w) => w.id === webhook.id));
const {result: secret} = await client.webhooks.getSigningSecret(webhook.id);
assert.equal((secret.signing_secret ?? secret).algorithm, 'SHA256');
await client.webhooks.update(webhook.id, {webhook: {...hook, name: 'Node 2'}});
assert.equal((await client.webhooks.show(webhook.id)).result.name, 'Node 2');
const {result: tried} = await client.webhooks.test({request: {payload: '{}'}}, webhook.id);
assert.equal((tried.response ?? tried).status_code, 200);
await client.webhooks.listInvocations(webhook.id);
await client.webhooks.delete(webhook.id);
await refused(404, 'RecordNotFound', () => client.webhooks.show(webhook.id));
done('webhooks');

const {result: job} = await client.tickets.createMany({tickets: [{subject: 'a', comment: {body: 'a'}}, {subject: 'b', comment: {body: 'b'}}]});
const finished = (await client.jobstatuses.show((job.job_status ?? job).id)).result;
assert.equal((finished.job_status ?? finished).status, 'completed');
assert.equal((finished.job_status ?? finished).results.length, 2);
done('jobs');
const {result: merging} = await client.tickets.merge(made.id, {ids: [two.id], target_comment: 'joined'});
assert.equal((merging.job_status ?? merging).status, 'queued');
assert.equal((await client.tickets.show(two.id)).result.status, 'closed');
await refused(422, 'RecordInvalid', () => client.tickets.update(two.id, {ticket: {status: 'open'}}));
done('merge');

const views = await client.views.list();
assert.ok((await client.views.tickets(views[0].id)).length >= 0);
assert.ok((await client.triggers.list()).length >= 0);
assert.ok((await client.groups.list()).some((g) => g.name === 'TRA'));
done('views');

await client.tickets.delete(made.id);
await refused(404, 'RecordNotFound', () => client.tickets.show(made.id));
done('delete');
await refused(404, 'RecordNotFound', () => client.tickets.update(1, {ticket: {status: 'open'}}));
done('404');
await refused(422, 'RecordInvalid', () => client.tickets.create({ticket: {subject: 'no description', status: 'odd'}}));
done('422');
const nobody = createClient({...bearer, token: 'nonsense'});
await assert.rejects(nobody.tickets.list(), (error) => (error.statusCode ?? error.status) === 401);
done('401');

// An answer with Retry-After is resolved as an Error, not thrown.
const limited = createClient({...bearer, endpointUri: `${DESK_LIMITED_URL}/api/v2`, token: DESK_LIMITED_TOKEN});
let refusal;
for (let i = 0; i < 5 && !refusal; i++) {
  const {result} = await limited.tickets.show(1).catch(() => ({}));
  if (result instanceof Error) refusal = result;
}
assert.equal(refusal.statusCode ?? refusal.status, 429);
done('429');

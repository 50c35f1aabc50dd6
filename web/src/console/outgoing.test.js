// What an operator says arrives in the order typed, and what fails is not lost.
import assert from 'node:assert';
import test from 'node:test';
import { Outgoing } from './outgoing.js';

const storage = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
};

/** A server whose answers come when the test says so. */
function server() {
  const asked = [];
  const post = (talk, body) => new Promise((resolve, reject) => asked.push({ talk, body, resolve, reject }));
  return { asked, post };
}

const rest = () => new Promise((resolve) => setImmediate(resolve));

test('of two messages typed quickly the second is sent once the first has arrived', async () => {
  const { asked, post } = server();
  const outgoing = new Outgoing(storage(), post);
  outgoing.send({ id: '1', talk: 7, text: 'first' });
  outgoing.send({ id: '2', talk: 7, text: 'second' });
  await rest();
  assert.deepEqual(asked.map(({ body }) => body.text), ['first']);
  asked[0].resolve({ message: {} });
  await rest();
  assert.deepEqual(asked.map(({ body }) => body.text), ['first', 'second']);
});

test('what the server did not take stays over a reload, and is sent again under its id', async () => {
  const { asked, post } = server();
  const kept = storage();
  const sent = new Outgoing(kept, post).send({ id: '1', talk: 7, text: 'first' });
  await rest();
  asked[0].reject(new Error('away'));
  await assert.rejects(sent);
  const reloaded = new Outgoing(kept, post);
  assert.deepEqual(reloaded.snapshot(), [{ id: '1', talk: 7, text: 'first', failed: true }]);
  reloaded.send(reloaded.snapshot()[0]);
  await rest();
  assert.equal(asked[1].body.id, '1');
  asked[1].resolve({ message: null });
  await rest();
  assert.deepEqual(reloaded.snapshot(), []);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CacheKey } from '../../../sidecar/completion/completionCache.ts';
import { InFlight } from '../../../sidecar/completion/inFlight.ts';
import { languageSyntax } from '../../../sidecar/syntax/languages.ts';

const place = (before: string): CacheKey => ({
  clientKey: 'window',
  uri: 'a.ts',
  settings: '',
  before,
  after: ';',
  syntax: languageSyntax('typescript'),
});
const never = new AbortController().signal;

/** Starts work that streams the test's text, until the test or a cancellation ends it. */
function startWork(inFlight = new InFlight()) {
  let say: (text: string) => void = () => undefined;
  let end: () => void = () => undefined;
  const flight = inFlight.start(place('a = '), (signal, onText) => {
    say = onText;
    return new Promise((resolve) => {
      end = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  });
  return { inFlight, flight, say, end };
}

describe('A running generation', () => {
  test('serves a user who types its text, before and after it is streamed', () => {
    const { flight, say } = startWork();
    assert.ok(flight.serves(place('a = fo')));
    say('foo(');
    assert.ok(flight.serves(place('a = fo')));
    assert.ok(flight.serves(place('a = foo(b')));
    assert.ok(!flight.serves(place('a = fa')));
    assert.ok(!flight.serves(place('a =')));
    assert.ok(!flight.serves({ ...place('a = fo'), after: '' }));
    assert.ok(!flight.serves({ ...place('a = fo'), settings: 'never several lines' }));
  });

  test('lives on for a request that comes right after its own was cancelled', async () => {
    const { flight, end } = startWork();
    const first = new AbortController();
    const waiting = flight.wait(place('a = '), first.signal);
    first.abort();
    assert.equal(await waiting, 'aborted');
    const second = flight.wait(place('a = f'), never);
    await sleep(250);
    assert.ok(!flight.cancelled);
    end();
    assert.equal(await second, 'finished');
  });

  test('is cancelled soon after no request waits for it', async () => {
    const { flight, inFlight } = startWork();
    const only = new AbortController();
    const waiting = flight.wait(place('a = '), only.signal);
    only.abort();
    await waiting;
    assert.ok(!flight.cancelled);
    await flight.finished;
    assert.ok(flight.cancelled);
    assert.equal(inFlight.current('window'), undefined);
  });

  test('is cancelled when its text differs from the typed text', async () => {
    const { flight, say } = startWork();
    const waiting = flight.wait(place('a = fo'), never);
    say('f');
    say('in');
    assert.equal(await waiting, 'diverged');
    assert.ok(flight.cancelled);
  });

  test('ends when another is started for the same client', () => {
    const { flight, inFlight } = startWork();
    startWork(inFlight);
    assert.ok(flight.cancelled);
  });

  test('reports its failure to waiting requests', async () => {
    const flight = new InFlight().start(place(''), () => Promise.reject(new Error('The engine left')));
    await assert.rejects(flight.wait(place(''), never), /The engine left/);
  });
});

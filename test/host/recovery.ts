/**
 * The recovery from a killed sidecar as its user experiences it. The scenarios check it, and `test/bench/recovery.ts`
 * measures its time.
 */
import assert from 'node:assert/strict';
import type { Window } from './driver.ts';
import type { Scenario } from './hostSession.ts';
import { waitFor } from './waitFor.ts';

const FILE = 'src/point.ts';

/** Returns ghost text in the middle of a file. Afterwards the model is loaded. */
export async function completeInFile(host: Scenario, window: Window): Promise<string> {
  await window.openFile(host.file(FILE));
  await window.goTo(13, 11);
  return window.typeForGhostText(' ');
}

/**
 * Kills the sidecar while it completes a function at the end of a file. Returns the milliseconds until ghost text of
 * another sidecar is shown. Checks that no typed text is lost.
 */
export async function recoverCompletion(host: Scenario, window: Window): Promise<number> {
  await completeInFile(host, window);
  const { pid } = await host.sidecar();
  await window.goToEnd();
  await window.press('Enter');
  await window.type('export function double(x: number): number {');
  await window.command('Trigger Inline Suggestion');
  assert.equal((await host.busySidecar()).pid, pid);
  process.kill(pid, 'SIGKILL');
  const killedAtMs = performance.now();
  await window.press('Enter');
  await window.type('return ');
  await window.shownGhostText();
  const recoveredMs = performance.now() - killedAtMs;
  assert.notEqual((await host.sidecar()).pid, pid);
  await window.press('Tab');
  await window.savedText(host.file(FILE), (text) =>
    /export function double\(x: number\): number \{\n\s*return \S/.test(text),
  );
  return recoveredMs;
}

/**
 * Kills the sidecar while it answers. Returns the milliseconds until another one answers the next question. Checks that
 * the question and the beginning of its answer stay.
 */
export async function recoverAnswer(host: Scenario, window: Window): Promise<number> {
  const chat = await window.openChat();
  await chat.ask('Say hello.');
  await chat.answerEnds();
  await window.command('Chorus: New Chat');
  await waitFor('an empty chat', async () => (await chat.questions.count()) === 0);
  await chat.ask('Write a very long story about the sea.');
  const begun = await chat.answerBegins();
  const { pid } = await host.busySidecar();
  assert.equal(await chat.streaming().count(), 1);
  process.kill(pid, 'SIGKILL');
  const killedAtMs = performance.now();
  const kept = await chat.answerEnds();
  assert.ok(kept.startsWith(begun.trim().slice(0, 10)), `${JSON.stringify(kept)} should keep ${JSON.stringify(begun)}`);
  assert.equal(await chat.questions.count(), 1);
  await chat.ask('Say hello.');
  await chat.answerBegins();
  const recoveredMs = performance.now() - killedAtMs;
  assert.notEqual((await host.sidecar()).pid, pid);
  await chat.answerEnds();
  return recoveredMs;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeHost, HostSession, type Scenario } from './hostSession.ts';
import { NEWEST_HOST, OLDEST_HOST } from './setup.ts';
import { isRunning, stopSidecar } from './sidecarProcess.ts';
import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

const FILE = 'src/point.ts';
const RECOVERY_MS = 5_000;
const RECOVERY_ATTEMPTS = 3;

async function completeInFile(host: Scenario, window: Window): Promise<string> {
  await window.openFile(host.file(FILE));
  await window.goTo(13, 11);
  return window.typeForGhostText(' ');
}

/** Each attempt has to recover and to lose nothing, however busy the machine; one of them has to do so in time. `attempt` gives milliseconds. */
async function recoversInTime(attempt: (number: number) => Promise<number>): Promise<void> {
  const tookMs: number[] = [];
  while (tookMs.length < RECOVERY_ATTEMPTS && !tookMs.some((ms) => ms <= RECOVERY_MS)) tookMs.push(await attempt(tookMs.length + 1));
  console.log(`recovered in ${tookMs.join(', ')} ms`);
  assert.ok(Math.min(...tookMs) <= RECOVERY_MS, `recovered in ${tookMs.join(', ')} ms`);
}

for (const version of [NEWEST_HOST, OLDEST_HOST]) {
  describeHost(version, (scenario) => {
    scenario('two windows share one sidecar', async (host) => {
      const first = await host.openWindow();
      await completeInFile(host, first);
      const { pid } = await host.sidecar();
      const second = await host.openWindow();
      await second.openFile(host.file('src/stock.py'));
      await second.goToEnd();
      await second.typeForGhostText('    return ');
      assert.equal((await host.sidecar()).pid, pid);
      assert.ok(isRunning(pid));
    });

    scenario('a sidecar killed in the middle of a completion is back within 5 s, and nothing typed is lost', async (host) => {
      await stopSidecar(host.session.server.chorusHome);
      const window = await host.openWindow();
      await window.openFile(host.file(FILE));
      await window.goTo(13, 11);
      await window.typeForGhostText(' ');
      await recoversInTime(async (attempt) => {
        const { pid } = await host.sidecar();
        await window.goToEnd();
        await window.press('Enter');
        const name = ['double', 'triple', 'quadruple'][attempt - 1];
        await window.type(`export function ${name}(x: number): number {`);
        await window.command('Trigger Inline Suggestion');
        assert.equal((await host.busySidecar()).pid, pid);
        process.kill(pid, 'SIGKILL');
        const killedAt = Date.now();
        await window.press('Enter');
        await window.type('return ');
        await window.shownGhostText();
        const recoveredMs = Date.now() - killedAt;
        assert.notEqual((await host.sidecar()).pid, pid);
        await window.press('Tab');
        const whole = new RegExp(`export function ${name}\\(x: number\\): number \\{\\n\\s*return \\S`);
        await window.savedText(host.file(FILE), (text) => whole.test(text));
        return recoveredMs;
      });
    });

    scenario('a sidecar killed in the middle of an answer: the question stays, and the next one is answered within 5 s', async (host) => {
      await stopSidecar(host.session.server.chorusHome);
      const window = await host.openWindow();
      const chat = await window.openChat();
      await chat.ask('Say hello.');
      await chat.answerEnds();
      await recoversInTime(async () => {
        await window.command('Chorus: New Chat');
        await waitFor('an empty chat', async () => (await chat.questions.count()) === 0);
        await chat.ask('Write a very long story about the sea.');
        const begun = await chat.answerBegins();
        const { pid } = await host.busySidecar();
        assert.equal(await chat.streaming().count(), 1);
        process.kill(pid, 'SIGKILL');
        const killedAt = Date.now();
        const kept = await chat.answerEnds();
        assert.ok(kept.startsWith(begun.trim().slice(0, 10)), `${JSON.stringify(kept)} should keep ${JSON.stringify(begun)}`);
        assert.equal(await chat.questions.count(), 1);
        await chat.ask('Say hello.');
        await chat.answerBegins();
        const recoveredMs = Date.now() - killedAt;
        assert.notEqual((await host.sidecar()).pid, pid);
        await chat.answerEnds();
        return recoveredMs;
      });
    });
  });

  describeHost(version, (scenario) => {
    scenario('the sidecar is gone once all windows are closed', async (host) => {
      const first = await host.openWindow();
      await completeInFile(host, first);
      const second = await host.openWindow();
      await second.openFile(host.file('src/stock.py'));
      const { pid } = await host.sidecar();
      await first.close();
      assert.ok(isRunning(pid), 'one window is still open');
      await host.closeWindows();
      await waitFor('the sidecar to leave', () => !isRunning(pid));
      assert.equal(await host.runningSidecar(), undefined);
    });
  }, { env: { CHORUS_LINGER_MS: '500' } });

  describe(`an older and a newer Chorus side by side in VS Code ${version}`, () => {
    it('share the newer one\'s sidecar, and neither replaces it again', async () => {
      const older = await HostSession.start(version, { extensionVersion: '0.1.0' });
      const home = older.server.chorusHome;
      try {
        const newer = await HostSession.start(version, { extensionVersion: '0.2.0', env: { CHORUS_HOME: home } });
        const olderScenario = await older.newScenario();
        const newerScenario = await newer.newScenario();
        try {
          const olderWindow = await olderScenario.openWindow();
          await completeInFile(olderScenario, olderWindow);
          const { pid: firstPid } = await olderScenario.sidecar();
          const newerWindow = await newerScenario.openWindow();
          await completeInFile(newerScenario, newerWindow);
          await waitFor('the older sidecar to leave', () => !isRunning(firstPid));
          const { pid } = await newerScenario.sidecar();
          assert.notEqual(pid, firstPid);
          await olderWindow.openFile(olderScenario.file('src/stock.py'));
          await olderWindow.goToEnd();
          await olderWindow.typeForGhostText('    return ');
          await newerWindow.openFile(newerScenario.file('src/stock.py'));
          await newerWindow.goToEnd();
          await newerWindow.typeForGhostText('    return ');
          assert.equal((await newerScenario.sidecar()).pid, pid, 'one sidecar, and no duel');
        } catch (error) {
          await olderScenario.recordFailure('older window');
          await newerScenario.recordFailure('newer window');
          throw error;
        } finally {
          await olderScenario.closeWindows();
          await newerScenario.closeWindows();
          await newer.stop();
        }
      } finally {
        await stopSidecar(home);
        await older.stop();
      }
    });
  });
}

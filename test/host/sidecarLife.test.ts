import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeHost, HostSession } from './hostSession.ts';
import { completeInFile, recoverAnswer, recoverCompletion } from './recovery.ts';
import { TESTED_HOSTS } from './setup.ts';
import { isRunning } from '../isRunning.ts';
import { stopSidecar } from './sidecarProcess.ts';
import { waitFor } from './waitFor.ts';

for (const version of TESTED_HOSTS) {
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

    scenario('a sidecar killed during a completion restarts, and no typed text is lost', async (host) => {
      await stopSidecar(host.session.server.chorusHome);
      await recoverCompletion(host, await host.openWindow());
    });

    scenario(
      'after a sidecar is killed during an answer, the question stays, and the next one is answered',
      async (host) => {
        await stopSidecar(host.session.server.chorusHome);
        await recoverAnswer(host, await host.openWindow());
      },
    );
  });

  describeHost(version, (scenario) => {
    scenario('a hanging sidecar is replaced when the user restarts it', async (host) => {
      const window = await host.openWindow();
      await completeInFile(host, window);
      const { pid } = await host.sidecar();
      process.kill(pid, 'SIGSTOP');
      try {
        await window.command('Chorus: Restart Sidecar');
        await waitFor('another sidecar', async () => ((await host.runningSidecar())?.pid ?? pid) !== pid, {
          timeoutMs: 60_000,
        });
        await window.openFile(host.file('src/stock.py'));
        await window.goToEnd();
        await window.typeForGhostText('    return ');
      } finally {
        process.kill(pid, 'SIGKILL');
      }
    });
  });

  describeHost(
    version,
    (scenario) => {
      scenario('the sidecar exits after all windows are closed', async (host) => {
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
    },
    { env: { CHORUS_LINGER_MS: '500' } },
  );

  describe(`an older and a newer Chorus side by side in VS Code ${version}`, () => {
    it("share the newer one's sidecar, and neither replaces it again", async () => {
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

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import os from 'node:os';
import path from 'node:path';
import { bundleInHostTests } from '../desktop/bundle.ts';
import type { InHostResult } from '../desktop/inHost.ts';
import { HostSession } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';

/**
 * Runs the desktop's tests in the browser host's extension host. This shows that they pass on machines that can't
 * download the desktop's VS Code.
 */
describe(`the desktop's tests in VS Code ${NEWEST_HOST}`, () => {
  let session: HostSession;
  let work: string;
  before(async () => {
    work = await mkdtemp(path.join(os.tmpdir(), 'chorus-in-host-'));
    session = await HostSession.start(NEWEST_HOST, {
      testDriver: true,
      env: { CHORUS_TEST_RESULTS: path.join(work, 'results.json') },
    });
  });
  after(async () => {
    await session.stop();
    await rm(work, { recursive: true, force: true });
  });

  it('pass', async () => {
    const { server, browser, extensionFolder } = session;
    const { workspace } = await session.newScenario();
    // The tests are inside the extension's folder, so that they count as the extension and need no consent to use its
    // model.
    const testsPath = await bundleInHostTests(extensionFolder);
    const page = await browser.newPage();
    let exitCode: number | undefined;
    await page.exposeFunction('codeAutomationLog', () => undefined);
    await page.exposeFunction('codeAutomationExit', (code: number) => {
      exitCode = code;
    });
    await page.goto(
      server.windowUrl(workspace, [
        ['extensionDevelopmentPath', server.remoteUri(extensionFolder)],
        ['extensionTestsPath', server.remoteUri(testsPath)],
      ]),
    );
    await waitFor('the tests to end', () => exitCode !== undefined, { timeoutMs: 180_000 });
    const results = JSON.parse(await readFile(path.join(work, 'results.json'), 'utf8')) as InHostResult[];
    assert.deepEqual(
      results.filter(({ error }) => error !== undefined),
      [],
    );
    assert.ok(results.length > 0);
    assert.equal(exitCode, 0);
  });
});

import assert from 'node:assert/strict';
import type { Window } from './driver.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';

/** Sets a workspace's own model, as a repository might try. The file is not even a model. */
async function nameModelInWorkspace(host: Scenario): Promise<void> {
  const model = await host.write('evil.gguf', 'no model');
  await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.modelPath': model, 'chorus.threads': 1 }));
}

/** Checks that ghost text appears and comes from the model in the user's settings. Returns the window. */
async function completesWithUsersModel(host: Scenario): Promise<Window> {
  const window = await host.openWindow();
  const file = host.file('src/point.ts');
  await window.openFile(file);
  await window.goTo(13, 11);
  await window.typeForGhostText(' ');
  const { modelPath } = await host.sidecarStatus();
  assert.equal(modelPath, host.session.modelPath);
  return window;
}

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario) => {
    scenario("a workspace's own model is ignored", async (host) => {
      await nameModelInWorkspace(host);
      await completesWithUsersModel(host);
    });
  });

  describeHost(
    version,
    (scenario) => {
      scenario(
        "in an untrusted workspace, a window says so, and the user's model completes the document",
        async (host) => {
          await nameModelInWorkspace(host);
          const window = await completesWithUsersModel(host);
          await window.statusBarItem('Restricted Mode').waitFor();
        },
      );
    },
    { workspaceTrust: true },
  );
}

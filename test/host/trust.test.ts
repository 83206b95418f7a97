import assert from 'node:assert/strict';
import { describeHost, type Scenario } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';

/** What a repository would like to have: a model of its own, which isn't even one. */
async function nameModelInWorkspace(host: Scenario): Promise<void> {
  const model = await host.write('evil.gguf', 'no model');
  await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.modelPath': model, 'chorus.threads': 1 }));
}

/** Ghost text appears, and it comes from the model that the user's settings name. */
async function completesWithUsersModel(host: Scenario): Promise<void> {
  const window = await host.openWindow();
  const file = host.file('src/point.ts');
  await window.openFile(file);
  await window.goTo(13, 11);
  await window.typeForGhostText(' ');
  const { modelPath } = await host.sidecarStatus();
  assert.equal(modelPath, host.session.modelPath);
}

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario) => {
    scenario('a model that a workspace names is ignored', async (host) => {
      await nameModelInWorkspace(host);
      await completesWithUsersModel(host);
    });
  });

  describeHost(
    version,
    (scenario) => {
      scenario(
        "in a workspace that the user does not trust, the open document is completed by the user's model",
        async (host) => {
          await nameModelInWorkspace(host);
          await completesWithUsersModel(host);
        },
      );

      scenario('in a workspace that the user does not trust, a window says so', async (host) => {
        const window = await host.openWindow();
        await window.statusBarItem('Restricted Mode').waitFor();
      });
    },
    { workspaceTrust: true },
  );
}

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { homeFiles } from '../../sidecar/client/home.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';

const FILE = 'src/temperature.ts';

describeHost(NEWEST_HOST, (scenario) => {
  scenario('a model that a workspace names is ignored', async (host) => {
    await host.write('evil.gguf', 'no model');
    await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.modelPath': host.file('evil.gguf'), 'chorus.threads': 1 }));
    const window = await host.openWindow();
    await window.openFile(host.file(FILE));
    await window.goTo(13, 9);
    await window.type(' ');
    await window.shownGhostText();
    await host.sidecar();
    const log = await readFile(homeFiles(host.session.server.chorusHome).logFile, 'utf8');
    assert.doesNotMatch(log, /evil\.gguf/);
  });
});

describeHost(NEWEST_HOST, (scenario) => {
  scenario('an untrusted workspace gives the open document: ghost text works, other files stay unread', async (host) => {
    await host.write('.vscode/settings.json', JSON.stringify({ 'chorus.modelPath': host.file('evil.gguf') }));
    const window = await host.openWindow();
    await window.statusBarItem('Restricted Mode').waitFor();
    await window.openFile(host.file(FILE));
    await window.goTo(13, 9);
    await window.type(' ');
    await window.shownGhostText();
  });
}, { workspaceTrust: true });

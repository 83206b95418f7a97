import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { contextSetName, workspaceKeyOf } from '../../sidecar/keptContexts/workspaceKey.ts';
import { learningFolder } from '../../sidecar/keptContexts/learntFolder.ts';
import { PATIENCE_MS } from '../patience.ts';
import { describeHost } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

const FILES = 12;
const source = (file: number): string =>
  Array.from({ length: 240 }, (_, line) => `export const part${file}_${line} = price(${line}, 'part ${file}');`).join(
    '\n',
  );

for (const version of TESTED_HOSTS) {
  describeHost(
    version,
    (scenario) => {
      scenario('a workspace is learnt after consent, beside typing and when idle, and forgotten', async (host) => {
        for (let file = 0; file < FILES; file++) await host.write(`src/part${file}.ts`, source(file));
        const window = await host.openWindow();
        await window.openFile(host.file('src/part0.ts'));
        await window.command('Chorus: Learn This Workspace');
        const question = window.dialog('Learn the code of');
        await question.waitFor();
        await question.getByRole('button', { name: 'Learn Now and When Idle' }).click();
        const notification = (text: string) => window.page.locator('.notification-toast', { hasText: text });
        await notification('Learning,').waitFor({ timeout: PATIENCE_MS });
        await window.goTo(3, 1);
        await window.type('// ');
        if (process.platform === 'linux') await notification('Paused while you type').waitFor();
        await notification('Chorus has learnt').waitFor({ timeout: PATIENCE_MS });
        const key = workspaceKeyOf([pathToFileURL(host.workspace).href]);
        const folder = path.join(learningFolder(host.session.server.chorusHome), contextSetName(key));
        const isLearnt = (): boolean => existsSync(path.join(folder, 'expert.gguf'));
        await waitFor('the expert of the workspace', isLearnt);
        // The new files make the code new enough.
        for (let file = FILES; file < FILES + 4; file++) await host.write(`src/part${file}.ts`, source(file));
        const isLearningAgain = (): boolean => existsSync(path.join(folder, 'pass', 'pass.json'));
        await waitFor('the idle window to learn by itself', isLearningAgain, { timeoutMs: PATIENCE_MS });
        await window.command('Chorus: What Was Learnt');
        const page = window.dialog('What Was Learnt');
        await page.getByText('Size of the expert').waitFor();
        await window.page.keyboard.press('Escape');
        await window.command('Chorus: Pause Learning');
        await window.command('Chorus: Forget This Workspace');
        await waitFor('the workspace to be forgotten', () => !isLearnt());
      });
    },
    { settings: { 'chorus.learning.tokens': 1_024, 'chorus.learning.idleMinutes': 0.1 } },
  );
}

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { contextsFolder } from '../../sidecar/keptContexts/contextSets.ts';
import { contextSetName, workspaceKeyOf } from '../../sidecar/keptContexts/workspaceKey.ts';
import { describeHost, type Scenario } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

/** Creates a kept context of the workspace where the command line also looks for it. */
async function kept(host: Scenario): Promise<string> {
  const set = path.join(
    contextsFolder(host.session.server.chorusHome),
    contextSetName(workspaceKeyOf([pathToFileURL(host.workspace).href])),
  );
  await mkdir(set, { recursive: true });
  await writeFile(path.join(set, 'a.rows'), 'x');
  return set;
}

const isForgotten = (set: string): Promise<boolean> =>
  waitFor('the workspace to be forgotten', () => !existsSync(path.join(set, 'a.rows')));

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario) => {
    scenario(
      'kept contexts are deleted by command, and when an ignore file changes while a window is open or closed',
      async (host) => {
        const first = await host.openWindow();
        const set = await kept(host);
        await first.command('Chorus: Forget This Workspace');
        await isForgotten(set);
        await first.openFile(host.file('src/point.ts'));
        await first.goTo(13, 11);
        await first.typeForGhostText(' ');
        await kept(host);
        await first.command('Chorus: Forget This Workspace');
        await isForgotten(set);
        await kept(host);
        await host.write('.gitignore', 'private/\n');
        await isForgotten(set);
        await waitFor('the new rules to be noted', () => existsSync(path.join(set, 'rules')));
        await host.closeWindows();
        await kept(host);
        await host.write('.gitignore', 'private/\nsecret/\n');
        const second = await host.openWindow();
        await second.openFile(host.file('src/point.ts'));
        await second.goTo(13, 11);
        await second.typeForGhostText(' ');
        await isForgotten(set);
      },
    );
  });
}

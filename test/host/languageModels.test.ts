import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { installProbe } from './extensionFolder.ts';
import { describeHost } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

interface ProbeAnswer {
  readonly error?: string;
  readonly text?: string;
  readonly chunks?: number;
  readonly tokens?: number;
}

for (const version of TESTED_HOSTS) {
  describeHost(
    version,
    (scenario) => {
      scenario('another extension is answered by the local model once the user allows it', async (host) => {
        const window = await host.openWindow();
        await window.command('Probe: Ask the Local Model');
        const allow = window.dialog().getByRole('button', { name: 'Allow' });
        const answer = await waitFor('the answer', async () => {
          if (await allow.isVisible()) await allow.click();
          return readFile(host.file('probe.json'), 'utf8').then(
            (text) => JSON.parse(text) as ProbeAnswer,
            () => undefined,
          );
        });
        assert.equal(answer.error, undefined);
        assert.match(answer.text ?? '', /\w+ \w+/);
        assert.ok((answer.chunks ?? 0) > 1, 'the answer streams');
        assert.ok((answer.tokens ?? 0) >= 3);
      });
    },
    { prepare: installProbe },
  );
}

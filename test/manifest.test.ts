import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHAT_COMMANDS } from '../sidecar/protocol/client.ts';
import { registeredCommands } from './extension/registeredCommands.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Setting {
  readonly scope?: string;
  readonly default: unknown;
}

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly svg: string } }[];
    }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly chatParticipants: readonly { readonly commands: readonly { readonly name: string }[] }[];
    readonly keybindings?: readonly { readonly command: string; readonly key: string; readonly when?: string }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const strings = JSON.parse(read('package.nls.json')) as Record<string, string>;

function sources(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(path.join(folder, file)));
}

function extensionSources(): string {
  return sources('extension').join('\n');
}

/** Returns a default as `docs/settings.md` writes it. */
function defaultCell(value: unknown): string {
  if (value === '' || value === null) return 'empty';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

describe('the manifest', () => {
  it('has a string for every %key% and uses every string', () => {
    const used = new Set([...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key as string));
    assert.deepEqual([...used].sort(), Object.keys(strings).sort());
  });

  it('declares only commands that the extension registers', async () => {
    const registered = await registeredCommands();
    const missing = manifest.contributes.commands
      .map(({ command }) => command)
      .filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it('links only to registered commands from its walkthrough, and to pictures that exist', async () => {
    const registered = await registeredCommands();
    const [walkthrough] = manifest.contributes.walkthroughs;
    const steps = walkthrough?.steps ?? [];
    assert.ok(steps.length >= 3, `${steps.length} steps`);
    for (const { description, media } of steps) {
      assert.ok(existsSync(path.join(root, media.svg)), media.svg);
      const links = [...(strings[description.slice(1, -1)] ?? '').matchAll(/\]\(command:([\w.]+)\)/g)];
      assert.notEqual(links.length, 0, description);
      // VS Code itself makes a command that shows a view.
      for (const [, command = ''] of links)
        assert.ok(registered.has(command) || command === 'chorus.chat.focus', `${command} in ${description}`);
    }
  });

  it('hides no command from the palette because of a focus condition, since the palette itself has the focus', () => {
    const { commands, menus } = manifest.contributes;
    const conditions = [
      ...commands.map(({ command, enablement = '' }) => [command, enablement]),
      ...menus.commandPalette.map(({ command, when }) => [command, when]),
    ];
    assert.deepEqual(
      conditions.filter(([, condition]) => /focus/i.test(condition ?? '')),
      [],
    );
  });

  it('lets no workspace choose a model or an engine: such settings are machine-scoped and restricted', () => {
    // This switch chooses no model.
    const switches = ['chorus.nextEdits.model'];
    const chosen = Object.keys(manifest.contributes.configuration.properties).filter(
      (key) => /model|engine|device|threads|catalogue|mirror|cache/i.test(key) && !switches.includes(key),
    );
    assert.ok(chosen.includes('chorus.modelPath'), `chorus.modelPath should be among ${chosen.join(', ')}`);
    for (const key of chosen) {
      assert.equal(manifest.contributes.configuration.properties[key]?.scope, 'machine', `scope of ${key}`);
      assert.ok(
        manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.includes(key),
        `${key} in restrictedConfigurations`,
      );
    }
  });

  it("offers the slash commands of the chat panel in VS Code's own chat too", () => {
    assert.deepEqual(
      manifest.contributes.chatParticipants[0]?.commands.map(({ name }) => name),
      [...CHAT_COMMANDS],
    );
  });

  it('binds every key under its own condition, so that it takes no key from the editor', () => {
    for (const { key, when } of manifest.contributes.keybindings ?? [])
      assert.match(when ?? '', /chorus|inlineSuggestion/i, `when clause of ${key}`);
  });

  it('leaves the key for the next word to the editor if ghost text begins further on in the line', () => {
    const binding = manifest.contributes.keybindings?.find(({ command }) => command === 'chorus.completion.acceptWord');
    assert.match(binding?.when ?? '', /\bcursorBeforeGhostText\b/);
  });

  it('is described in docs/settings.md: each setting has one row with its default, and no other has', () => {
    const described = [...read('docs/settings.md').matchAll(/^\| `(chorus\.[\w.]+)` \| (\S+) \|/gm)].map(
      ([, key, value]) => `${key}: ${value}`,
    );
    const declared = Object.entries(manifest.contributes.configuration.properties).map(
      ([key, { default: value }]) => `${key}: ${defaultCell(value)}`,
    );
    assert.deepEqual(described.sort(), declared.sort());
  });
});

describe('the string bundle', () => {
  it('exists and is a flat table of strings', () => {
    assert.ok(existsSync(path.join(root, 'l10n/bundle.l10n.json')), 'run npm run l10n');
    const bundle = JSON.parse(read('l10n/bundle.l10n.json')) as Record<string, unknown>;
    const texts = [
      ...[extensionSources(), ...sources('sidecar/cli')].join('\n').matchAll(/l10n\.t\(\s*'((?:[^'\\]|\\.)*)'/g),
    ].map(([, text]) => (text as string).replaceAll("\\'", "'"));
    assert.ok(texts.length > 0);
    assert.deepEqual(
      texts.filter((text) => !(text in bundle)),
      [],
      'strings not in the bundle: run npm run l10n',
    );
  });
});

import { build } from 'esbuild';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Replaces all of VS Code's API. Each property is such an object again, and may be called, constructed, extended and
 * iterated.
 */
function anything(known: Readonly<Record<string, unknown>> = {}): unknown {
  return new Proxy(class {}, {
    get: (target, key) => {
      if (typeof key === 'string' && key in known) return known[key];
      // It must work as a base class, and must be neither a promise nor a text.
      if (key === 'prototype') return target.prototype;
      if (key === Symbol.iterator) return [][Symbol.iterator].bind([]);
      return typeof key === 'symbol' || key === 'then' ? undefined : anything();
    },
    set: () => true,
    apply: () => anything(),
    construct: () => anything() as object,
  });
}

/** Activates the extension in a VS Code that only records calls. Returns the names of all registered commands. */
export async function registeredCommands(): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const registerCommand = (name: string): unknown => {
    names.add(name);
    return anything();
  };
  // A bundle copies a module's own properties and inherits the rest from its prototype.
  const vscode = Object.create(
    anything({ commands: anything({ registerCommand, registerTextEditorCommand: registerCommand }) }) as object,
  ) as object;
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['extension/main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  });
  const require = createRequire(import.meta.url);
  const module = { exports: {} as { activate(context: unknown): void } };
  const parameters = ['require', 'module', 'exports', 'chorusLoadStartMs'];
  const load = compileFunction(outputFiles[0]?.text ?? '', parameters) as (
    require: (name: string) => unknown,
    ...others: readonly unknown[]
  ) => void;
  load(
    (name: string) => (name === 'vscode' ? vscode : (require(name) as unknown)),
    module,
    module.exports,
    performance.now(),
  );
  const subscriptions: { dispose(): unknown }[] = [];
  module.exports.activate(
    anything({ extensionPath: root, subscriptions, extension: anything({ packageJSON: { version: '0.0.0' } }) }),
  );
  for (const subscription of subscriptions) subscription.dispose();
  return names;
}

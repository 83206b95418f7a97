import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Returns every import of a file, static and dynamic. A relative target becomes a path from the repository's root. */
function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (specifier: string, typeOnly: boolean): void => {
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
    imports.push({ file, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      add(
        node.moduleSpecifier.text,
        ts.isExportDeclaration(node) ? node.isTypeOnly : clause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      );
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      node.arguments[0] &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      add(node.arguments[0].text, false);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      add(node.argument.literal.text, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function sources(folder: string): string[] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`);
}

const inFolder = (target: string, folder: string): boolean => target === folder || target.startsWith(`${folder}/`);
const ownFolders = ['extension', 'sidecar', 'kernels', 'media', 'l10n', 'test'];
const isOwn = (target: string): boolean => ownFolders.some((folder) => inFolder(target, folder));

/** The allowed imports within the project. */
const rules: { readonly from: string; readonly allowed: (imported: Import) => boolean; readonly says: string }[] = [
  {
    from: 'extension',
    says: 'extension imports from sidecar only protocol, common, privacy, keptContexts and client, from media only types, and l10n',
    allowed: ({ target, typeOnly }) =>
      [
        'extension',
        'sidecar/protocol',
        'sidecar/common',
        'sidecar/privacy',
        'sidecar/keptContexts',
        'sidecar/client',
        'l10n',
      ].some((folder) => inFolder(target, folder)) ||
      (typeOnly && inFolder(target, 'media')),
  },
  {
    from: 'sidecar',
    says: 'sidecar imports itself, kernels and l10n',
    allowed: ({ target }) => inFolder(target, 'sidecar') || inFolder(target, 'l10n') || inFolder(target, 'kernels'),
  },
  { from: 'l10n', says: 'l10n imports only itself', allowed: ({ target }) => inFolder(target, 'l10n') },
  { from: 'kernels', says: 'kernels imports only itself', allowed: ({ target }) => inFolder(target, 'kernels') },
  {
    from: 'media',
    says: 'media imports only itself, and types',
    allowed: ({ target, typeOnly }) => inFolder(target, 'media') || typeOnly,
  },
];

/** The rooms of the sidecar, the lowest first. Each imports only earlier rooms. */
const SIDECAR_ROOMS = [
  'protocol',
  'common',
  'privacy',
  'syntax',
  'nextEdits',
  'keptContexts',
  'client',
  'models',
  'speech',
  'engine',
  'shelf',
  'workspaceIndex',
  'completion',
  'chat',
  'dictation',
  'learning',
  'remoteServers',
  'front',
  'workshop',
  'cli',
];

/** The rooms of the kernels. Running a model never needs the code that trains one. */
const KERNEL_ROOMS = ['ggml', 'native', 'blocks', 'cache', 'training'];

/** Rooms of the product, which works without the workshop. */
const WITHOUT_WORKSHOP = SIDECAR_ROOMS.slice(0, SIDECAR_ROOMS.indexOf('workshop'));

describe('imports run in one direction', () => {
  for (const [house, rooms] of [
    ['sidecar', SIDECAR_ROOMS],
    ['kernels', KERNEL_ROOMS],
  ] as const) {
    it(`${house} has only the rooms ${rooms.join(', ')}`, () => {
      assert.deepEqual(readdirSync(path.join(root, house)).sort(), [...rooms].sort());
    });

    for (const [floor, room] of rooms.entries()) {
      it(`${house}/${room} imports only rooms below it`, () => {
        const above = rooms.slice(floor + 1).map((name) => `${house}/${name}`);
        assert.deepEqual(importsInto(`${house}/${room}`, above), []);
      });
    }
  }

  it('the product imports nothing from the workshop', () => {
    const product = ['extension', ...WITHOUT_WORKSHOP.map((room) => `sidecar/${room}`)];
    assert.deepEqual(
      product.flatMap((folder) => importsInto(folder, ['sidecar/workshop', 'kernels/training'])),
      [],
    );
  });

  for (const { from, allowed, says } of rules) {
    it(says, () => {
      const wrong = sources(from)
        .flatMap(importsOf)
        .filter((imported) => isOwn(imported.target) && !allowed(imported))
        .map(({ file, target }) => `${file} imports ${target}`);
      assert.deepEqual(wrong, []);
    });
  }

  it('no file imports itself through other files, types included', () => {
    const graph = new Map(
      [...ownFolders, '.scripts'].flatMap(sources).map((file) => [file, importsOf(file).map(({ target }) => target)]),
    );
    assert.ok(graph.size > 1_000);
    assert.deepEqual(circlesOf(graph), []);
  });

  it('finds an import cycle', () => {
    assert.deepEqual(
      circlesOf(
        new Map([
          ['a', ['b', 'x']],
          ['b', ['c', 'd']],
          ['c', ['b']],
          ['d', []],
        ]),
      ),
      ['b → c → b'],
    );
  });

  it('only extension imports vscode', () => {
    const wrong = ['sidecar', 'kernels', 'media']
      .flatMap(sources)
      .flatMap(importsOf)
      .filter(({ target }) => target === 'vscode' || target.startsWith('vscode-languageclient'))
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(wrong, []);
  });

  it('the front loads no native code: only the engine process reaches node-llama-cpp and koffi', () => {
    const wrong = reachableFrom('sidecar/front/main.ts').filter(
      ({ target, typeOnly }) => !typeOnly && (target === 'node-llama-cpp' || target === 'koffi'),
    );
    assert.deepEqual(
      wrong.map(({ file, target }) => `${file} imports ${target}`),
      [],
    );
  });

  it('finds a forbidden import', () => {
    const forbidden: Import = { file: 'kernels/x.ts', target: 'sidecar/protocol/client.ts', typeOnly: true };
    assert.equal(rules.find(({ from }) => from === 'kernels')?.allowed(forbidden), false);
  });
});

/** Returns the imports of a folder's files from other folders, as sentences. */
function importsInto(from: string, folders: readonly string[]): string[] {
  return sources(from)
    .flatMap(importsOf)
    .filter(({ target }) => folders.some((folder) => inFolder(target, folder)))
    .map(({ file, target }) => `${file} imports ${target}`);
}

/** Returns all imports of a file and of every project file that it imports at run time. */
function reachableFrom(entry: string): Import[] {
  const seen = new Set<string>();
  const found: Import[] = [];
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const imports = importsOf(file);
    found.push(...imports);
    queue.push(...imports.filter(({ target, typeOnly }) => !typeOnly && isOwn(target)).map(({ target }) => target));
  }
  return found;
}

/** Returns the cycles that a walk from each file meets. The result is empty only if there is no cycle. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const left = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) circles.push([...way.slice(at), file].join(' → '));
    if (at >= 0 || left.has(file)) return;
    way.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    way.pop();
    left.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A process takes up to this many files. More would leave cores without work at the end of a run. */
const MAX_FILES = 12;
/** Code that changes a process for other files: hooks, environment, mocks, threads, engines, the current language. */
const CHANGES_PROCESS =
  /^(before|after|beforeEach|afterEach)\(|\bprocess\.(env|on|chdir|exit|emit|kill|std)|\bmock\b|globalThis|[a-z]Language\(|execa|child_process|Worker|Device\b|ggml|koffi|useFake/m;

/**
 * Gives each process of a run several small test files, since starting a process and loading its modules takes longer
 * than most of them. Files that change their process stay alone, and so do those of `alone`. Writes a module for each
 * group of files into the folder, and returns the modules and the other files.
 */
export async function withSharedProcesses(
  files: readonly string[],
  { root, folder, alone }: { readonly root: string; readonly folder: string; readonly alone: readonly string[] },
): Promise<readonly string[]> {
  const unshared: string[] = [];
  const rooms = new Map<string, string[]>();
  for (const file of files) {
    if (alone.includes(file) || CHANGES_PROCESS.test(await readFile(path.join(root, file), 'utf8')))
      unshared.push(file);
    else rooms.set(roomOf(file), [...(rooms.get(roomOf(file)) ?? []), file]);
  }
  const groups = [...rooms].flatMap(([room, members]) => groupsOf(members).map((group) => ({ room, group })));
  const modules = groups.map(async ({ room, group }, index) => {
    const module = path.join(folder, `${room}-${index}.test.mjs`);
    const imports = group.map((file) => `import ${JSON.stringify(pathToFileURL(path.join(root, file)).href)};\n`);
    await writeFile(module, imports.join(''));
    return module;
  });
  return [...unshared, ...(await Promise.all(modules))];
}

/** Returns the part of the tests. Its files, ordered by name, import mostly the same modules. */
function roomOf(file: string): string {
  return path.posix.dirname(file).split('/').slice(0, 2).join('-');
}

function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(files.length / MAX_FILES) }, (_, index) =>
    files.slice(index * MAX_FILES, (index + 1) * MAX_FILES),
  );
}

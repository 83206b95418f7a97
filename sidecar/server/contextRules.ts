import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContextSet } from '../protocol/engine.ts';

/** VS Code knows ignore files, which `chorus lsp` does not: what one has read, and under what, says nothing of the other. */
const rulesFile = (clientKind: string): string => (clientKind === 'vscode' ? 'rules' : 'rules-of-editors');

/** Whether what a set holds was evaluated under these rules of what clients of a kind may read: an empty set was, one that nothing is known of was not. */
export async function isUnderRules({ folder, name }: ContextSet, clientKind: string, rules: string): Promise<boolean> {
  const set = path.join(folder, name);
  if (!(await stat(set).catch(() => undefined))) return true;
  return (await readFile(path.join(set, rulesFile(clientKind)), 'utf8').catch(() => undefined)) === rules;
}

/** Notes the rules under which a set is filled from now on. One that they can't be noted of is forgotten next time. */
export async function noteRules({ folder, name }: ContextSet, clientKind: string, rules: string): Promise<void> {
  const set = path.join(folder, name);
  try {
    await mkdir(set, { recursive: true, mode: 0o700 });
    await writeFile(path.join(set, rulesFile(clientKind)), rules, { mode: 0o600 });
  } catch {
    // Without them the set counts as filled under others.
  }
}

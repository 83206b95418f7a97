import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';
import type { ContextSet } from '../protocol/engine.ts';

const RULES_FILE = 'rules';

/**
 * By kind of client, what it may read: VS Code knows ignore files, which `chorus lsp` does not, so that what one has
 * read, and under what, says nothing of the other.
 */
export type ContextRules = Readonly<Record<string, string>>;

/**
 * The rules under which what a set holds was evaluated, none where nothing is known of it; `undefined`: there is no
 * set.
 */
export async function notedRules({ folder, name }: ContextSet): Promise<ContextRules | undefined> {
  const set = path.join(folder, name);
  if (!(await stat(set).catch(() => undefined))) return undefined;
  try {
    const noted = parseJson(await readFile(path.join(set, RULES_FILE), 'utf8'));
    return typeof noted === 'object' && noted !== null && !Array.isArray(noted) ? { ...noted } : {};
  } catch {
    return {};
  }
}

/** Notes the rules under which a set is filled from now on. One that they can't be noted of is forgotten next time. */
export async function noteRules({ folder, name }: ContextSet, rules: ContextRules): Promise<void> {
  const set = path.join(folder, name);
  try {
    await mkdir(set, { recursive: true, mode: 0o700 });
    await writeWhole(path.join(set, RULES_FILE), JSON.stringify(rules));
  } catch {
    // Without them the set counts as filled under others.
  }
}

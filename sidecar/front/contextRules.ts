import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '../common/parseJson.ts';
import { writeWhole } from '../common/writeWhole.ts';
import type { ContextSet } from '../protocol/engine.ts';

const RULES_FILE = 'rules';

/**
 * The rules that decide which files may be read, by kind of client. VS Code knows ignore files and `chorus lsp` does
 * not, so each kind notes its own rules.
 */
export type ContextRules = Readonly<Record<string, string>>;

/**
 * Returns the rules under which a set's contents were evaluated, or `{}` if they are unknown. Returns `undefined` if
 * the set does not exist.
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

/**
 * Notes the rules under which a set is filled from now on. A set whose rules cannot be noted is forgotten next time.
 */
export async function noteRules({ folder, name }: ContextSet, rules: ContextRules): Promise<void> {
  const set = path.join(folder, name);
  try {
    await mkdir(set, { recursive: true, mode: 0o700 });
    await writeWhole(path.join(set, RULES_FILE), JSON.stringify(rules));
  } catch {
    // Without noted rules the set counts as filled under other rules.
  }
}

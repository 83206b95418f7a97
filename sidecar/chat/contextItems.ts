import type { ContextItem } from '../protocol/client.ts';
import type { Engine } from '../engine/engine.ts';
import { cutText, levelSizes } from './budget.ts';
import { fenceFor } from './fences.ts';

export interface FittedContext {
  /** The text for the prompt, or '' without context. */
  readonly text: string;
  /** Labels of the items that were cut or left out. */
  readonly omitted: readonly string[];
  /** Items that were left out completely. */
  readonly leftOut: readonly ContextItem[];
}

/**
 * No vocabulary in use has tokens this long on average. So text beyond this length does not fit and need not be
 * counted.
 */
const MAX_UNITS_PER_TOKEN = 8;
/** A part shorter than this has no value for the model. */
const MIN_ITEM_TOKENS = 24;

/** Writes context items in a fixed order and form. The largest are cut first so that all fit `budgetTokens`. */
export async function fitContext(
  engine: Engine,
  items: readonly ContextItem[],
  budgetTokens: number,
): Promise<FittedContext> {
  const bounded = items.map((item) => ({ item, text: item.text.slice(0, budgetTokens * MAX_UNITS_PER_TOKEN) }));
  const sizes = await Promise.all(
    bounded.map(async ({ item, text }) => (await engine.tokenize(render(item, text))).length),
  );
  const levels = levelSizes(sizes, budgetTokens);
  const omitted: string[] = [];
  const leftOut: ContextItem[] = [];
  const parts: string[] = [];
  for (const [index, { item, text }] of bounded.entries()) {
    const size = sizes[index] ?? 0;
    const level = levels[index] ?? 0;
    const whole = text.length === item.text.length && size <= level;
    if (!whole) omitted.push(contextLabel(item));
    if (whole) parts.push(render(item, text));
    else if (level >= MIN_ITEM_TOKENS) parts.push(render(item, `${cutText(text, size, level)}\n[…]`));
    else leftOut.push(item);
  }
  return { text: parts.join('\n\n'), omitted, leftOut };
}

/** Returns a label such as "parser.ts:10-24", with lines counted from one. */
function contextLabel(item: ContextItem): string {
  const name = item.uri ? fileName(item.uri) : item.kind;
  return item.lines ? `${name}:${item.lines[0] + 1}-${item.lines[1] + 1}` : name;
}

function fileName(uri: string): string {
  const path = uri.replace(/[?#].*$/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const TITLES: Readonly<Record<ContextItem['kind'], string>> = {
  selection: 'Selected code',
  file: 'File',
  diagnostics: 'Problems reported',
  workspace: 'Code of the workspace',
};

function render(item: ContextItem, text: string): string {
  const fence = fenceFor(text);
  const lines = item.lines ? `, lines ${item.lines[0] + 1}-${item.lines[1] + 1}` : '';
  const where = item.uri ? ` in ${fileName(item.uri)}${lines}` : '';
  return `${TITLES[item.kind]}${where}:\n${fence}${item.kind === 'diagnostics' ? '' : (item.languageId ?? '')}\n${text}\n${fence}`;
}

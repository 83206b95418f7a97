import type { ContextItem } from '../protocol/client.ts';
import type { Engine } from '../engine/engine.ts';
import { cutText, levelSizes } from './budget.ts';
import { fenceFor } from './fences.ts';

export interface FittedContext {
  /** The text for the prompt; empty where there is no context. */
  readonly text: string;
  /** Labels of the items that were cut or left out. */
  readonly omitted: readonly string[];
  /** Those of which nothing is left. */
  readonly leftOut: readonly ContextItem[];
}

/**
 * No token of a vocabulary in use is this long on average: text beyond it need not be counted to know that it does not
 * fit.
 */
const MAX_UNITS_PER_TOKEN = 8;
/** A rest shorter than this tells a model nothing. */
const MIN_ITEM_TOKENS = 24;

/** Writes context items in a fixed order and form, the largest cut first so that all fit `budgetTokens`. */
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

/** For example "parser.ts:10-24", lines counted from one. */
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

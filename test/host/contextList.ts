import { setTimeout as sleep } from 'node:timers/promises';
import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

/** Returns the list that one of Chorus's context commands shows. */
export async function listOf(
  window: Window,
  command: string,
): Promise<{ readonly title: string; readonly rows: readonly string[] }> {
  await window.command(command);
  const widget = window.page.locator('.quick-input-widget');
  const title = widget.locator('.quick-input-title', { hasText: 'Context:' });
  await title.waitFor();
  const found = {
    title: (await title.textContent()) ?? '',
    rows: await widget.locator('.monaco-list-row').allTextContents(),
  };
  await window.press('Escape');
  return found;
}

/**
 * The pause before the list is opened. A user who opens the palette at once has not requested a completion yet, and
 * reading ahead starts after three seconds.
 */
const PAUSE_MS = 4_000;

/**
 * Types repeatedly, with pauses, until a file is in the context and evaluated. Returns the list of *Show Context* then.
 */
export async function waitForFileInContext(
  window: Window,
  file: string,
  options: { readonly typing: string },
): Promise<readonly string[]> {
  return waitFor(`${file} in the context`, async () => {
    await window.type(options.typing);
    await sleep(PAUSE_MS);
    const { rows } = await listOf(window, 'Chorus: Show Context');
    return rows.some((row) => row.includes(file) && row.includes('The model has read it')) ? rows : undefined;
  });
}

import type { Window } from './driver.ts';
import { waitFor } from './waitFor.ts';

/** Waits until the editor shows the hint of a next edit. */
export async function waitForHint(window: Window, text: string): Promise<void> {
  await waitFor(`“${text}” in the editor`, async () =>
    (await shownHints(window)).some((shown) => shown.includes(text)),
  );
}

/** Waits until the editor shows no hint of a next edit. */
export async function waitForNoHint(window: Window): Promise<void> {
  await waitFor(
    'no hint in the editor',
    async () => !(await shownHints(window)).some((shown) => shown.includes('Tab:')),
  );
}

/** Returns the texts that decorations add in the editor. */
export async function shownHints(window: Window): Promise<readonly string[]> {
  const contents = await window.page
    .locator('.monaco-editor .view-line span')
    .evaluateAll((spans) => spans.map((span) => getComputedStyle(span, '::after').content));
  return contents.map((content) => content.replaceAll('\u00a0', ' '));
}

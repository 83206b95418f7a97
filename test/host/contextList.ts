import type { Window } from './driver.ts';

/** What a command of Chorus that tells of the context lists. */
export async function listOf(window: Window, command: string): Promise<{ readonly title: string; readonly rows: readonly string[] }> {
  await window.command(command);
  const widget = window.page.locator('.quick-input-widget');
  const title = widget.locator('.quick-input-title', { hasText: 'Context:' });
  await title.waitFor();
  const found = { title: (await title.textContent()) ?? '', rows: await widget.locator('.monaco-list-row').allTextContents() };
  await window.press('Escape');
  return found;
}

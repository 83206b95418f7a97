import type { Window } from './driver.ts';
import type { Scenario } from './hostSession.ts';
import { waitFor } from './waitFor.ts';

/** Settings with which the keys belong to next edits alone, whatever the model answers. */
export const NEXT_EDIT_SETTINGS = {
  'chorus.completion.enabled': false,
  'editor.quickSuggestions': false,
  'editor.wordBasedSuggestions': 'off',
  'files.autoSave': 'off',
};

/** Opens a file that ends with a line break in a new window, and waits until the sidecar knows the document. */
export async function openKnownFile(host: Scenario, file: string): Promise<Window> {
  const window = await host.openWindow();
  await window.openFile(file);
  await window.goToEnd();
  // Typing starts the sidecar.
  await window.type(' ');
  await waitFor('the document in the sidecar', async () => (await host.reachedSidecar()).documents > 0);
  await window.press('Backspace');
  return window;
}

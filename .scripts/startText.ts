import { bundledModelNotice } from '../sidecar/cli/bundledModelNotice.ts';

/**
 * Returns the text that `npm start` prints when the desktop's VS Code opens. `isBundled` means that the bundled model
 * is used.
 */
export function openingText({
  code,
  workspace,
  isBundled,
}: {
  readonly code: string;
  readonly workspace: string;
  readonly isBundled: boolean;
}): string {
  const opening = `Opening ${code} on ${workspace}. Close its window to end.`;
  return isBundled ? `${opening}\n${modelText()}` : opening;
}

/**
 * Returns the text that `npm start` prints when VS Code in a browser is ready. `isBundled` means that the bundled model
 * is used.
 */
export function readyText({
  url,
  workspace,
  isBundled,
}: {
  readonly url: string;
  readonly workspace: string;
  readonly isBundled: boolean;
}): string {
  const ready = `\nVS Code with Chorus runs at:\n\n  ${url}\n\nIt works on ${workspace}. Type a space after "return" and wait a moment. Ctrl-C ends it.\n`;
  return isBundled ? `${ready}\n${modelText()}\n` : ready;
}

function modelText(): string {
  return bundledModelNotice('Chorus: Choose Model…');
}

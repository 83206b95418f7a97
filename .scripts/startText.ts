import { bundledModelNotice } from '../sidecar/cli/bundledModelNotice.ts';

/** What `npm start` prints when the desktop's VS Code opens; `isBundled`: the model that came with Chorus answers. */
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

/** What `npm start` prints when VS Code in a browser is ready; `isBundled`: the model that came with Chorus answers. */
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

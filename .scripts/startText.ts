import { bundledModelNotice } from '../sidecar/cli/bundledModelNotice.ts';

/** What `npm start` prints when the desktop's VS Code opens. */
export function openingText({ code, workspace }: { readonly code: string; readonly workspace: string }): string {
  return `Opening ${code} on ${workspace}. Close its window to end.\n${modelText()}`;
}

/** What `npm start` prints when VS Code in a browser is ready. */
export function readyText({ url, workspace }: { readonly url: string; readonly workspace: string }): string {
  return `\nVS Code with Chorus runs at:\n\n  ${url}\n\nIt works on ${workspace}. Type a space after "return" and wait a moment. Ctrl-C ends it.\n\n${modelText()}\n`;
}

function modelText(): string {
  return bundledModelNotice('Chorus: Choose Model…');
}

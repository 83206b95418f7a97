import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import { isRightToLeft } from '../../l10n/languages.ts';

/** Returns the page of the chat panel. It loads only its own script and style, and no images. */
export function panelHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const asset = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'media', name)).toString();
  const language = currentLanguage();
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${language}" dir="${isRightToLeft(language) ? 'rtl' : 'ltr'}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${asset('chat.css')}">
<title>Chorus</title>
</head>
<body>
<script nonce="${nonce}" src="${asset('chat.js')}"></script>
</body>
</html>`;
}

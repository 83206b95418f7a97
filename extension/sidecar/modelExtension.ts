import * as vscode from 'vscode';
import { MODEL_EXTENSION_ID, type ModelExtension } from '../../sidecar/common/modelExtension.ts';

/** Returns the extension with the default model, if this product has it. Packages of Open VSX need it. */
export function modelExtension(): ModelExtension | undefined {
  const extension = vscode.extensions.getExtension<unknown>(MODEL_EXTENSION_ID);
  if (!extension) return undefined;
  const { version } = extension.packageJSON as { readonly version: string };
  return { folder: extension.extensionUri.fsPath, version };
}

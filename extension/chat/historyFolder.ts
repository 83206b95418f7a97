import * as vscode from 'vscode';
import type { TextStore } from './chatHistory.ts';

/** Returns a folder of VS Code's workspace storage, or a store in memory if the window has no storage. */
export function historyFolder(storage: vscode.Uri | undefined): TextStore {
  if (!storage) return memoryStore();
  const folder = vscode.Uri.joinPath(storage, 'chat');
  const file = (name: string): vscode.Uri => vscode.Uri.joinPath(folder, name);
  const { fs } = vscode.workspace;
  return {
    async list() {
      await fs.createDirectory(folder);
      return (await fs.readDirectory(folder)).map(([name]) => name).filter((name) => name.endsWith('.json'));
    },
    async read(name) {
      return new TextDecoder().decode(await fs.readFile(file(name)));
    },
    async write(name, text) {
      await fs.writeFile(file(name), new TextEncoder().encode(text));
    },
    async remove(name) {
      await fs.delete(file(name));
    },
  };
}

function memoryStore(): TextStore {
  const texts = new Map<string, string>();
  return {
    list: async () => [...texts.keys()],
    read: async (name) => texts.get(name) ?? '',
    write: async (name, text) => void texts.set(name, text),
    remove: async (name) => void texts.delete(name),
  };
}

import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import path from 'node:path';
import { localModels } from '../../shelf/localModels.ts';
import { formatBytes, printJson } from '../output.ts';
import { withJson } from '../options.ts';
import { inOneLine, writeForeignText } from '../terminal.ts';
import { addDownload } from './models/download.ts';
import { addImport } from './models/import.ts';
import { withFolder, type ShelfOptions } from './models/options.ts';
import { addRemove } from './models/remove.ts';
import { addShelf } from './models/shelf.ts';

/** `chorus models`: the GGUF files on this machine. Its subcommands list, download, import and remove models. */
export function addModels(program: Command): void {
  const command = withFolder(
    withJson(
      program
        .command('models')
        .description(l10n.t('list the models on this machine, including models of LM Studio, Ollama and llama.cpp')),
    ),
  ).action(models);
  addShelf(command);
  addDownload(command);
  addImport(command);
  addRemove(command);
}

async function models({ json, folder }: Pick<ShelfOptions, 'json' | 'folder'>): Promise<void> {
  const found = await localModels({ modelsFolder: folder === undefined ? undefined : path.resolve(folder) });
  if (json) {
    printJson(found);
    return;
  }
  if (found.length === 0) process.stderr.write(`${l10n.t('No model found. Name a GGUF file with --model.')}\n`);
  for (const model of found)
    writeForeignText(
      process.stdout,
      `${model.source.padEnd(10)} ${(formatBytes(model.sizeBytes) ?? '').padStart(9)}  ${inOneLine(model.name)}\n${' '.repeat(22)}${inOneLine(model.path)}\n`,
    );
}

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../l10n/currentLanguage.ts';
import type { CatalogueShelfEntry, LocalModel, ShelfPlan, ShelfQuantisation } from '../../sidecar/protocol/client.ts';
import { formatBytes } from '../status/statusView.ts';
import type { ModelChoice } from './modelChoice.ts';

/** A line of the list. A heading has no choice. */
export interface ModelItem extends vscode.QuickPickItem {
  readonly choice?: ModelChoice;
}

/** Returns the choices as lines under headings. */
export function modelItems(choices: readonly ModelChoice[]): ModelItem[] {
  const headings: Partial<Record<ModelChoice['kind'], string>> = {
    local: l10n.t('On this machine'),
    download: l10n.t('To download'),
  };
  return choices.flatMap((choice, index): ModelItem[] => {
    const item = itemOf(choice);
    const isFirst = choices[index - 1]?.kind !== choice.kind;
    const label = headings[choice.kind];
    return isFirst && (label !== undefined || choice.kind === 'browse')
      ? [{ label: label ?? '', kind: vscode.QuickPickItemKind.Separator }, item]
      : [item];
  });
}

function itemOf(choice: ModelChoice): ModelItem {
  switch (choice.kind) {
    case 'local':
      return localItem(choice);
    case 'download':
      return downloadItem(choice);
    case 'browse':
      return { choice, label: `$(folder-opened) ${l10n.t('Browse…')}`, alwaysShow: true };
    case 'import':
      return { choice, label: `$(new-file) ${l10n.t('Import a Copy…')}`, alwaysShow: true };
    case 'server':
      return {
        choice,
        label: `$(cloud-upload) ${l10n.t('Use a Server…')}`,
        ...(choice.chosen ? { description: `$(check) ${choice.chosen.model}`, detail: choice.chosen.url } : {}),
        alwaysShow: true,
      };
  }
}

function localItem(choice: ModelChoice & { readonly kind: 'local' }): ModelItem {
  const { model, isChosen, isRemovable, isRecommended } = choice;
  const notes = [isRecommended && l10n.t('recommended here'), sourceName(model.source), formatBytes(model.sizeBytes)];
  return {
    choice,
    label: isChosen ? `$(check) ${model.name}` : model.name,
    description: notes.filter(Boolean).join(' · '),
    detail: model.path,
    buttons: isRemovable ? [removeButton()] : [],
  };
}

function downloadItem(choice: ModelChoice & { readonly kind: 'download' }): ModelItem {
  const { entry, quantisation } = choice;
  const isHere = quantisation.state !== 'absent';
  const notes = [
    quantisation.isRecommended && l10n.t('recommended here'),
    formatBytes(quantisation.sizeBytes),
    isHere && progressNote(quantisation),
  ];
  return {
    choice,
    label: `${quantisation.isRecommended ? '$(star-full)' : '$(cloud-download)'} ${entry.name} ${quantisation.type}`,
    description: notes.filter(Boolean).join(' · '),
    detail: [planNote(quantisation.plan), usesOf(entry), licenceNote(entry)].filter(Boolean).join(' · '),
    buttons: isHere ? [removeButton()] : [],
  };
}

/** The button that removes a model. */
function removeButton(): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon('trash'), tooltip: l10n.t('Remove') };
}

function progressNote({ state, receivedBytes = 0, sizeBytes }: ShelfQuantisation): string {
  const share = formatNumber(Math.min(1, receivedBytes / sizeBytes), { style: 'percent' });
  return state === 'downloading' ? share : l10n.t('paused at {0}', share);
}

function planNote({ fit, speed, tokensPerSecond = 0, neededBytes }: ShelfPlan): string {
  if (fit === 'none') return l10n.t('needs {0} of memory, more than is available', formatBytes(neededBytes));
  const places = {
    gpu: l10n.t('on the GPU'),
    shared: l10n.t('on GPU and processor'),
    cpu: l10n.t('on the processor'),
  };
  const rate = l10n.t('about {0} tokens/s', formatNumber(tokensPerSecond, { maximumSignificantDigits: 2 }));
  return [places[fit], rate, speed === 'slow' && l10n.t('slow')].filter(Boolean).join(', ');
}

function usesOf({ completesInTheMiddle, answers }: CatalogueShelfEntry): string {
  return [completesInTheMiddle && l10n.t('for ghost text'), answers && l10n.t('for chat')].filter(Boolean).join(', ');
}

function licenceNote({ licence }: CatalogueShelfEntry): string {
  return licence.commercialUse ? licence.name : `${licence.name} (${l10n.t('no commercial use')})`;
}

function sourceName(source: LocalModel['source']): string {
  switch (source) {
    case 'lm-studio':
      return 'LM Studio';
    case 'ollama':
      return 'Ollama';
    case 'llama.cpp':
      return 'llama.cpp';
    case 'chorus':
      return 'Chorus';
    case 'bundled':
      return l10n.t('bundled with Chorus');
  }
}

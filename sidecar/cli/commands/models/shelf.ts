import * as l10n from '@vscode/l10n';
import type { Command } from 'commander';
import { SHELF_REQUEST, type CatalogueShelfEntry, type ShelfQuantisation } from '../../../protocol/client.ts';
import { formatBytes, formatTable, printJson } from '../../output.ts';
import { Session } from '../../session.ts';
import { writeForeignText } from '../../terminal.ts';
import { downloadSettings, optionsOf, withShelfOptions, type ShelfOptions } from './options.ts';

/** `chorus models shelf`: the models in the catalogue, and how each would run on this machine. */
export function addShelf(models: Command): void {
  withShelfOptions(
    models.command('shelf').description(l10n.t('list downloadable models and how they would run here')),
  ).action((_options: unknown, command: Command) => shelf(optionsOf(command)));
}

async function shelf(options: ShelfOptions): Promise<void> {
  const session = await Session.openShared(downloadSettings(options));
  try {
    const { entries, catalogueTrouble } = await session.request(SHELF_REQUEST, {});
    const models = entries.filter((entry) => entry.kind === 'catalogue');
    if (options.json) {
      printJson({ models, catalogueTrouble });
      return;
    }
    if (catalogueTrouble) writeForeignText(process.stderr, `chorus: ${catalogueTrouble.message}\n`);
    const rows = models.flatMap((model) => model.quantisations.map((quantisation) => row(model, quantisation)));
    for (const line of formatTable([
      ['', 'model', 'quantisation', 'size', 'runs on', 'speed', 'for', 'licence'],
      ...rows,
    ]))
      writeForeignText(process.stdout, `${line}\n`);
    const isBundledBest = entries.some((entry) => entry.kind === 'local' && entry.isRecommended);
    const advice = isBundledBest
      ? 'The bundled model is recommended here: no larger model would be quick.'
      : '* recommended here';
    writeForeignText(process.stdout, `\n${advice}   chorus models download MODEL [QUANTISATION]\n`);
  } finally {
    await session.close();
  }
}

function row(
  { id, completesInTheMiddle, answers, licence }: CatalogueShelfEntry,
  quantisation: ShelfQuantisation,
): readonly string[] {
  const { type, sizeBytes, plan, isRecommended, state, receivedBytes = 0 } = quantisation;
  const here =
    state === 'present' ? 'here' : state === 'absent' ? '' : `${Math.floor((100 * receivedBytes) / sizeBytes)} % here`;
  const speed = plan.tokensPerSecond === undefined ? '' : `${plan.speed}, ~${plan.tokensPerSecond.toPrecision(2)} t/s`;
  const uses = [completesInTheMiddle && 'ghost text', answers && 'chat'].filter(Boolean).join(', ');
  return [
    isRecommended ? '*' : '',
    id,
    type,
    here || (formatBytes(sizeBytes) ?? ''),
    PLACES[plan.fit],
    speed,
    uses,
    licence.commercialUse ? licence.name : `${licence.name}, no commercial use`,
  ];
}

const PLACES = { gpu: 'GPU', shared: 'GPU and CPU', cpu: 'CPU', none: 'too large' } as const;

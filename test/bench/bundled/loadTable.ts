import type { ExpertLoad } from './expertLoad.ts';
import type { ByName } from './groupedTable.ts';
import { meanOf } from './paired.ts';

/** Returns the minimum, mean and maximum share of tokens over layers, for each expert and domain. */
export function loadTable(loads: ByName<ExpertLoad>): string {
  const domains = [...new Set([...loads.values()].flatMap((load) => [...load.keys()]))];
  const lines = [...loads].flatMap(([name, load]) =>
    (['feedForward', 'attention'] as const).flatMap((kind) => {
      const experts = Math.max(0, ...[...load.values()].flat().map((layer) => layer[kind]?.length ?? 0));
      return Array.from({ length: experts }, (_, expert) => {
        const cells = domains.map((domain) => {
          const shares = (load.get(domain) ?? []).flatMap((layer) => layer[kind]?.[expert] ?? []);
          return `${percent(Math.min(...shares))} – ${percent(meanOf(shares).mean)} – ${percent(Math.max(...shares))}`;
        });
        return `| ${name} | ${kind === 'attention' ? 'attention' : 'network'} ${expert + 1} | ${cells.join(' | ')} |`;
      });
    }),
  );
  return `| | expert | ${domains.join(' | ')} |\n|---|---|${domains.map(() => '---:|').join('')}\n${lines.join('\n')}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

import type { SidecarStatus } from '../protocol/client.ts';

/** Returns the fields of a model's own experts and of the adapters that the user chose. */
export function adapterFields(
  adapters: SidecarStatus['adapters'] = [],
): readonly (readonly [name: string, ...values: string[]])[] {
  const own = adapters.filter(({ isOwn }) => isOwn);
  const chosen = adapters.filter(({ isOwn }) => !isOwn);
  return [
    ['Experts', ...own.map(({ path, experts }) => `${experts} (${path})`)],
    [
      'Adapters',
      ...chosen.map(({ name, path, experts }) => `${name} (${path})${experts > 1 ? `, ${experts} experts` : ''}`),
    ],
  ];
}

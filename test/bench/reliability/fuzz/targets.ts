import type { FuzzTarget } from './target.ts';

export type TargetName = 'frames' | 'events' | 'cache' | 'catalogue' | 'markdown' | 'gguf';

/** The targets by name. */
export const targets: Readonly<Record<TargetName, () => Promise<FuzzTarget<unknown>>>> = {
  frames: async () => (await import('./targets/frames.ts')).openFrames(),
  events: async () => (await import('./targets/events.ts')).openEvents(),
  cache: async () => (await import('./targets/cacheFiles.ts')).openCacheFiles(),
  catalogue: async () => (await import('./targets/catalogue.ts')).openCatalogue(),
  markdown: async () => (await import('./targets/markdown.ts')).openMarkdown(),
  gguf: async () => (await import('./targets/ggufHeader.ts')).openGgufHeader(),
};

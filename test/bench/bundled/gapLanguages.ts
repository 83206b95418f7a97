/** The languages of the lines and spans from held-out packages, and their numbers. */
export const LANGUAGES = {
  typescript: { name: 'TypeScript', lines: 200, spans: 100 },
  javascript: { name: 'JavaScript', lines: 200, spans: 100 },
  python: { name: 'Python', lines: 100, spans: 50 },
  go: { name: 'Go', lines: 100, spans: 50 },
  rust: { name: 'Rust', lines: 100, spans: 50 },
  java: { name: 'Java', lines: 100, spans: 50 },
} as const;
export type GapLanguage = keyof typeof LANGUAGES;
